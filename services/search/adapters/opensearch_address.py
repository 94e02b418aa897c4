"""Where OpenSearch is, from one URL, with its credentials kept apart from what may be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

SCHEMES = ("opensearch", "http", "https")
DEFAULT_PORT = 9200
DEFAULT_PREFIX = "medcodes"
_PREFIX = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """`hosts` are nodes of one cluster, all asked in turn. `prefix` begins the names of all indexes and aliases."""

    hosts: tuple[tuple[str, int], ...]
    tls: bool
    prefix: str
    credentials: tuple[str, str] | None = field(default=None, repr=False)


def address(url: str) -> Address:
    """`opensearch://[user:password@]host[:port][,host[:port]...][/prefix]`; `https://` for TLS.

    Raises ValueError, which names what is wrong but never the URL: it may hold a password.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in SCHEMES:
        raise ValueError(f"is neither tantivy: nor one of {', '.join(f'{each}://' for each in SCHEMES)}")
    netloc = urlsplit(f"//{rest}").netloc
    path = rest[len(netloc) :].strip("/")
    login, _, nodes = netloc.rpartition("@")
    if not _PREFIX.fullmatch(path or DEFAULT_PREFIX):
        raise ValueError("has a path that cannot begin the name of an index: small letters, digits, - and _")
    user, _, password = login.partition(":")
    return Address(
        hosts=tuple(_host(each) for each in nodes.split(",")),
        tls=scheme == "https",
        prefix=path or DEFAULT_PREFIX,
        credentials=(unquote(user), unquote(password)) if login else None,
    )


def _host(text: str) -> tuple[str, int]:
    found = _HOST.fullmatch(text)
    port = int(found["port"] or DEFAULT_PORT) if found else 0
    if not found or not 0 < port < 65536:
        raise ValueError("names no host, or a port that cannot be")
    return found["host"], port
