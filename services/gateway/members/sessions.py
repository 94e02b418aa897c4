"""Whom a session token or an API key belongs to, remembered for half a minute."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import Counter

from services.common.errors import DeadlineExceeded, Internal, ServiceError, Unauthenticated, Unavailable

from ..ports import Accounts
from ..visitors import cookies
from .member import Member, member

COOKIE = "medcodes_session"
KEPT_SECONDS = 30.0
MAX_ENTRIES = 20_000
MAX_CREDENTIAL_BYTES = 256

_AWAY = (Unavailable, DeadlineExceeded, Internal)
_resolved = Counter("gateway_sessions_resolved", "Credentials by where they were resolved.", ["origin"])
_from_cache, _from_accounts, _while_away = map(_resolved.labels, ("cache", "accounts", "cache while away"))


@dataclass(frozen=True, slots=True)
class _Kept:
    member: Member
    until: float


class Sessions:
    """Resolves credentials by asking accounts, once for all who ask at the same moment.

    An entry holds for 30 seconds. While `is_watching` says that the end of sessions and changes of plans are heard of
    at once, it answers without a call; else it only serves while accounts cannot be asked. Entries are found by the
    hash of the credential: the memory of this process holds none that outlives its request.
    """

    def __init__(
        self,
        accounts: Accounts,
        is_watching: Callable[[], bool],
        clock: Callable[[], float] = time.time,
        max_entries: int = MAX_ENTRIES,
    ) -> None:
        self._accounts, self._is_watching, self._clock, self._max = accounts, is_watching, clock, max_entries
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._of_account: dict[str, set[bytes]] = {}
        self._under_way: dict[bytes, asyncio.Task[Member]] = {}
        # Counts what was forgotten: an answer that was under way meanwhile may be from before, and is not kept.
        self._forgotten = 0

    def __len__(self) -> int:
        return len(self._kept)

    def known(self, credential: bytes) -> Member | None:
        """Without asking anybody."""
        if not self._is_watching():
            return None
        found = self._living(_hash(credential))
        if found:
            _from_cache.inc()
        return found

    async def resolve(self, credential: bytes) -> Member:
        """Raises Unauthenticated where the credential is worth nothing, Unavailable where that cannot be told."""
        if not 0 < len(credential) <= MAX_CREDENTIAL_BYTES or not credential.isascii():
            raise Unauthenticated("the credential has not the form of one", reason="BAD_TOKEN")
        if found := self.known(credential):
            return found
        key = _hash(credential)
        asking = self._under_way.get(key)
        if asking is None:
            # A context of its own: it belongs to no single request.
            asking = asyncio.get_running_loop().create_task(self._ask(key, credential), context=contextvars.Context())
            self._under_way[key] = asking
            asking.add_done_callback(lambda _: self._under_way.pop(key))
        return await asyncio.shield(asking)

    def forget(self, account_id: str, credential_id: str = "") -> None:
        """Forgets one credential of an account, or all of them."""
        self._forgotten += 1
        for key in list(self._of_account.get(account_id, ())):
            if credential_id in ("", self._kept[key].member.credential_id):
                self._drop(key)

    def forget_all(self) -> None:
        self._forgotten += 1
        self._kept.clear()
        self._of_account.clear()

    async def _ask(self, key: bytes, credential: bytes) -> Member:
        forgotten = self._forgotten
        try:
            found = member(await self._accounts.resolve(credential.decode("ascii")))
        except Unauthenticated:
            self._drop(key)
            raise
        except _AWAY as error:
            if known := self._living(key):
                _while_away.inc()
                return known
            raise away() from error
        _from_accounts.inc()
        if forgotten == self._forgotten:
            self._keep(key, found)
        return found

    def _keep(self, key: bytes, found: Member) -> None:
        self._drop(key)
        until = self._clock() + KEPT_SECONDS
        if found.expires_at_ms:
            until = min(until, found.expires_at_ms / 1000)
        self._kept[key] = _Kept(found, until)
        self._of_account.setdefault(found.account_id, set()).add(key)
        while len(self._kept) > self._max:
            self._drop(next(iter(self._kept)))

    def _living(self, key: bytes) -> Member | None:
        kept = self._kept.get(key)
        if kept is None or kept.until <= self._clock():
            return None
        self._kept.move_to_end(key)
        return kept.member

    def _drop(self, key: bytes) -> None:
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        keys = self._of_account[kept.member.account_id]
        keys.discard(key)
        if not keys:
            del self._of_account[kept.member.account_id]


class SessionCookies:
    """The cookie that a session's token is kept in."""

    def __init__(self, *, secure: bool) -> None:
        self._secure, self._name = secure, cookies.full_name(COOKIE.encode(), secure=secure)

    def read(self, header: bytes) -> bytes:
        """The token; b"" where there is none. Of several the first counts, as for most servers."""
        return next(cookies.values(header, self._name), b"")

    def set(self, token: str, expires_at_ms: int, now: float) -> bytes:
        lifetime = max(0, expires_at_ms // 1000 - int(now))
        return self._name + b"=" + token.encode("ascii") + cookies.attributes(lifetime, secure=self._secure)

    def clear(self) -> bytes:
        return self._name + b"=" + cookies.attributes(0, secure=self._secure)


def away() -> ServiceError:
    return Unavailable("whose session this is cannot be told at the moment", reason="ACCOUNTS_UNAVAILABLE")


def _hash(credential: bytes) -> bytes:
    return hashlib.sha256(credential).digest()
