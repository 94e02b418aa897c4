"""argon2id, in threads of its own: a hash takes some 20 ms and 19 MiB, whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from prometheus_client import Counter

from services.common.errors import Unavailable

from ..domain.passwords import normalised

T = TypeVar("T")
_hashed = Counter("accounts_passwords_hashed", "Passwords hashed or verified.", ["what"])


class Argon2Hasher:
    """See `ports.PasswordHasher`. A component."""

    def __init__(self, *, memory_kib: int, passes: int, lanes: int, threads: int, waiting: int) -> None:
        self._argon2 = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._free = threads + waiting
        # What a password is compared with where there is no account, so that it takes as long.
        self._nobody = ""

    async def start(self) -> None:
        self._nobody = await self._run(self._argon2.hash, "nobody")

    async def stop(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        _hashed.labels("hash").inc()
        return await self._run(self._argon2.hash, normalised(password))

    async def verify(self, password_hash: str, password: str) -> bool:
        _hashed.labels("verify").inc()
        right = await self._run(self._matches, password_hash or self._nobody, normalised(password))
        return right and bool(password_hash)

    def outdated(self, password_hash: str) -> bool:
        return self._argon2.check_needs_rehash(password_hash)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., T], *arguments: str) -> T:
        if self._free <= 0:
            raise Unavailable("too many passwords wait to be checked", reason="OVERLOADED")
        self._free -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._free += 1
