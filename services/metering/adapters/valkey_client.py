"""What all calls to Valkey or Redis share: a pool of connections, and what failures mean."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ..ports import LedgerDamaged, MeterUnavailable, NotVerified

T = TypeVar("T")
log = structlog.get_logger(__name__)


def client(url: str, *, timeout: float, connections: int) -> Redis:
    """A client whose connections open when needed; `timeout` is for getting one, in seconds."""
    pool = BlockingConnectionPool.from_url(
        _redis_url(url),
        max_connections=connections,
        timeout=timeout,
        # One deadline around the whole call is set below; the client's own costs a task for every write.
        socket_timeout=None,
        socket_connect_timeout=timeout,
        # Whether a call that was cut off has granted something is for the caller to find out, by its request id.
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        decode_responses=True,
    )
    return Redis.from_pool(pool)


async def guarded(answer: Awaitable[T], seconds: float) -> T:
    """The answer, or what its failure means to a caller."""
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except (RedisConnectionError, RedisTimeoutError, TimeoutError, OSError) as error:
        raise MeterUnavailable("the store does not answer") from error
    except ResponseError as error:
        raise _meaning(str(error)) from error
    except RedisError as error:
        raise MeterUnavailable("the store does not answer") from error


def _meaning(said: str) -> Exception:
    if said.startswith("UNVERIFIED") or "unction not found" in said:
        return NotVerified("the store is being compared with the ledger")
    if said.startswith("GAP"):
        return LedgerDamaged(f"the ledger lacks entries {said[4:]}")
    if said.startswith("SUPERSEDED"):
        return MeterUnavailable("another rebuild has finished meanwhile")
    log.error("valkey refused a call", said=said)
    return MeterUnavailable("the store refused the call")


def _redis_url(url: str) -> str:
    """Valkey's own schemes in the words of the client library."""
    for scheme, known in (("valkey://", "redis://"), ("valkeys://", "rediss://")):
        if url.startswith(scheme):
            return known + url.removeprefix(scheme)
    return url
