"""The e-mails that accounts sends: what they say. Plain text, nothing but what the reader has to know."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlencode


class MailKind(StrEnum):
    VERIFY = "verify"
    RESET = "reset"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105


class Mail(NamedTuple):
    recipient: str
    subject: str
    text: str


def link(public_url: str, page: str, token: str) -> str:
    return f"{public_url.rstrip('/')}/{page}?{urlencode({'token': token})}"


def verification(recipient: str, public_url: str, token: str) -> Mail:
    text = f"""Please confirm that this e-mail address is yours by opening this link within 24 hours:

{link(public_url, "verify", token)}

If you have not registered at {public_url}, ignore this message; nothing more will come.
"""
    return Mail(recipient, "Confirm your e-mail address for Medcodes", text)


def password_reset(recipient: str, public_url: str, token: str) -> Mail:
    text = f"""Somebody, hopefully you, asked for a new password for your Medcodes account. Choose one by opening
this link within an hour:

{link(public_url, "reset", token)}

The link works once. If you did not ask for it, ignore this message; your password stays as it is.
"""
    return Mail(recipient, "Choose a new password for Medcodes", text)


def password_changed(recipient: str, public_url: str) -> Mail:
    text = f"""The password of your Medcodes account was changed, and you were signed out everywhere else.

If that was not you, ask for a new password at {public_url.rstrip("/")}/reset at once.
"""
    return Mail(recipient, "Your Medcodes password was changed", text)
