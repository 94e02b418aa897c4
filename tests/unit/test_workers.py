"""Which files of tests are dealt out together, and which first."""

from __future__ import annotations

from pathlib import Path

from tests.workers import FIRST, ONE_MACHINE

TESTS = Path(__file__).parent.parent


def test_every_file_that_is_named_is_there():
    named = {*FIRST, *(name for names in ONE_MACHINE.values() for name in names)}
    assert named - {path.stem for path in TESTS.rglob("test_*.py")} == set()


def test_the_longest_files_come_first_and_the_others_in_their_order(request):
    """Of this run, however much of it was asked for."""
    files = list(dict.fromkeys(item.path.stem for item in request.session.items))
    long = [name for name in files if name in FIRST]
    assert files[: len(long)] == long == sorted(long, key=FIRST.index)
