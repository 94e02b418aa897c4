"""`medcodes metering ...`: restore the meter from its ledger, or compare the two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import typer

from services.common.errors import ServiceError

from .ports import Ledger, LedgerDamaged, RestorableStore

CONNECT_SECONDS = 10.0

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
    from services.common import endpoints
    from services.common.events import Bus

    from .adapters.ledger import JetStreamLedger
    from .app import build_store
    from .settings import MeteringSettings

    settings = MeteringSettings()
    running = endpoints.load(settings.state_dir)
    found = {
        f"{name}_url": running[name]["url"]
        for name in ("nats", "valkey")
        if name in running and f"{name}_url" not in settings.model_fields_set
    }
    settings = settings.model_copy(update=found)
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
