"""Which files of tests are dealt out together, and which first."""

from __future__ import annotations

from pathlib import Path

from tests.workers import FIRST, ONE_MACHINE, in_good_order

TESTS = Path(__file__).parent.parent


def test_every_file_that_is_named_is_there():
    named = {*FIRST, *(name for names in ONE_MACHINE.values() for name in names)}
    assert named - {path.stem for path in TESTS.rglob("test_*.py")} == set()


def test_the_longest_files_come_first_and_of_the_others_some_of_each_folder_in_turn(request):
    """Of this run, however much of it was asked for."""
    files = list(dict.fromkeys(item.path.stem for item in request.session.items))
    long = [name for name in files if name in FIRST]
    assert files[: len(long)] == long == sorted(long, key=FIRST.index)


class Item:
    def __init__(self, path):
        self.path = TESTS / path


def test_folders_take_turns():
    paths = ["e2e/a", "e2e/a", "e2e/b", "unit/a", "unit/b", "unit/c", "unit/d", "integration/test_with_catalog"]
    items = [Item(path) for path in paths]
    in_good_order(items)
    found = [str(item.path.relative_to(TESTS)) for item in items]
    assert found == ["integration/test_with_catalog", "e2e/a", "e2e/a", "unit/a", "unit/b", "e2e/b", "unit/c", "unit/d"]
