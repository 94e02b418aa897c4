"""Sends the mails that wait: one after the other, again with growing pauses, and in the end not any more."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter, Gauge

from .domain import mails, tokens
from .domain.mails import Mail, MailKind
from .domain.people import DAY_MS, Account, LinkKind
from .ports import Mailer, MailRefused, QueuedMail, Store, StoreUnavailable, Transaction

MINUTE_MS = 60 * 1000
# Longer than sending one may take: who has claimed a mail and died has lost it by then.
CLAIMED_MS = 2 * MINUTE_MS
FIRST_PAUSE_MS = MINUTE_MS // 2
LONGEST_PAUSE_MS = 6 * 60 * MINUTE_MS
LINK_LASTS_MS = {LinkKind.VERIFY: DAY_MS, LinkKind.RESET: 60 * MINUTE_MS}

log = structlog.get_logger(__name__)
_mails = Counter("accounts_mails", "Mails, by what came of them.", ["outcome"])
_waiting = Gauge("accounts_mails_waiting", "Mails that wait to be sent.")


class MailRoom:
    """Run `run` as a `Task`. Several replicas share the work. A mail may be sent twice if one dies just after it was
    sent; then its link is another one, and the newest works.

    `wait` returns once there may be a mail to send, at the latest after a while.
    """

    def __init__(
        self,
        store: Store,
        mailer: Mailer,
        clock: Callable[[], int],
        *,
        public_url: str,
        tries: int,
        wait: Callable[[], Awaitable[None]],
    ) -> None:
        self._store, self._mailer, self._clock = store, mailer, clock
        self._public_url, self._tries, self._wait = public_url, tries, wait

    async def run(self) -> None:
        while True:
            # While the database is away there is nothing to do, and health says so.
            with contextlib.suppress(StoreUnavailable):
                while await self.send_one():
                    pass
            await self._wait()

    async def send_one(self) -> bool:
        """Sends the mail that has been due for longest; False if none is due."""
        now_ms = self._clock()
        async with self._store.writing() as transaction:
            _waiting.set(await transaction.mails.waiting())
            queued = await transaction.mails.claim(now_ms, now_ms + CLAIMED_MS)
        if queued is None:
            return False
        # In another transaction than the claim: who erases the account holds it and waits for its mails.
        async with self._store.writing() as transaction:
            mail = await self._mail(transaction, queued)
        if mail is not None and not await self._sent(queued, mail):
            return True
        async with self._store.writing() as transaction:
            await transaction.mails.remove(queued.id)
        return True

    async def _mail(self, transaction: Transaction, queued: QueuedMail) -> Mail | None:
        """What is to be sent; None if nothing is, because nobody has the e-mail, or there is no need any more."""
        found = await transaction.accounts.by_email(queued.email_key)
        account = await transaction.accounts.hold(found.id) if found else None
        if account is None or account.locked:
            return None
        if queued.kind == MailKind.PASSWORD_CHANGED:
            return mails.password_changed(account.email, self._public_url)
        if queued.kind == MailKind.RESET:
            token = await self._link(transaction, LinkKind.RESET, account)
            return mails.password_reset(account.email, self._public_url, token)
        if account.email_verified_at_ms:
            return None
        token = await self._link(transaction, LinkKind.VERIFY, account)
        return mails.verification(account.email, self._public_url, token)

    async def _link(self, transaction: Transaction, kind: LinkKind, account: Account) -> str:
        token = tokens.new_link_token()
        expires_at_ms = self._clock() + LINK_LASTS_MS[kind]
        await transaction.links.add(kind, account.id, tokens.hashed(token), expires_at_ms)
        return token

    async def _sent(self, queued: QueuedMail, mail: Mail) -> bool:
        try:
            await self._mailer.send(mail)
        except MailRefused as refused:
            await self._put_back(queued, refused)
            return False
        _mails.labels("sent").inc()
        return True

    async def _put_back(self, queued: QueuedMail, refused: MailRefused) -> None:
        """For later, or for never."""
        dead = refused.final or queued.tries >= self._tries
        log.warning("mail not sent", kind=queued.kind.value, tries=queued.tries, given_up=dead, reason=str(refused))
        now_ms = self._clock()
        _mails.labels("dead" if dead else "postponed").inc()
        async with self._store.writing() as transaction:
            if dead:
                await transaction.mails.bury(queued.id, now_ms)
            else:
                pause_ms = min(FIRST_PAUSE_MS * 2 ** min(queued.tries - 1, 20), LONGEST_PAUSE_MS)
                await transaction.mails.postpone(queued.id, now_ms + pause_ms)
