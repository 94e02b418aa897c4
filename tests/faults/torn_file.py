"""Tears the tail of Valkey's append-only file while Valkey is down, as a crash or a bad disk would leave it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LAST_UNITS = 12


class Unit(NamedTuple):
    """A command, or a whole transaction: loaded all or not at all. `start` and `end` are offsets in the file."""

    start: int
    end: int
    commands: list[list[bytes]]


def tear(folder: Path, through: int, chance: random.Random) -> str:
    """Takes away part of the file's tail, but no ledger entry above `through`: the ledger does not have those yet.
    Where that leaves nothing to take, adds the beginning of a command that was never finished. Says what it did."""
    file = newest_file(folder)
    data = file.read_bytes()
    found = list(units(data))
    begin = len(data)
    for unit in reversed(found[-LAST_UNITS:]):
        if not _is_dispensable(unit, through):
            break
        begin = unit.start
    if begin < len(data) and chance.random() < 0.7:
        keep = chance.randrange(begin, len(data))
        with file.open("r+b") as opened:
            opened.truncate(keep)
        return f"took {len(data) - keep} bytes"
    unfinished = data[found[-1].start : found[-1].end] if found else b"*3\r\n$3\r\nSET\r\n$1\r\n"
    added = unfinished[: chance.randrange(1, len(unfinished))]
    with file.open("ab") as opened:
        opened.write(added)
    return f"added {len(added)} bytes of an unfinished command"


def newest_file(folder: Path) -> Path:
    """The file that Valkey appends to, by its manifest."""
    [manifest] = (folder / "appendonlydir").glob("*.manifest")
    lines = [line.split() for line in manifest.read_text().splitlines()]
    return manifest.parent / next(line[1] for line in reversed(lines) if line[-1] == "i")


def units(data: bytes) -> Iterator[Unit]:
    """The commands and transactions of an append-only file, up to the first that is not whole."""
    at, begun, within = 0, 0, []
    while at < len(data):
        try:
            command, end = _command(data, at)
        except (ValueError, IndexError):
            return
        name = command[0].upper()
        if name == b"MULTI":
            begun, within = at, [command]
        elif within:
            within.append(command)
            if name == b"EXEC":
                yield Unit(begun, end, within)
                within = []
        else:
            yield Unit(at, end, [command])
        at = end


def _command(data: bytes, at: int) -> tuple[list[bytes], int]:
    count, at = _number(data, at, b"*")
    parts = []
    for _ in range(count):
        length, at = _number(data, at, b"$")
        if at + length + 2 > len(data):
            raise ValueError("not whole")
        parts.append(data[at : at + length])
        at += length + 2
    return parts, at


def _number(data: bytes, at: int, kind: bytes) -> tuple[int, int]:
    if data[at : at + 1] != kind:
        raise ValueError("not a command")
    end = data.index(b"\r\n", at)
    return int(data[at + 1 : end]), end + 2


def _is_dispensable(unit: Unit, through: int) -> bool:
    """Whether the ledger has all that it wrote. Which generation is current, and functions, are not in the ledger."""
    for command in unit.commands:
        name = command[0].upper()
        if name == b"XADD" and int(next(part for part in command[2:] if part.endswith(b"-0"))[:-2]) > through:
            return False
        if name == b"FUNCTION" or (len(command) > 1 and command[1] in (b"{m}:gen", b"{m}:generations")):
            return False
    return True
