"""`medcodes data ...`: build releases from official files, publish them, go back, check them.

A build runs in the process of this command, never in a service.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from services.common import endpoints

from .settings import CatalogSettings

if TYPE_CHECKING:
    from .adapters.release_folder import ReleaseFolder
    from .adapters.release_store import ReleaseStore
    from .build.release import BuiltRelease
    from .domain.manifest import Manifest
    from .importers.base import Root

CONNECT_SECONDS = 5.0
SAMPLE = Path(__file__).parent / "sample"
SHORT_ID = 12

T = TypeVar("T")
data = typer.Typer(help="Releases: built from official files, published, rolled back.", no_args_is_help=True)

ReleaseId = Annotated[str, typer.Argument(metavar="RELEASE", help="Release id, or its first characters.")]


@data.command("import")
def import_(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="DIR...", help="Folders of official downloads.", file_okay=False)
    ] = None,
    publish: Annotated[bool, typer.Option(help="Make the new release the current one.")] = True,
    sample: Annotated[bool, typer.Option(help="With the project's sample set.")] = True,
) -> None:
    """Build a release of the bundled ICD-10-CM files, the sample set and folders of official downloads."""
    settings = _settings()
    built = _build(_roots(folders or [], sample=sample), settings.releases_dir)
    _tell(built)
    if publish:
        _publish(settings, built.manifest, after_import=True)


@data.command("publish")
def publish_(release: ReleaseId) -> None:
    """Make a release that lies on this machine the current one."""
    settings = _settings()
    _publish(settings, _local(settings, release))


@data.command("list")
def list_() -> None:
    """List the releases that are kept, here and in the object store."""
    from rich.console import Console
    from rich.table import Table

    settings = _settings()

    async def kept(store: ReleaseStore) -> tuple[list[Manifest], str]:
        current = await store.current()
        return await store.kept(), current.release if current else ""

    published, current = _with_store(settings, kept, required=False) or ([], "")
    here = _folder(settings).manifests()
    table = Table("release", "built", "rows", "files", "here", "published")
    found = {manifest.id: manifest for manifest in [*here, *published]}
    for manifest in sorted(found.values(), key=lambda manifest: (manifest.built_at, manifest.id), reverse=True):
        state = "current" if manifest.id == current else "kept" if manifest in published else ""
        is_here = "yes" if manifest in here else ""
        table.add_row(
            manifest.id[:SHORT_ID], manifest.built_at, f"{manifest.rows:,}", str(len(manifest.files)), is_here, state
        )
    Console().print(table)


@data.command()
def rollback(release: ReleaseId) -> None:
    """Make an earlier release that the object store keeps the current one."""

    async def work(store: ReleaseStore) -> str:
        kept = [manifest.id for manifest in await store.kept()]
        current = await store.make_current(_one(release, kept), rollback=True)
        return current.release

    typer.echo(f"The current release is {_with_store(_settings(), work)}")


@data.command()
def verify(release: ReleaseId) -> None:
    """Compute a local release's digest and its id, row by row, again; ends with 1 if either is another."""
    from .adapters.release_folder import DamagedReleaseError
    from .build.release_id import release_id

    settings = _settings()
    manifest = _local(settings, release)
    try:
        database = _folder(settings).check(manifest)
        found = release_id(database)
    except (DamagedReleaseError, sqlite3.DatabaseError) as error:
        raise _end(f"Damaged: {error}.") from error
    if found != manifest.id:
        raise _end(f"The rows of {manifest.id} give the id {found}.")
    typer.echo(f"Release {manifest.id} is whole: {manifest.rows:,} rows, {manifest.size:,} bytes.")


@data.command()
def fetch() -> None:
    """Bring the current release from the object store to this machine. Official files are not downloaded: their
    publishers ask each user to accept a licence first."""
    settings = _settings()

    async def work(store: ReleaseStore) -> str:
        from .adapters.release_transfer import bring

        current = await store.current()
        if current is None:
            raise _end("No release has been published yet.")
        return (await bring(store, _folder(settings), current)).id

    typer.echo(f"Release {_with_store(settings, work)} is here.")


def _roots(folders: Sequence[Path], *, sample: bool) -> list[Root]:
    from .importers.base import Root
    from .importers.icd10cm_tabular import bundled_icd10cm_root

    ours = [bundled_icd10cm_root(), *([Root(SAMPLE, "Medcodes sample set")] if sample else [])]
    return [*ours, *(Root(folder.absolute(), folder.absolute().name) for folder in folders)]


def _build(roots: Sequence[Root], target: Path) -> BuiltRelease:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from .build.release import BuildError, Step, build_release
    from .importers.base import FileError

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    # What SQLite sorts spills to the disk of the releases, not into a /tmp that may be small.
    os.environ["SQLITE_TMPDIR"] = str(target)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar, _ended_by_sigterm():
        task = bar.add_task("Looking at files", total=None)

        def show(step: Step) -> None:
            bar.update(task, description=step.text, completed=step.done, total=step.total or None)

        try:
            return build_release(roots, target, show)
        except FileError as error:
            raise _end(f"No release was built. {error}") from error
        except BuildError as error:
            raise _end(str(error)) from error
        except (OSError, sqlite3.Error) as error:
            raise _end(f"No release was built in {target}: {error}.") from error


