"""One OpenSearch cluster: calls with a deadline, a bounded number at a time, every failure an EngineError."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any

from opensearchpy import AsyncOpenSearch, NotFoundError, OpenSearchException
from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import ConnectionTimeout, TransportError

from services.search.ports import EngineError

from .opensearch_address import Address

# From 3.0 on BM25 is computed as the weights in opensearch_query expect.
OLDEST = (3, 0)
# What changes the cluster's state waits for its manager.
ADMIN_SECONDS = 30.0
# So that what builds and activates does not wait for searches.
SPARE_CONNECTIONS = 2
_TRIES = 3
_WHOLE = {"allow_partial_search_results": False}
# How long a node that failed is left alone while others answer.
_DEAD_SECONDS = 2.0
_FLOOD = "cluster.routing.allocation.disk.watermark.flood_stage"
_THRESHOLD = "cluster.routing.allocation.disk.threshold_enabled"
_BYTES = {"b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40, "pb": 2**50}


class Turns:
    """At most `calls` searches are under way and at most `waiting` wait; the next one is refused."""

    def __init__(self, calls: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(calls)
        self._waiting, self._most_waiting = 0, waiting

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Raises EngineError if too many wait already."""
        if self._waiting >= self._most_waiting:
            raise EngineError("too many searches at once")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()


class Engine:
    """`seconds` is the time that one call may take, all its tries on several nodes together."""

    def __init__(self, address: Address, *, calls: int, waiting: int, seconds: float) -> None:
        self._address, self._seconds = address, seconds
        self._turns = Turns(calls, waiting)
        self._fits = False
        # Each try that failed would be a warning; what is said in the end is the EngineError.
        logging.getLogger("opensearch").setLevel(logging.CRITICAL)
        self.client = AsyncOpenSearch(
            hosts=[{"host": host, "port": port} for host, port in address.hosts],
            http_auth=address.credentials,
            use_ssl=address.tls,
            ssl_context=ssl.create_default_context() if address.tls else None,
            maxsize=calls + SPARE_CONNECTIONS,
            max_retries=max(_TRIES, len(address.hosts)) - 1,
            retry_on_timeout=len(address.hosts) > 1,
            dead_timeout=_DEAD_SECONDS,
        )

    async def search(self, index: str, bodies: Sequence[dict[str, Any]]) -> Sequence[Any]:
        """The answers to searches of one index, asked in one request; one that fails or answers in parts is a failure
        of all."""
        together: list[dict[str, Any]] = [part for body in bodies for part in (_WHOLE, body)]
        async with self._turns.one():
            answer = await self.call(self.client.msearch, index=index, body=together)
        with understood():
            found = answer["responses"]
            if len(found) != len(bodies):
                raise EngineError("OpenSearch did not answer every search")
            for each in found:
                if "error" in each:
                    raise EngineError(f"OpenSearch answered {each['status']}: {str(each['error'].get('type'))[:200]}")
                if each["timed_out"] or each["_shards"]["failed"]:
                    raise EngineError("OpenSearch could not search the whole index")
            return list(found)

    async def call(self, method: Callable[..., Awaitable[Any]], *, seconds: float = 0.0, **arguments: Any) -> Any:
        """What a method of the client answers, within `seconds` (0: those of the engine). Raises EngineError."""
        limit = seconds or self._seconds
        # A node that stands still leaves time for another one.
        each = limit / 2 if len(self._address.hosts) > 1 else limit
        with failures():
            try:
                async with asyncio.timeout(limit):
                    return await method(request_timeout=each, **arguments)
            except (TimeoutError, ConnectionTimeout):
                raise EngineError(f"OpenSearch took longer than {limit:g} seconds") from None

    async def existing(self, method: Callable[..., Awaitable[Any]], *, seconds: float = 0.0, **arguments: Any) -> Any:
        """The same, None where what is asked for does not exist."""

        async def unless_missing(**given: Any) -> Any:
            try:
                return await method(**given)
            except NotFoundError:
                return None

        return await self.call(unless_missing, seconds=seconds, **arguments)

    async def check_version(self) -> None:
        """Raises EngineError if the cluster is no OpenSearch, or too old. Asked once, until it fits."""
        if self._fits:
            return
        answer = await self.call(self.client.info)
        with understood():
            version = answer["version"]
            number = str(version["number"])
            if version.get("distribution") != "opensearch":
                raise EngineError(f"the server is no OpenSearch, but version {number[:40]} of something else")
            if tuple(int(part) for part in number.split(".")[:2]) < OLDEST:
                needed = ".".join(map(str, OLDEST))
                raise EngineError(f"OpenSearch {number[:40]} is too old; {needed} or newer is needed")
        self._fits = True

    async def check_disk(self) -> None:
        """Raises EngineError if every data node has less free space than its flood stage demands."""
        every = {"include_defaults": "true", "flat_settings": "true"}
        settings = await self.call(self.client.cluster.get_settings, seconds=ADMIN_SECONDS, params=every)
        nodes = await self.call(self.client.nodes.stats, seconds=ADMIN_SECONDS, metric="fs")
        with understood():
            in_force = {**settings["defaults"], **settings["persistent"], **settings["transient"]}
            if in_force.get(_THRESHOLD, "true") != "true":
                return
            flood = str(in_force.get(_FLOOD, "95%"))
            disks = [node["fs"]["total"] for node in nodes["nodes"].values() if "data" in node["roles"]]
            full = [disk for disk in disks if disk["available_in_bytes"] < least_free(flood, disk["total_in_bytes"])]
        if disks and len(full) == len(disks):
            free = max(disk["available_in_bytes"] for disk in full) // 2**20
            raise EngineError(f"OpenSearch's disk is over its flood-stage watermark ({flood}): {free} MiB are free")

    async def close(self) -> None:
        await self.client.close()
        # The client forgets those to nodes that failed lately.
        for connection in self.client.transport.seed_connections:
            await connection.close()  # type: ignore[attr-defined]  # the class named is that of the other client


def least_free(watermark: str, total: int) -> float:
    """Bytes that a disk of `total` bytes must have free: of "95%", "0.95" (in use) or "500mb" (free).

    Raises ValueError for what is none of them.
    """
    text = watermark.strip().lower()
    if text.endswith("%"):
        return total * (1 - float(text[:-1]) / 100)
    number = text.rstrip("bkmgtp")
    unit = text[len(number) :]
    return float(number) * _BYTES[unit] if unit in _BYTES else total * (1 - float(text))


class _Translated:
    """Makes errors of some kinds an EngineError. What was asked is left out of it: no log may hold that."""

    def __init__(self, kinds: tuple[type[Exception], ...], said: Callable[[Exception], str]) -> None:
        self._kinds, self._said = kinds, said

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, self._kinds):
            raise EngineError(self._said(error)) from None


def failures() -> _Translated:
    """What the client raises is a failure of the engine."""
    return _Translated((OpenSearchException,), _said)


def understood() -> _Translated:
    """An answer that is not of the form expected is one, too."""
    kinds = (KeyError, TypeError, ValueError, AttributeError, IndexError)
    return _Translated(kinds, lambda error: f"OpenSearch answered nonsense: {type(error).__name__}")


def _said(error: Exception) -> str:
    if isinstance(error, Unreachable):
        return f"OpenSearch cannot be reached: {str(error.error)[:200]}"
    if isinstance(error, TransportError):
        return f"OpenSearch answered {error.status_code}: {str(error.error)[:200]}"
    return f"OpenSearch answered nonsense: {type(error).__name__}"
