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
FIRST = ("test_accepted", "test_engines_agree", "test_opensearch_builds", "test_with_catalog", "test_data_command")
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


def first_those_that_take_longest(items: list[pytest.Item]) -> None:
    """The others keep their order."""
    items.sort(key=lambda item: FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST))


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
