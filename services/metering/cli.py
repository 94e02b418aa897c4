"""`medcodes metering ...`: restore the meter from its ledger, or compare the two."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from services.common.errors import ServiceError

from .ports import Ledger, LedgerDamaged, RestorableStore

if TYPE_CHECKING:
    from .domain.usage import PlanUsage
    from .settings import MeteringSettings

CONNECT_SECONDS = 10.0
WIDE = 500

T = TypeVar("T")
metering = typer.Typer(help="The meter and its ledger.", no_args_is_help=True)


@metering.command()
def rebuild() -> None:
    """Restore all grants from the ledger, beside the present ones, and swap them. Works while views are granted."""
    from rich.console import Console
    from rich.progress import Progress

    from .rebuild import rebuild as rebuild_grants

    async def work(store: RestorableStore, ledger: Ledger) -> None:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("ledger entries")

            def show(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            rebuilt = await rebuild_grants(store, ledger, show)
        typer.echo(f"{rebuilt.entries} ledger entries replayed; generation {rebuilt.generation} is the current one.")

    _run(work)


@metering.command()
def verify() -> None:
    """Compare the grants with the ledger; prints what differs, and ends with 1 if anything does."""
    from .rebuild import compare

    differences = _run(compare)
    for difference in differences:
        typer.echo(difference)
    if differences:
        raise typer.Exit(1)
    typer.echo("The grants and the ledger are equal.")


@metering.command()
def usage(
    days: Annotated[int, typer.Option(min=1, max=90, help="Today and the days before it; up to 3 by the hour.")] = 7,
    plot: Annotated[
        Path | None, typer.Option(help="Write a plot instead: to a .svg, or a .html with its tables.")
    ] = None,
) -> None:
    """Show granted, repeated and refused views by plan, as a table or a plot."""
    from .usage_plot import html, svg

    if plot and plot.suffix not in (".svg", ".html"):
        raise typer.BadParameter("its name must end in .svg or .html", param_hint="--plot")
    found = _run_usage(days)
    if plot is None:
        _print_usage(found)
        return
    plot.write_text((svg if plot.suffix == ".svg" else html)(found, days), encoding="utf-8")
    typer.echo(f"{plot} shows the views of {len(found)} plans.")


def _run_usage(days: int) -> Sequence[PlanUsage]:
    from .app import build_usage_store
    from .usage import Usage

    async def read() -> Sequence[PlanUsage]:
        store = build_usage_store(_settings())
        try:
            return await Usage(store).last_days(days)
        finally:
            await store.stop()

    try:
        return asyncio.run(read())
    except ServiceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _print_usage(found: Sequence[PlanUsage]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from .usage_plot import COLUMNS, rows

    table = Table(box=SIMPLE_HEAD)
    for name in ("plan", "when (UTC)", *COLUMNS.values()):
        table.add_column(name, justify="left" if name in ("plan", "when (UTC)") else "right", no_wrap=True)
    for each in found:
        for row in rows(each):
            table.add_row(each.plan, row.when, *map(str, row.views))
        table.add_row(each.plan, "all", *(str(each.totals.get(kind, 0)) for kind in COLUMNS), end_section=True)
    # Nothing is folded where a program reads it.
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


def _run(work: Callable[[RestorableStore, Ledger], Awaitable[T]]) -> T:
    async def connected() -> T:
        async with _stores() as (store, ledger):
            return await work(store, ledger)

    try:
        return asyncio.run(connected())
    except (ServiceError, LedgerDamaged, TimeoutError) as error:
        typer.echo(str(error) or "NATS or Valkey does not answer", err=True)
        raise typer.Exit(1) from None


@asynccontextmanager
async def _stores() -> AsyncIterator[tuple[RestorableStore, Ledger]]:
    """The store and the ledger: of the instance that runs on the state folder, else those in the settings."""
    from services.common.events import Bus

    from .adapters.ledger import JetStreamLedger
    from .app import build_store

    settings = _settings()
    bus, store = Bus(settings.nats_url, "metering command"), build_store(settings)
    await bus.start()
    try:
        await asyncio.wait_for(bus.wait_connected(), CONNECT_SECONDS)
        ledger = JetStreamLedger(bus, replicas=settings.ledger_replicas)
        await ledger.prepare()
        yield store, ledger
    finally:
        await bus.stop()
        await store.stop()


def _settings() -> MeteringSettings:
    """With the servers of the instance that runs on the state folder, where the settings name none."""
    from services.common import endpoints

    from .settings import MeteringSettings

    settings = MeteringSettings()
    running = endpoints.load(settings.state_dir)
    found = {
        f"{name}_url": running[name]["url"]
        for name in ("nats", "valkey")
        if name in running and f"{name}_url" not in settings.model_fields_set
    }
    return settings.model_copy(update=found)
