"""Coalesces the views that wait at the same moment into one call."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import structlog
from medcodes.metering.v1 import metering_pb2
from prometheus_client import Counter, Histogram

from services.common.errors import ServiceError, Unavailable

BATCH = 128
RETRY_PAUSE_SECONDS = 0.05

ViewRequest = metering_pb2.ViewRequest
ViewResult = metering_pb2.ViewResult
Call = Callable[[Sequence[ViewRequest]], Awaitable[Sequence[ViewResult]]]

log = structlog.get_logger(__name__)
_sizes = Histogram("gateway_view_batch_size", "Views in one call to metering.", buckets=(1, 2, 4, 8, 16, 32, 64, 128))
_shed = Counter("gateway_views_shed", "Views refused because too many were waiting.")


class ViewBatcher:
    """Sends waiting views in batches of at most `BATCH`, with at most `calls` under way.

    Nothing waits for company: a batch leaves as soon as a call is free, with whatever has gathered by then. Each view
    has a future of its own; a visitor who goes away cancels that future and nothing else. A call whose outcome is not
    known is sent once more with the same request ids, which metering answers as the first time.
    """

    def __init__(self, call: Call, *, calls: int, queue: int) -> None:
        self._call, self._max_calls, self._max_waiting = call, calls, queue
        self._waiting: deque[tuple[ViewRequest, asyncio.Future[ViewResult]]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._planned = False

    def consume(self, view: ViewRequest) -> asyncio.Future[ViewResult]:
        if len(self._waiting) >= self._max_waiting:
            _shed.inc()
            raise Unavailable("too many requests are waiting", reason="OVERLOADED")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[ViewResult] = loop.create_future()
        self._waiting.append((view, future))
        if not self._planned and len(self._under_way) < self._max_calls:
            # After the other requests that arrived in this turn of the loop have joined.
            self._planned = True
            loop.call_soon(self._send)
        return future

    async def drain(self) -> None:
        """Returns once nothing waits and no call is under way."""
        while self._under_way or self._waiting:
            if self._under_way:
                await asyncio.wait(self._under_way)
            else:
                await asyncio.sleep(0)

    def _send(self) -> None:
        self._planned = False
        while self._waiting and len(self._under_way) < self._max_calls:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            batch = [(view, future) for view, future in batch if not future.cancelled()]
            if not batch:
                continue
            # A context of its own: the batch belongs to no single request, and must not carry one's request id.
            task = asyncio.get_running_loop().create_task(self._run(batch), context=contextvars.Context())
            self._under_way.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._send()

    async def _run(self, batch: list[tuple[ViewRequest, asyncio.Future[ViewResult]]]) -> None:
        _sizes.observe(len(batch))
        try:
            results = await self._call_twice([view for view, _ in batch])
        except (Exception, asyncio.CancelledError) as error:
            # A cancelled call too: whoever waits must hear of it.
            log.warning("views not decided", views=len(batch), error=repr(error))
            failure = Unavailable("the meter cannot be asked", reason="METER_UNAVAILABLE")
            for _, future in batch:
                if not future.done():
                    future.set_exception(failure)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)

    async def _call_twice(self, views: list[ViewRequest]) -> Sequence[ViewResult]:
        try:
            return await self._checked(views)
        except ServiceError as error:
            log.info("views are asked for again", views=len(views), error=repr(error))
        await asyncio.sleep(RETRY_PAUSE_SECONDS)
        results = await self._checked(views)
        for result in results:
            # Nobody has heard of the first call's answer: what it granted counts now.
            result.retried = False
        return results

    async def _checked(self, views: list[ViewRequest]) -> Sequence[ViewResult]:
        results = await self._call(views)
        if len(results) != len(views):
            raise Unavailable(f"metering answered {len(results)} of {len(views)} views")
        return results
