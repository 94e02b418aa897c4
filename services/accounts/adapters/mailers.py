"""Who delivers mail: a mail server over SMTP, or a folder where there is none."""

from __future__ import annotations

import asyncio
import secrets
import time
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib

from ..domain.mails import Mail
from ..ports import MailRefused

SMTP_SECONDS = 30.0
DEFAULT_PORTS = {"smtp": 25, "smtps": 465}


class SmtpMailer:
    """See `ports.Mailer`. One connection a mail: there are few."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
        self._tls = parts.scheme == "smtps"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        try:
            await aiosmtplib.send(
                message_of(mail, self._sender),
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls,
                # Taken wherever it is offered, with its certificate checked; a password is never sent without.
                start_tls=None if not self._tls and not self._password else not self._tls,
                timeout=SMTP_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            final = all(500 <= each.code < 600 for each in error.recipients)
            raise MailRefused("the recipient was refused", final=final) from None
        except aiosmtplib.SMTPResponseException as error:
            raise MailRefused(f"the mail server answered {error.code}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailRefused(f"the mail server does not answer ({type(error).__name__})") from None


class FolderMailer:
    """See `ports.Mailer`. Each mail is a file, for whoever runs Medcodes on one machine without a mail server."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder, self._sender = folder, sender

    async def send(self, mail: Mail) -> None:
        try:
            await asyncio.to_thread(self._write, message_of(mail, self._sender))
        except OSError as error:
            raise MailRefused(f"the mail cannot be written: {error.strerror}") from None

    def _write(self, message: EmailMessage) -> None:
        """In one step, readable by nobody else: the links in it are as good as a password."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{time.time_ns() // 1_000_000}-{secrets.token_hex(4)}"
        draft = self._folder / f"{name}.tmp"
        draft.touch(mode=0o600)
        draft.write_bytes(message.as_bytes())
        draft.replace(self._folder / f"{name}.eml")


def message_of(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail.recipient, mail.subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].partition("@")[2] or "medcodes.invalid")
    # No robot shall answer it with an out-of-office note.
    message["Auto-Submitted"] = "auto-generated"
    # Lines as they are: in quoted-printable a link could not be read or copied from the file.
    message.set_content(mail.text, cte="7bit" if mail.text.isascii() else "quoted-printable")
    return message
