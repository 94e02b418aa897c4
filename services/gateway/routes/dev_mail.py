"""The mails that accounts has kept in the state folder instead of sending: for trying things out on one machine."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from markupsafe import Markup, escape
from starlette.responses import Response

from ..problems import Problem
from .parts import Parts, visitor_of

MOST_MAILS = 200
MAX_BYTES = 256 * 1024
_LINK = re.compile(r"https?://[^\s<>\"]+")
_OURS = ("/verify", "/reset")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,120}\.eml")


@dataclass(frozen=True, slots=True)
class Mail:
    name: str
    to: str
    subject: str
    date: str
    text: Markup


def router(parts: Parts) -> APIRouter:
    """Nothing at all unless the setting `dev_mail` is on."""
    routes = APIRouter(include_in_schema=False)
    folder = parts.settings.state_dir / "accounts" / "mail"

    @routes.get("/dev/mail")
    async def mails(request: Request) -> Response:
        _check(parts, request)
        return _page(parts, request, await asyncio.to_thread(_newest, folder))

    @routes.get("/dev/mail/{name}")
    async def mail(request: Request, name: str) -> Response:
        _check(parts, request)
        path = folder / name
        if not _NAME.fullmatch(name) or not path.is_file():
            raise Problem("not-found", "There is no such mail.")
        return _page(parts, request, [await asyncio.to_thread(_read, path)])

    return routes


def _check(parts: Parts, request: Request) -> None:
    """Another site may have its name lead to this machine (DNS rebinding), and would read links that open accounts."""
    if not parts.settings.dev_mail or not _is_ours(visitor_of(request).header(b"host"), parts.settings.site_url):
        raise Problem("not-found", "Nothing is served under this address.")


def _is_ours(host: str, site_url: str) -> bool:
    """Whether a Host names this server as it calls itself, or by a loopback address, which no other site's name is."""
    if host and host == urlsplit(site_url).netloc:
        return True
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _page(parts: Parts, request: Request, mails: list[Mail]) -> Response:
    response = parts.private_page(request, "dev_mail.html", mails=mails)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _newest(folder: Path) -> list[Mail]:
    paths = sorted(folder.glob("*.eml"), key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    return [_read(path) for path in paths[:MOST_MAILS]]


def _read(path: Path) -> Mail:
    with path.open("rb") as file:
        found = email.message_from_bytes(file.read(MAX_BYTES), policy=email.policy.default)
    body = found.get_body(("plain",)) if isinstance(found, EmailMessage) else None
    text = str(body.get_content()) if body else ""
    return Mail(path.name, str(found["to"]), str(found["subject"]), str(found["date"]), linked(text))


def linked(text: str) -> Markup:
    """The text, escaped, with links to this server's own pages; all other addresses stay text."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        address = urlsplit(found[0])
        parts.append(escape(text[end : found.start()]))
        if address.path in _OURS:
            local = f"{address.path}?{address.query}"
            parts.append(Markup('<a href="{}">{}</a>').format(local, found[0]))
        else:
            parts.append(escape(found[0]))
        end = found.end()
    return Markup().join([*parts, escape(text[end:])])
