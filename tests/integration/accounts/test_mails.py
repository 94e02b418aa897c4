"""Mails: to the state folder and over SMTP, sent once, with links that work once; nothing tells who has an account."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit

import asyncpg
import pytest
from aiosmtpd.controller import Controller
from medcodes.accounts.v1 import accounts_pb2 as pb
from prometheus_client import REGISTRY

from services.common.errors import InvalidArgument
from services.standalone.ports import LOOPBACK, free_port
from tests.accounts_service import PASSWORD, Clock, call, eventually, reason, running

NEW = "another fine password"


def asking(accounts, email: str):
    return accounts.accounts.RequestPasswordReset(pb.RequestPasswordResetRequest(email=email))


def resetting(accounts, token: str, password: str = NEW):
    return accounts.accounts.ResetPassword(pb.ResetPasswordRequest(token=token, new_password=password))


def verifying(accounts, token: str):
    return accounts.accounts.VerifyEmail(pb.VerifyEmailRequest(token=token))


async def test_an_email_is_verified_by_a_link_that_works_once(accounts):
    signed_in = await accounts.register()
    first = await accounts.token("Confirm")
    await accounts.accounts.SendVerification(pb.SendVerificationRequest(account_id=signed_in.principal.account_id))
    second = await accounts.token("Confirm")
    assert await reason(verifying(accounts, first)) == "BAD_TOKEN"
    assert await reason(resetting(accounts, second)) == "BAD_TOKEN"
    assert await reason(verifying(accounts, second)) == ""
    assert await reason(verifying(accounts, second)) == "BAD_TOKEN"
    assert (await accounts.resolve(signed_in.token)).email_verified


async def test_a_new_password_is_set_by_link_and_ends_every_session(accounts):
    signed_in = await accounts.register()
    await asking(accounts, "ONE@example.org")
    token = await accounts.token("new password")
    with pytest.raises(InvalidArgument) as refused:
        await call(resetting(accounts, token, "short"))
    assert refused.value.fields.keys() == {"new_password"}
    assert await reason(resetting(accounts, token)) == ""
    assert await reason(resetting(accounts, token)) == "BAD_TOKEN"
    assert await reason(accounts.resolve(signed_in.token)) == "BAD_TOKEN"
    assert await reason(accounts.log_in()) == "BAD_CREDENTIALS"
    assert (await accounts.log_in(password=NEW)).principal.email_verified
    assert "password of your Medcodes account was changed" in await accounts.mail("was changed")


async def test_links_end(accounts):
    await accounts.register()
    verify = await accounts.token("Confirm")
    await asking(accounts, "one@example.org")
    reset = await accounts.token("new password")
    accounts.clock.ahead_ms += 61 * 60 * 1000
    assert await reason(resetting(accounts, reset)) == "BAD_TOKEN"
    accounts.clock.ahead_ms += 24 * 3600 * 1000
    assert await reason(verifying(accounts, verify)) == "BAD_TOKEN"


async def test_a_changed_password_ends_every_other_session(accounts):
    kept, other = await accounts.register(), await accounts.log_in()

    def change(password: str, new: str = NEW):
        return accounts.accounts.ChangePassword(
            pb.ChangePasswordRequest(
                account_id=kept.principal.account_id,
                password=password,
                new_password=new,
                session_id=kept.principal.session_id,
            )
        )

    assert await reason(change("not the password")) == "BAD_CREDENTIALS"
    assert await reason(change(PASSWORD, "one@example.org")) == "INVALID_ARGUMENT"
    assert await reason(change(PASSWORD)) == ""
    assert await reason(accounts.resolve(other.token)) == "BAD_TOKEN"
    assert (await accounts.resolve(kept.token)).session_id == kept.principal.session_id
    assert await reason(accounts.log_in(password=NEW)) == ""


async def test_asking_for_a_mail_answers_the_same_whether_the_email_is_known(tmp_path, nats_server):
    async with running(tmp_path, nats_server.url, mails_per_email=2) as accounts:
        await accounts.register()
        for email in ("one@example.org", "nobody@example.org"):
            assert [await reason(asking(accounts, email)) for _ in range(3)] == ["", "", "THROTTLED"]
        await accounts.mail("new password")
        await accounts.mail("new password")
        # All that were asked for are dealt with, and nobody else got one.
        await asyncio.sleep(0.3)
        left = [path.read_text() for path in (accounts.settings.accounts_dir / "mail").glob("*.eml")]
        assert [re.findall("^To: (.*)$", text, re.MULTILINE) for text in left] == [["one@example.org"]]
        assert "Confirm" in left[0]


async def test_an_account_is_erased_while_its_mail_is_written(tmp_path, nats_server, postgres):
    url = await postgres.new_database()
    # Of two that wait for each other, PostgreSQL makes one fail after a second: here it does not, so that both do.
    connection = await asyncpg.connect(url)
    await connection.execute(f"ALTER DATABASE {urlsplit(url).path[1:]} SET deadlock_timeout = '1min'")
    await connection.close()
    async with running(tmp_path, nats_server.url, accounts_database_url=url) as accounts:
        owner = (await accounts.register()).principal.account_id
        await accounts.mail("Confirm")
        async with accounts.store.writing() as transaction:
            await transaction.accounts.hold(owner)
            await asking(accounts, "one@example.org")
            await asyncio.sleep(0.3)
            await transaction.accounts.erase(owner)
        await accounts.register("two@example.org")
        await accounts.mail("Confirm")
        assert list((accounts.settings.accounts_dir / "mail").iterdir()) == []


async def test_mails_are_for_nobody_elses_eyes(accounts):
    await accounts.register()
    folder = accounts.settings.accounts_dir / "mail"
    await eventually(lambda: list(folder.glob("*.eml")) != [])
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


class Inbox:
    """A mail server's handler: refuses the first mails as it is told, and keeps the others."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.mails = list(answers), []

    async def handle_DATA(self, server, session, envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.mails.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


@pytest.fixture
def inbox():
    handler = Inbox()
    handler.controller = Controller(handler, hostname=LOOPBACK, port=free_port(), ready_timeout=30)
    handler.controller.start()
    yield handler
    handler.controller.stop()


def outcomes(*names: str) -> float:
    """How many mails that has become of. A mail that is postponed has its time by the clock of before it is counted."""
    return sum(REGISTRY.get_sample_value("accounts_mails_total", {"outcome": name}) or 0.0 for name in names)


async def test_mails_go_out_over_smtp_and_again_after_a_refusal(tmp_path, nats_server, inbox):
    inbox.answers = ["451 come again later"]
    clock = Clock()
    url = f"smtp://{LOOPBACK}:{inbox.controller.port}"
    settings = {"smtp_url": url, "public_url": "https://codes.example.org", "mail_from": "Codes <codes@example.org>"}
    before = outcomes("postponed")
    async with running(tmp_path, nats_server.url, clock, **settings) as accounts:
        await accounts.register()
        await eventually(lambda: outcomes("postponed") == before + 1)
        await asyncio.sleep(0.2)
        assert inbox.mails == []
        clock.ahead_ms += 31_000
        await eventually(lambda: len(inbox.mails) == 1)
        [(recipients, content)] = inbox.mails
        assert recipients == ["one@example.org"]
        assert "From: Codes <codes@example.org>" in content
        [token] = re.findall(r"^https://codes\.example\.org/verify\?token=(\S+)", content, re.MULTILINE)
        assert await reason(verifying(accounts, token)) == ""
        clock.ahead_ms += 3600_000
        await asyncio.sleep(1.3)
        assert len(inbox.mails) == 1


async def test_a_mail_that_is_refused_for_good_is_given_up(tmp_path, nats_server, inbox):
    inbox.answers = ["451 later"] * 50
    clock = Clock()
    url = f"smtp://{LOOPBACK}:{inbox.controller.port}"
    before = outcomes("postponed", "dead")
    async with running(tmp_path, nats_server.url, clock, smtp_url=url, mail_tries=3) as accounts:
        await accounts.register()
        for tries in (1, 2, 3):
            await eventually(lambda tries=tries: outcomes("postponed", "dead") == before + tries)
            assert len(inbox.answers) == 50 - tries
            clock.ahead_ms += 12 * 3600_000
        await asyncio.sleep(1.3)
        assert len(inbox.answers) == 47
