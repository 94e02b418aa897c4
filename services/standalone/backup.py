"""`medcodes backup` and `medcodes restore`: what cannot be had again. Accounts, the ledger of views, and the keys.

Everything else is made anew: releases and indexes from their sources, the meter's state from the ledger. A backup is a
folder, its owner's only, with a manifest that names each file and its digest.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from services.accounts.adapters.sql.backup import BackupError
from services.accounts.adapters.sql.backup import backup as copy_accounts
from services.accounts.adapters.sql.database import FILE_NAME as ACCOUNTS
from services.accounts.settings import AccountsSettings
from services.common import endpoints
from services.common.errors import ServiceError
from services.common.events import Bus
from services.metering.adapters.ledger import JetStreamLedger
from services.metering.app import build_store
from services.metering.domain.views import LedgerEntry
from services.metering.ports import MAX_ENTRIES, Ledger, LedgerDamaged, RestorableStore
from services.metering.settings import MeteringSettings

from .servers import NatsServer, ServerError
from .state import State, StateError

FORMAT = 1
MANIFEST, LEDGER = "manifest.json", "ledger.jsonl"
GUEST_KEY, RECEIPT_KEYS = Path("gateway") / "guest.key", Path("metering") / "receipt-keys"
CONNECT_SECONDS = 5.0
RELAY_SECONDS = 15.0

__all__ = ["BackupError", "back_up", "restore"]


def back_up(state_dir: Path, folder: Path) -> str:
    """Backs up the instance that runs on a state folder, while it runs; what the backup holds, in a sentence.

    Accounts first: a view may then be kept of an account that registered meanwhile and is not, but never the other way
    round. Raises BackupError with a sentence; nothing is left behind then.
    """
    _check_running(state_dir)
    with _draft(folder) as draft:
        settings = AccountsSettings()
        url = settings.accounts_database_url.get_secret_value()
        accounts = copy_accounts(url, settings.accounts_dir, draft / ACCOUNTS)
        _copy_keys(state_dir, draft)
        with _private(draft / LEDGER) as file:
            entries = _run(_write_ledger(file, state_dir))
        _write_manifest(draft, {"accounts": accounts, "ledger_entries": entries})
    return f"{folder} holds {accounts} accounts, {entries} ledger entries and the keys. Keep it as secret as they are."


def restore(folder: Path, state_dir: Path) -> str:
    """Makes a state folder of a backup; what is in it, in a sentence. `medcodes up` then does the rest.

    Raises BackupError with a sentence, also where the state folder has something in it or the backup is damaged; the
    state folder is as before then.
    """
    holds = _checked(folder)
    with _draft(state_dir) as draft:
        state = State(draft)
        try:
            state.hold()
        except StateError as error:
            raise BackupError(str(error)) from None
        finally:
            state.release()
        (draft / "accounts").mkdir(mode=0o700)
        _copy(folder / ACCOUNTS, draft / "accounts" / ACCOUNTS)
        _copy_keys(folder, draft)
        with (folder / LEDGER).open() as file:
            entries = _run(_read_ledger(file, draft / "nats"))
    return f"{state_dir} has {holds['accounts']} accounts, {entries} ledger entries and the keys; start it."


def _check_running(state_dir: Path) -> None:
    running = endpoints.load(state_dir)
    if "nats" not in running or "valkey" not in running:
        raise BackupError(f"No instance runs on the state folder {state_dir}; start it first.")


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` that takes its place in the end; removed if anything fails."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} exists already and is not empty.")
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(mode=0o700, parents=True)
        yield draft
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except OSError as error:
        raise BackupError(f"{folder} cannot be written: {error.strerror}.") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _copy_keys(source: Path, target: Path) -> None:
    """Those in the state folder; a key that is a setting is kept by whoever has set it."""
    for path in [source / GUEST_KEY, *sorted((source / RECEIPT_KEYS).glob("*"))]:
        if path.is_file() and not path.name.startswith("."):
            copied = target / path.relative_to(source)
            copied.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _copy(path, copied)


def _copy(source: Path, target: Path) -> None:
    with (
        source.open("rb") as read,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
    ):
        shutil.copyfileobj(read, file)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _private(path: Path) -> Iterator[IO[str]]:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _write_manifest(folder: Path, holds: dict[str, int]) -> None:
    files = {path.relative_to(folder).as_posix(): _digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    made = datetime.now(UTC).isoformat(timespec="seconds")
    with _private(folder / MANIFEST) as file:
        json.dump({"format": FORMAT, "made_at": made, **holds, "files": files}, file, indent=1)


def _checked(folder: Path) -> dict[str, Any]:
    """The manifest of a backup whose files are all there as they were written."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        known, files = manifest["format"] == FORMAT, dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        raise BackupError(f"{folder} is no backup: its {MANIFEST} is missing or cannot be read.") from None
    if not known:
        raise BackupError(f"{folder} was made by another version.")
    for name, digest in files.items():
        if not (folder / name).is_file() or _digest(folder / name) != digest:
            raise BackupError(f"{folder} is damaged: {name} is not as it was written.")
    return manifest


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(work: Coroutine[Any, Any, int]) -> int:
    try:
        return asyncio.run(work)
    except (ServiceError, LedgerDamaged, ServerError, TimeoutError) as error:
        raise BackupError(f"The ledger cannot be copied: {error or 'NATS or Valkey does not answer'}.") from None


async def _write_ledger(file: IO[str], state_dir: Path) -> int:
    """Every entry, one a line; how many."""
    running = endpoints.load(state_dir)
    store = build_store(MeteringSettings().model_copy(update={"valkey_url": running["valkey"]["url"]}))
    entries = 0
    try:
        async with _ledger(running["nats"]["url"]) as ledger:
            await asyncio.wait_for(_relayed(store, ledger), RELAY_SECONDS)
            async for piece in ledger.read(0):
                file.writelines(json.dumps(entry) + "\n" for entry in piece)
                entries += len(piece)
    finally:
        await store.stop()
    return entries


async def _relayed(store: RestorableStore, ledger: Ledger) -> None:
    """Until the ledger has what has been granted by now."""
    granted = (await store.status()).sequence
    while (await ledger.tail()).through < granted:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.05)


async def _read_ledger(file: IO[str], folder: Path) -> int:
    """Appends every entry to the ledger of a NATS server that runs for as long as this takes."""
    server = NatsServer(folder)
    await server.start()
    try:
        async with _ledger(server.url) as ledger:
            tail = await ledger.tail()
            for piece in _pieces(file):
                tail = await ledger.append(piece, tail)
            return tail.through
    finally:
        await server.stop()


def _pieces(file: IO[str]) -> Iterator[list[LedgerEntry]]:
    piece: list[LedgerEntry] = []
    for line in file:
        piece.append(LedgerEntry(*json.loads(line)))
        if len(piece) == MAX_ENTRIES:
            yield piece
            piece = []
    if piece:
        yield piece


@asynccontextmanager
async def _ledger(url: str) -> AsyncIterator[JetStreamLedger]:
    bus = Bus(url, "backup")
    await bus.start()
    try:
        await asyncio.wait_for(bus.wait_connected(), CONNECT_SECONDS)
        ledger = JetStreamLedger(bus, replicas=MeteringSettings().ledger_replicas)
        await ledger.prepare()
        yield ledger
    finally:
        await bus.stop()
