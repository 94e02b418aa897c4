"""The state folder of one machine: who holds it, whether it is usable, what was imported into it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import psutil

from services.common import endpoints

FORMAT = 1
_OURS = ("nats-server", "valkey-server", "opensearch", "services", "medcodes")


class StateError(Exception):
    """A state folder that cannot be used; one sentence that says why and what helps."""


class State:
    """The state folder, held by one `medcodes up` at a time."""

    def __init__(self, folder: Path, min_free_mib: int = 300) -> None:
        self.folder = folder.absolute()
        self._min_free_mib = min_free_mib
        self._lock: IO[str] | None = None

    def hold(self) -> None:
        """Takes the folder for this process. Raises StateError if that cannot be."""
        self._make()
        self._take_lock()
        self._check_space()
        self._check_format()

    def release(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def imported(self, fingerprint: str) -> bool:
        """Whether the files with this fingerprint were imported, and a release of them is still here."""
        return self._read("imported.json").get("fingerprint") == fingerprint and self.has_release()

    def has_release(self) -> bool:
        return any((self.folder / "catalog" / "releases").glob("*.sqlite"))

    def set_imported(self, fingerprint: str) -> None:
        self._write("imported.json", {"fingerprint": fingerprint})

    def end_leftovers(self) -> int:
        """Ends the servers of an earlier run that was killed before it could stop them; their number.

        Only processes that stand in endpoints.json, run one of our programs and name this folder or are ours by their
        environment are touched: a process id may belong to somebody else by now.
        """
        ended = 0
        for endpoint in endpoints.load(self.folder).values():
            if process := self._leftover(endpoint["pid"]):
                process.kill()
                process.wait(5)
                ended += 1
        return ended

    def _leftover(self, pid: int) -> psutil.Process | None:
        try:
            process = psutil.Process(pid)
            if not any(word in " ".join(process.cmdline()) for word in _OURS):
                return None
            # Valkey writes its title over its environment, but works in its own folder.
            here = process.environ().get("MEDCODES_STATE_DIR") == str(self.folder)
            return process if here or self.folder in Path(process.cwd()).parents else None
        except (psutil.Error, ValueError):
            return None

    def _make(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise StateError(f"The state folder {self.folder} is a file; name a folder with --state-dir.") from None
        except OSError as error:
            raise StateError(f"The state folder {self.folder} cannot be made: {error.strerror}.") from None
        if not os.access(self.folder, os.W_OK):
            raise StateError(f"The state folder {self.folder} cannot be written to.")

    def _take_lock(self) -> None:
        try:
            self._lock = (self.folder / "lock").open("a+")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            where = endpoints.load(self.folder).get("gateway")
            at = f" at {where['url']}" if where else ""
            raise StateError(
                f"Medcodes is already running{at} on the state folder {self.folder}; "
                "stop it, or name another folder with --state-dir."
            ) from None
        except OSError as error:
            raise StateError(f"The state folder {self.folder} cannot be written to: {error.strerror}.") from None

    def _check_space(self) -> None:
        free = shutil.disk_usage(self.folder).free // 2**20
        if free < self._min_free_mib:
            raise StateError(
                f"The disk of {self.folder} is full: {free} MiB are free and {self._min_free_mib} are needed; "
                "make room, or name another folder with --state-dir."
            )

    def _check_format(self) -> None:
        marker = self.folder / "state.json"
        if not marker.exists():
            self._write("state.json", {"format": FORMAT})
            return
        found = self._read("state.json").get("format")
        if found != FORMAT:
            raise StateError(
                f"The state folder {self.folder} is damaged or was written by another version (state.json says "
                f"format {found!r}, this is {FORMAT}); restore it, or name another folder with --state-dir."
            )

    def _read(self, name: str) -> dict[str, object]:
        try:
            found = json.loads((self.folder / name).read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, name: str, value: dict[str, object]) -> None:
        draft = self.folder / f"{name}.tmp"
        draft.write_text(json.dumps(value) + "\n")
        draft.replace(self.folder / name)


def fingerprint(folders: Iterable[Path], also: Iterable[str] = ()) -> str:
    """Changes when a file is added, removed or written to, without reading any."""
    digest = hashlib.sha256()
    for text in also:
        digest.update(text.encode() + b"\0")
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"):
            found = path.stat()
            digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0".encode())
    return digest.hexdigest()
