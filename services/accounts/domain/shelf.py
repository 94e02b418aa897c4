"""A coder's shelf: lists of saved codes, notes, what was looked at and searched for; and how much fits on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_LISTS = 100
MAX_SAVED = 2000
MAX_NOTES = 2000
MAX_LIST_NAME = 80
MAX_NOTE = 4000
MAX_QUERY = 200
KEPT_IN_HISTORY = 100
FIRST_LIST = "Saved codes"

_SYSTEM = re.compile(r"[a-z][a-z0-9]{0,15}")
_CODE = re.compile(r"[A-Z0-9]{1,16}")


class CodeKey(NamedTuple):
    system: str
    code: str


class SavedCode(NamedTuple):
    list_id: str
    system: str
    code: str
    saved_at_ms: int


@dataclass(frozen=True)
class SavedList:
    id: str
    name: str
    codes: Sequence[SavedCode] = field(default=())


class Note(NamedTuple):
    system: str
    code: str
    text: str
    updated_at_ms: int


class RecentView(NamedTuple):
    system: str
    code: str
    viewed_at_ms: int


class Search(NamedTuple):
    query: str
    searched_at_ms: int


class Preferences(NamedTuple):
    keep_searches: bool
    keep_recent_views: bool


class Shelf(NamedTuple):
    lists: Sequence[SavedList]
    notes: Sequence[Note]
    preferences: Preferences


class CodeShelf(NamedTuple):
    """What a code page shows: all lists without their codes, the ids of those that hold the code, and its note."""

    lists: Sequence[SavedList]
    saved_in: Sequence[str]
    note: Note | None


def code_faults(key: CodeKey) -> dict[str, str]:
    faults = {}
    if not _SYSTEM.fullmatch(key.system):
        faults["system"] = "must be up to 16 characters of a-z and 0-9"
    if not _CODE.fullmatch(key.code):
        faults["code"] = "must be up to 16 characters of A-Z and 0-9, without a dot"
    return faults


def list_name(given: str) -> str:
    """The name as it is kept: without space around it, and one space within."""
    return " ".join(given.split())


def list_name_faults(name: str) -> dict[str, str]:
    if not name or len(name) > MAX_LIST_NAME or not name.isprintable():
        return {"name": f"must be 1 to {MAX_LIST_NAME} printable characters"}
    return {}


def note_faults(text: str) -> dict[str, str]:
    if len(text) > MAX_NOTE:
        return {"text": f"must have at most {MAX_NOTE} characters"}
    return {"text": "must not hold null characters"} if "\0" in text else {}


def query(given: str) -> str:
    """A search as it is kept: cut to `MAX_QUERY` characters, one space between words, nothing unprintable."""
    shown = "".join(each for each in given if each.isprintable() or each.isspace())
    return " ".join(shown.split())[:MAX_QUERY].strip()