def _publish(settings: CatalogSettings, manifest: Manifest, *, after_import: bool = False) -> None:
    from .adapters.release_folder import DamagedReleaseError

    folder = _folder(settings)

    async def work(store: ReleaseStore) -> None:
        await store.put(await asyncio.to_thread(folder.check, manifest), manifest)
        await _put_changes(store, folder, manifest.id)
        await store.make_current(manifest.id)

    try:
        _with_store(settings, work, after=f"medcodes data publish {manifest.id[:SHORT_ID]}" if after_import else "")
    except DamagedReleaseError as error:
        raise _end(f"Not published: {error}.") from error
    folder.prune(settings.releases_kept, manifest.id)
    typer.echo(f"The current release is {manifest.id}")


async def _put_changes(store: ReleaseStore, folder: ReleaseFolder, release_id: str) -> None:
    """Compares the release with the current one, in this process, and keeps what differs with it. A release whose
    predecessor cannot be had is published without."""
    from services.common.clock import new_york_today, now_ms

    from .adapters.release_folder import DamagedReleaseError
    from .adapters.release_store import NotPublishedError
    from .adapters.release_transfer import bring
    from .adapters.sqlite_release import NotAReleaseError
    from .build.changes import write_changes

    before = await store.current()
    if before is None or before.release == release_id:
        return
    draft = folder.path / f".{release_id}.changes-draft"
    try:
        await bring(store, folder, before)
        databases = folder.database(before.release), folder.database(release_id)
        await asyncio.to_thread(write_changes, *databases, draft, today=new_york_today(), now_ms=now_ms())
        await store.put_changes(release_id, draft)
    except (DamagedReleaseError, NotAReleaseError, NotPublishedError, sqlite3.Error) as error:
        typer.echo(f"What changed since {before.release[:SHORT_ID]} cannot be told: {error}.", err=True)
    finally:
        draft.unlink(missing_ok=True)


def _with_store(
    settings: CatalogSettings, work: Callable[[ReleaseStore], Awaitable[T]], *, required: bool = True, after: str = ""
) -> T | None:
    """What `work` gives, connected to NATS. Without NATS: None if it is not required, else one sentence and the end."""
    from nats.errors import Error as NatsError

    from services.common.errors import ServiceError

    from .adapters.release_store import NotPublishedError

    async def connected() -> T:
        async with _store(settings) as store:
            return await work(store)

    try:
        return asyncio.run(connected())
    except NotPublishedError as error:
        raise _end(str(error)) from error
    except (NatsError, TimeoutError, ServiceError, OSError) as error:
        if not required:
            return None
        then = f" The release is built; when NATS runs: {after}" if after else ""
        raise _end(f"NATS at {_nats_url(settings)} does not answer ({error!r}).{then}") from error


@asynccontextmanager
async def _store(settings: CatalogSettings) -> AsyncIterator[ReleaseStore]:
    from services.common.events import Bus

    from .adapters.release_store import ReleaseStore

    bus = Bus(_nats_url(settings), "medcodes data")
    await bus.start()
    try:
        await asyncio.wait_for(bus.wait_connected(), CONNECT_SECONDS)
        yield ReleaseStore(bus, settings.releases_kept)
    finally:
        await bus.stop()


def _nats_url(settings: CatalogSettings) -> str:
    """What is set, else the NATS of the instance that runs on the state folder."""
    found = endpoints.load(settings.state_dir).get("nats")
    return found["url"] if found and "nats_url" not in settings.model_fields_set else settings.nats_url


def _settings() -> CatalogSettings:
    from services.common import telemetry

    settings = CatalogSettings()
    telemetry.configure(
        "data", settings.model_copy(update={"log_format": "console", "log_level": "warning", "metrics_port": 0})
    )
    return settings


def _folder(settings: CatalogSettings) -> ReleaseFolder:
    from .adapters.release_folder import ReleaseFolder

    return ReleaseFolder(settings.releases_dir)


def _local(settings: CatalogSettings, release: str) -> Manifest:
    manifests = {manifest.id: manifest for manifest in _folder(settings).manifests()}
    return manifests[_one(release, list(manifests))]


def _one(release: str, ids: Sequence[str]) -> str:
    """The id that begins like this."""
    found = [one for one in ids if release and one.startswith(release.lower())]
    if len(found) != 1:
        known = ", ".join(one[:SHORT_ID] for one in ids) or "none"
        raise _end(
            f"{'Several releases begin' if found else 'No release begins'} with {release!r}; there are: {known}."
        )
    return found[0]


def _tell(built: BuiltRelease) -> None:
    files = built.manifest.files
    states = Counter(file.state.value for file in files)
    if rejected := sum(len(file.rejected) for file in files):
        where = built.database.with_suffix(".json")
        typer.echo(f"{rejected:,} rows were left out; each stands with its file, line and reason in {where}")
    typer.echo(f"{states['imported']} files, {states['superseded']} superseded, {states['not_known']} not known")
    # Scripts read the id from the end of the last line.
    typer.echo(f"{built.manifest.rows:,} rows: built release {built.id}")


def _end(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(1)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends a build as Ctrl-C does, so that nothing half-built stays."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
