"""What the workers of one test run share: each is a process with servers and folders of its own."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

# Files whose tests share a machine that takes long to start, each set for one worker; every other file is for itself.
ONE_MACHINE = {
    "guarded": ("test_attacks_framing", "test_attacks_guessing", "test_attacks_pages"),
    "open": ("test_browser", "test_browser_keyboard", "test_browser_pages", "test_metering_table", "test_openapi"),
}
# The longest of all, of which most cannot be shared out: begun last, it would keep one worker busy while the others are
# done.
FIRST = (
    "test_opensearch_builds",
    "test_with_catalog",
    "test_data_command",
    "test_backup",
)
HERE = Path(__file__).parent
# Where `make test` keeps what both its parts need.
SHARED_DIR = "MEDCODES_TEST_SHARED_DIR"
# The id of the process that the whole run ends with.
OWNER = "MEDCODES_TEST_OWNER"


def made_once(folders: pytest.TempPathFactory, name: str, make: Callable[[Path], Path]) -> Path:
    """What `make` has made in the folder that it is given, called by the worker that asks first; the others wait.
    Nobody may change it: take a copy."""
    shared = _shared(folders)
    known = shared / f"{name}.path"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not known.exists():
            (shared / name).mkdir()
            known.write_text(str(make(shared / name)))
    return Path(known.read_text())


def in_good_order(items: list[pytest.Item]) -> None:
    """Those that take longest first, then some of each folder in turn: three browsers at a time would leave nothing of
    the machine to anybody, and the quick ones do not fill it."""
    folders: dict[str, list[Path]] = {}
    for path in dict.fromkeys(item.path for item in items):
        folders.setdefault(path.relative_to(HERE).parts[0], []).append(path)
    turns = {path: place / len(files) for files in folders.values() for place, path in enumerate(files)}

    def turn(item: pytest.Item) -> tuple[int, float, str]:
        first = FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST)
        return first, turns[item.path], str(item.path)

    items.sort(key=turn)


def _shared(folders: pytest.TempPathFactory) -> Path:
    if SHARED_DIR in os.environ:
        return Path(os.environ[SHARED_DIR])
    own = folders.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


class ByMachine(LoadScopeScheduling):
    """Deals out whole files, and those together that share a machine."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((machine for machine, names in ONE_MACHINE.items() if Path(file).stem in names), file)
