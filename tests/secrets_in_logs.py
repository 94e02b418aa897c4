"""What must not stand in any log: finds session tokens, keys, cookies, mailed tokens and passwords in text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

# By their form, so that those are found too that no test has seen. Each holds what is secret about it: an API key's
# beginning and the name of a guest are shown and logged on purpose.
KINDS = {
    "a session's token": r"mcs_[A-Za-z0-9_-]{20,}",
    "an API key": r"mck_[0-9a-f]{8}_[A-Za-z0-9_-]{20,}",
    "a mailed token": r"mcl_[A-Za-z0-9_-]{20,}",
    "a guest cookie": r"[A-Za-z0-9_-]{22}\.[0-9]{10}\.[A-Za-z0-9_-]{43}",
    "receipts": r"[ag]\.[A-Za-z0-9_-]{22,36}~[^\s\"~]*~[^\s\"]*~[A-Za-z0-9_-]{43}",
    "a password's hash": r"\$argon2id?\$",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a cookie's header": r"(?:set-)?cookie['\"]?\s*[:=]\s*b?['\"]?medcodes_",
}
# Those of the tests; a log may hold them encoded.
PASSWORDS = ("quiet river stone", "another river stone", "second river stone", "summer of rivers")

_FORMS = {kind: re.compile(form, re.IGNORECASE) for kind, form in KINDS.items()}
_PASSWORD = re.compile("|".join(re.escape(way(password)) for password in PASSWORDS for way in (str, quote, quote_plus)))


def in_text(text: str) -> Iterator[str]:
    """The kinds of secrets in a text. Not the secrets themselves: what reports them is a log too."""
    yield from (kind for kind, form in _FORMS.items() if form.search(text))
    if _PASSWORD.search(text):
        yield "a password"


def in_files(paths: Iterable[Path]) -> list[str]:
    """A sentence for each line of a file with a secret: where, and what kind."""
    found = []
    for path in paths:
        with path.open(encoding="utf-8", errors="replace") as lines:
            found += [f"{path}:{number} holds {kind}" for number, line in enumerate(lines, 1) for kind in in_text(line)]
    return found


def logs_in(folder: Path) -> list[Path]:
    """Every log below a folder: those of machines, of their servers and services, of servers that tests started."""
    return sorted(path for path in folder.rglob("*.log*") if path.is_file())
