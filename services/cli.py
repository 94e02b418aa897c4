"""The `medcodes` command: joins the services' own commands. With `standalone` the only place that knows them all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from services.common.errors import ServiceError
from services.common.lifecycle import Service

T = TypeVar("T")

app = typer.Typer(
    name="medcodes",
    help="The open, self-hosted reference for US medical codes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def main() -> None:
    from services.accounts.cli import accounts
    from services.catalog.cli import data
    from services.metering.cli import metering
    from services.metering.receipts_cli import receipts

    app.add_typer(accounts, name="accounts")
    app.add_typer(data, name="data")
    app.add_typer(metering, name="metering")
    app.add_typer(receipts, name="receipts")
    app()


@app.command()
def up(
    http_port: Annotated[int | None, typer.Option(help="Port that the pages are served on.")] = None,
    state_dir: Annotated[Path | None, typer.Option(help="Folder for everything that is kept.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of official downloads to import.")] = None,
    processes: Annotated[bool, typer.Option("--processes", help="Give each service its own process.")] = False,
) -> None:
    """Run everything on this machine."""
    from rich.console import Console

    from services.common import telemetry
    from services.standalone.settings import StandaloneSettings
    from services.standalone.up import up as run_up

    given: dict[str, Any] = {"http_port": http_port, "state_dir": state_dir, "data": data}
    given = {name: value for name, value in given.items() if value is not None}
    if processes:
        given["processes"] = True
    settings = _settings(lambda: StandaloneSettings(**given))
    telemetry.configure("up", settings.model_copy(update={"log_format": "console", "metrics_port": 0}))
    raise typer.Exit(_run(run_up(settings, Console(stderr=True))))


@app.command()
def serve(
    services: Annotated[
        list[str], typer.Argument(metavar="SERVICE...", help="catalog, search, accounts, metering, gateway")
    ],
) -> None:
    """Run one or several services in this process."""
    from services.common import telemetry
    from services.common.lifecycle import run
    from services.common.settings import ServiceSettings

    unknown = sorted(set(services) - _BUILDERS.keys())
    if unknown:
        raise typer.BadParameter(f"no such service: {', '.join(unknown)} (there are {', '.join(_BUILDERS)})")
    telemetry.configure("-".join(services), _settings(ServiceSettings))
    _run(run([_settings(_BUILDERS[name]) for name in services]))


@app.command()
def backup(folder: Annotated[Path, typer.Argument(help="Where the backup goes; must be empty or not there.")]) -> None:
    """Back up accounts, the ledger and the keys of the instance that runs on the state folder."""
    from services.standalone.backup import back_up

    _backed_up(lambda: back_up(_state_dir(), folder.absolute()))


@app.command()
def restore(folder: Annotated[Path, typer.Argument(help="A backup.")]) -> None:
    """Make a state folder of a backup; the state folder must be empty or not there."""
    from services.standalone.backup import restore

    _backed_up(lambda: restore(folder.absolute(), _state_dir()))


def _backed_up(work: Callable[[], str]) -> None:
    from services.standalone.backup import BackupError

    try:
        typer.echo(work())
    except BackupError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _state_dir() -> Path:
    from services.common.settings import ServiceSettings

    return _settings(ServiceSettings).state_dir.absolute()


@app.command()
def check_config() -> None:
    """Check the settings in the environment, and print them with what each one does."""
    from rich.console import Console
    from rich.table import Table

    table = Table("setting", "value", "what it does")
    seen: set[str] = set()
    for settings_class in _all_settings():
        settings = _settings(settings_class)
        for name, field in settings_class.model_fields.items():
            if name not in seen:
                seen.add(name)
                value = "(set)" if name.endswith(("secret", "password")) else str(getattr(settings, name))
                table.add_row(f"MEDCODES_{name.upper()}", value, field.description or "")
    Console().print(table)


def _build_catalog() -> Service:
    from services.catalog.app import build
    from services.catalog.settings import CatalogSettings

    return build(CatalogSettings())


def _build_search() -> Service:
    from services.search import one_thread

    one_thread.ask()
    from services.search.app import build
    from services.search.settings import SearchSettings

    return build(SearchSettings())


def _build_accounts() -> Service:
    from services.accounts.app import build
    from services.accounts.settings import AccountsSettings

    return build(AccountsSettings())


def _build_metering() -> Service:
    from services.metering.app import build
    from services.metering.settings import MeteringSettings

    return build(MeteringSettings())


def _build_gateway() -> Service:
    from services.gateway.app import build
    from services.gateway.settings import GatewaySettings

    return build(GatewaySettings())


_BUILDERS: dict[str, Callable[[], Service]] = {
    "catalog": _build_catalog,
    "search": _build_search,
    "accounts": _build_accounts,
    "metering": _build_metering,
    "gateway": _build_gateway,
}


def _all_settings() -> list[type[Any]]:
    from services.accounts.settings import AccountsSettings
    from services.catalog.settings import CatalogSettings
    from services.gateway.settings import GatewaySettings
    from services.metering.settings import MeteringSettings
    from services.search.settings import SearchSettings
    from services.standalone.settings import StandaloneSettings

    return [StandaloneSettings, CatalogSettings, SearchSettings, AccountsSettings, MeteringSettings, GatewaySettings]


def _settings(make: Callable[[], T]) -> T:
    """Reads settings, or ends with a line for each one that is wrong."""
    from pydantic import ValidationError

    try:
        return make()
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            typer.echo(f"MEDCODES_{name}: {problem['msg']}", err=True)
        raise typer.Exit(2) from None
    except ServiceError as error:  # what a setting points at is wrong
        typer.echo(error.message, err=True)
        raise typer.Exit(2) from None


def _run(work: Coroutine[Any, Any, T]) -> T:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
