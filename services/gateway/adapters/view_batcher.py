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
# A call costs as much as some 40 views (measured): fewer than these wait for the one that is under way to come back,
# but no longer than a call takes in general.
WORTH_A_CALL = 16
LATE_SECONDS = 0.005
RETRY_PAUSE_SECONDS = 0.05

ViewRequest = metering_pb2.ViewRequest
ViewResult = metering_pb2.ViewResult
Call = Callable[[Sequence[ViewRequest]], Awaitable[Sequence[ViewResult]]]

log = structlog.get_logger(__name__)
_sizes = Histogram("gateway_view_batch_size", "Views in one call to metering.", buckets=(1, 2, 4, 8, 16, 32, 64, 128))
_shed = Counter("gateway_views_shed", "Views refused because too many were waiting, or for too long.")


class ViewBatcher:
    """Sends waiting views in batches of at most `BATCH`, with at most `calls` under way.

    While no call is under way nothing waits for company. Beside a call another one leaves only with enough views, as
    calls cost far more than views do; fewer leave when it comes back, or is late. Each view has a future of its own; a
    visitor who goes away cancels that future and nothing else. A call whose outcome is not known is sent once more with
    the same request ids, which metering answers as the first time.

    Nobody waits for a call longer than `patience` seconds. While the first in line has waited for a quarter of that,
    metering is slower than visitors come, and who comes is refused at once; so is, once somebody has waited in vain,
    who comes until a call ends. What is refused was never sent, and so costs nothing.
    """

    def __init__(self, call: Call, *, calls: int, queue: int, patience: float) -> None:
        self._call, self._max_calls, self._max_waiting, self._patience = call, calls, queue, patience
        self._waiting: deque[tuple[ViewRequest, asyncio.Future[ViewResult], float]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._planned, self._stuck = False, False
        self._newest_call = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def consume(self, view: ViewRequest) -> asyncio.Future[ViewResult]:
        """Raises Unavailable (OVERLOADED), as the future may."""
        if self.is_behind():
            _shed.inc()
            raise _overloaded()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[ViewResult] = loop.create_future()
        self._waiting.append((view, future, loop.time()))
        if self._timer is None:
            self._timer = loop.call_later(self._patience, self._refuse_impatient)
        if not self._planned and self._may_send():
            # After the other requests that arrived in this turn of the loop have joined.
            self._planned = True
            loop.call_soon(self._send)
        return future

    def is_behind(self) -> bool:
        """Whether who comes now is refused."""
        if self._stuck or len(self._waiting) >= self._max_waiting:
            return True
        if not self._waiting:
            return False
        return asyncio.get_running_loop().time() - self._waiting[0][2] > self._patience / 4

    async def drain(self) -> None:
        """Returns once nothing waits and no call is under way."""
        while self._under_way or self._waiting:
            if self._under_way:
                await asyncio.wait(self._under_way)
            else:
                await asyncio.sleep(0)

    def _may_send(self) -> bool:
        if not self._waiting or len(self._under_way) >= self._max_calls:
            return False
        if not self._under_way or len(self._waiting) >= WORTH_A_CALL:
            return True
        return asyncio.get_running_loop().time() - self._newest_call >= LATE_SECONDS

    def _send(self) -> None:
        self._planned = False
        while self._may_send():
            taken = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            batch = [(view, future) for view, future, _ in taken if not future.cancelled()]
            if not batch:
                continue
            # A context of its own: the batch belongs to no single request, and must not carry one's request id.
            loop = asyncio.get_running_loop()
            task = loop.create_task(self._run(batch), context=contextvars.Context())
            self._newest_call = loop.time()
            # A little later, as timers may go off a little early.
            loop.call_later(1.1 * LATE_SECONDS, self._send)
            self._under_way.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._stuck = False
        self._send()

    def _refuse_impatient(self) -> None:
        """One timer for all who wait: it goes off when the patience of whoever is first now would end."""
        loop = asyncio.get_running_loop()
        self._timer, since = None, loop.time() - self._patience
        while self._waiting and self._waiting[0][2] <= since:
            _, future, _ = self._waiting.popleft()
            if not future.done():
                _shed.inc()
                self._stuck = True
                future.set_exception(_overloaded())
        if self._waiting:
            self._timer = loop.call_later(self._waiting[0][2] - since, self._refuse_impatient)

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


def _overloaded() -> Unavailable:
    return Unavailable("too many requests are waiting", reason="OVERLOADED")
