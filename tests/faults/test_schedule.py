"""Schedules, and the tearing of a file, without any server."""

from __future__ import annotations

import random

import pytest

from tests.faults import torn_file
from tests.faults.schedule import SECONDS, schedule

PARTS = ["nats", "valkey", "accounts", "metering-1"]
LINKS = {"metering-1>valkey": ("delay", "cut")}


def test_a_seed_always_gives_the_same_schedule_and_others_give_others():
    assert schedule(7, PARTS, LINKS) == schedule(7, PARTS, LINKS)
    assert len({tuple(schedule(seed, PARTS, LINKS)) for seed in range(50)}) == 50


def test_every_kind_of_fault_comes_up_and_none_lasts_beyond_its_time():
    faults = [fault for seed in range(100) for fault in schedule(seed, PARTS, LINKS)]
    assert {fault.kind for fault in faults} == {"kill", "stop", "tear", "delay", "cut"}
    assert {fault.target for fault in faults} == {*PARTS, *LINKS}
    assert all(fault.kind != "tear" or fault.target == "valkey" for fault in faults)
    assert all(fault.at + fault.seconds <= SECONDS for fault in faults)


def command(*parts: str) -> bytes:
    return f"*{len(parts)}\r\n".encode() + b"".join(f"${len(part)}\r\n{part}\r\n".encode() for part in parts)


def granted(number: int) -> bytes:
    grant = command("HSET", "{m}:1:s:g.one", f"cpt:{number}", "1|a")
    entry = command("XADD", "{m}:ledger", f"{number}-0", "e", "g.one|...")
    return command("MULTI") + grant + entry + command("SET", "{m}:seq", str(number)) + command("EXEC")


@pytest.fixture
def folder(tmp_path):
    """A store's folder with five grants in its file; the second file of its manifest is the one it appends to."""
    files = tmp_path / "appendonlydir"
    files.mkdir()
    (files / "a.manifest").write_text("file a.1.base.rdb seq 1 type b\nfile a.1.incr.aof seq 1 type i\n")
    (files / "a.1.incr.aof").write_bytes(command("SELECT", "0") + b"".join(map(granted, range(1, 6))))
    return tmp_path


@pytest.mark.parametrize("through", [0, 3, 5])
def test_no_entry_is_torn_away_that_the_ledger_does_not_have(folder, through):
    whole = torn_file.newest_file(folder).read_bytes()
    cut = 0
    for seed in range(60):
        torn_file.newest_file(folder).write_bytes(whole)
        torn_file.tear(folder, through, random.Random(seed))
        data = torn_file.newest_file(folder).read_bytes()
        assert data != whole
        cut += len(data) < len(whole)
        left = [int(unit.commands[2][2][:-2]) for unit in torn_file.units(data) if len(unit.commands) == 5]
        assert left == list(range(1, len(left) + 1))
        assert len(left) >= 5 if through < 5 else len(left) >= 0
    assert (cut > 0) == (through == 5)
