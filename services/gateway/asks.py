"""What a request asks for, and what of it is refused before anybody else is bothered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl

from .page_cache import Format
from .problems import Problem, refused
from .rendering import names

MAX_CODE_LENGTH = 16
MAX_QUERY_LENGTH = 400
MAX_CURSOR_LENGTH = 1024
MAX_PARAMETERS = 50
EARLIEST, LATEST = "1970-01-01", "2099-12-31"

_SYSTEM = re.compile(r"[a-z0-9]{1,16}")
_CODE = re.compile(rf"[A-Z0-9-]{{1,{MAX_CODE_LENGTH}}}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPELLING = str.maketrans("", "", ". \t\u00a0")


@dataclass(frozen=True, slots=True)
class CodeAsk:
    """A code page that is asked for: system and code as the catalog stores them, `on` an ISO date or ""."""

    system: str
    code: str
    on: str
    format: Format
    path: str


def code_ask(path: str, query: bytes) -> CodeAsk | None:
    """The code page that a path names: `/codes/{system}/{code}` or `/api/v1/codes/{system}/{code}`; else None.

    Raises a Problem that names the field if the code or the date cannot be one.
    """
    match path.split("/"):
        case ["", "codes", given_system, given_code] if given_code:
            page_format: Format = "html"
        case ["", "api", "v1", "codes", given_system, given_code] if given_code:
            page_format = "json"
        case _:
            return None
    return CodeAsk(system(given_system), code(given_code), on(_last(query, "on")) if query else "", page_format, path)


def system(given: str) -> str:
    lowered = given.lower()
    if not _SYSTEM.fullmatch(lowered):
        raise Problem("system-not-found", "There is no code system of this name.")
    return lowered


def only_system(given: str) -> str:
    """A code system to narrow a question to, or "" for all of them."""
    if given and given.lower() not in names.SYSTEMS:
        raise refused("unacceptable", {"system": f"is none of {', '.join(names.SYSTEMS)}"})
    return given.lower()


def code(given: str) -> str:
    """The code without dots and spaces, in upper case."""
    stored = given.translate(_SPELLING).upper()
    if _CODE.fullmatch(stored):
        return stored
    if len(stored) > MAX_CODE_LENGTH:
        raise refused("unacceptable", {"code": f"is longer than {MAX_CODE_LENGTH} characters"})
    raise refused("unacceptable", {"code": "has other characters than letters and digits"})


def on(given: str) -> str:
    """A date of service, or "" where none is given."""
    if not given:
        return ""
    try:
        if not _DATE.fullmatch(given):
            raise ValueError(given)
        date.fromisoformat(given)
    except ValueError:
        raise refused("malformed", {"on": "is not a date of the form 2025-11-01"}) from None
    if not EARLIEST <= given <= LATEST:
        raise refused("unacceptable", {"on": f"is not between {EARLIEST} and {LATEST}"})
    return given


def text(field: str, given: str, limit: int = MAX_QUERY_LENGTH) -> str:
    """Free text, trimmed. Refused where it is too long or holds control characters."""
    trimmed = given.strip()
    if len(trimmed) > limit:
        raise refused("unacceptable", {field: f"is longer than {limit} characters"})
    if any(ord(character) < 32 or ord(character) == 127 for character in trimmed):
        raise refused("unacceptable", {field: "has control characters"})
    return trimmed


def _last(query: bytes, name: str) -> str:
    """The last value of a parameter; "" where there is none."""
    try:
        parameters = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise refused("malformed", {"query": f"has more than {MAX_PARAMETERS} parameters"}) from None
    return dict(parameters).get(name, "")
