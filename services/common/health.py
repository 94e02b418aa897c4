"""Readiness follows dependencies: a service is SERVING only while all its checks pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as grpc_health

Check = Callable[[], Awaitable[bool]]

POLL_SECONDS = 1.0
CHECK_TIMEOUT_SECONDS = 2.0

log = structlog.get_logger(__name__)


class Health:
    """Polls the checks, keeps the standard gRPC health service up to date, and logs only changes.

    NOT_SERVING from the start until every check has passed, and again from `drain()` on. A check that raises or takes
    longer than two seconds has failed. `refresh()` polls at once, for a component that knows its state has changed.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._checks: dict[str, Check] = {}
        self._serving_names: Sequence[str] = ()
        self._draining = False
        self._failing: tuple[str, ...] | None = None
        self._task: asyncio.Task[None] | None = None
        self.servicer = grpc_health.HealthServicer()

    @property
    def ready(self) -> bool:
        return self._failing == () and not self._draining

    @property
    def failing(self) -> tuple[str, ...]:
        """Names of the checks that do not pass; all of them before the first poll."""
        return tuple(self._checks) if self._failing is None else self._failing

    def add_check(self, name: str, check: Check) -> None:
        self._checks[name] = check

    async def start(self, names: Sequence[str] = ()) -> None:
        """Starts polling. `names` are the gRPC services that the overall state is told for, beside ""."""
        self._serving_names = ("", *names)
        await self._tell(serving=False)
        self._failing = None  # a component may have asked for a refresh before there was anybody to tell
        await self.refresh()
        self._task = asyncio.create_task(self._poll())

    async def stop(self) -> None:
        while self._task and not self._task.done():
            self._task.cancel()
            # Again if need be: up to Python 3.11 `wait_for` swallows a cancellation that arrives with its result.
            await asyncio.wait([self._task], timeout=0.2)

    async def drain(self) -> None:
        self._draining = True
        await self._tell(serving=False)

    async def refresh(self) -> None:
        results = await asyncio.gather(*(_passes(check) for check in self._checks.values()))
        failing = tuple(name for name, passed in zip(self._checks, results, strict=True) if not passed)
        if failing == self._failing:
            return
        self._failing = failing
        log.info("health", service=self._name, ready=not failing, failing=list(failing))
        if not self._draining:
            await self._tell(serving=not failing)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self.refresh()

    async def _tell(self, *, serving: bool) -> None:
        state = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in self._serving_names:
            await self.servicer.set(name, state)


async def _passes(check: Check) -> bool:
    try:
        return await asyncio.wait_for(check(), CHECK_TIMEOUT_SECONDS)
    except Exception:  # a check that fails in any way has not passed
        return False
