"""One lifecycle for everything that runs: start in order, be ready, drain, stop in reverse."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from .health import Health

log = structlog.get_logger(__name__)


class Component(Protocol):
    """A part of a service. `start` returns once it runs; `stop` returns once nothing of it is left."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True)
class Service:
    """A running service: its parts in the order in which they start."""

    name: str
    components: Sequence[Component]
    health: Health

    async def start(self) -> None:
        started: list[Component] = []
        try:
            for component in self.components:
                await component.start()
                started.append(component)
        except BaseException:
            await _stop_all(started)
            raise
        log.info("started", service=self.name)

    async def stop(self) -> None:
        await self.health.drain()
        await _stop_all(self.components)
        log.info("stopped", service=self.name)


class Task:
    """A component that runs a coroutine function until it is stopped.

    A run that ends with an error is logged and started again after a pause, doubled each time up to `max_pause`.
    """

    def __init__(self, name: str, run: Callable[[], Awaitable[None]], *, max_pause: float = 5.0) -> None:
        self._name, self._run, self._max_pause = name, run, max_pause
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep_running(), name=self._name)

    async def stop(self) -> None:
        while self._task and not self._task.done():
            self._task.cancel()
            # Again if need be: up to Python 3.11 `wait_for` swallows a cancellation that arrives with its result.
            await asyncio.wait([self._task], timeout=0.2)

    async def _keep_running(self) -> None:
        pause = 0.1
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._run()
                return
            except Exception as error:
                log.warning("task failed", task=self._name, error=repr(error))
            if asyncio.get_running_loop().time() - began > self._max_pause:
                pause = 0.1
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._max_pause)


async def run(services: Sequence[Service]) -> None:
    """Runs services until SIGTERM or SIGINT, then stops them in reverse order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    started: list[Service] = []
    try:
        for service in services:
            await service.start()
            started.append(service)
        _settle()
        await stop.wait()
    finally:
        for service in reversed(started):
            await service.stop()


def _settle() -> None:
    """Takes what has been made so far, which will stay, out of garbage collection: to look through all of it, as is
    done now and then, keeps every request waiting for a tenth of a second."""
    gc.collect()
    gc.freeze()


async def _stop_all(components: Sequence[Component]) -> None:
    for component in reversed(components):
        try:
            await component.stop()
        except Exception:
            log.exception("stop failed", component=type(component).__name__)
