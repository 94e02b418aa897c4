"""Keeps child processes running: what dies is started again with back-off, until it dies too often."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from .ports import LOOPBACK
from .servers import Server

PATIENCE = 5  # deaths ...
WITHIN_SECONDS = 20.0  # ... within this time end the attempt
MAX_PAUSE_SECONDS = 2.0

log = structlog.get_logger(__name__)


class GaveUpError(Exception):
    """A child keeps dying; one sentence that names it and where its log is."""


class ServiceProcess(Server):
    """One or several Medcodes services in a process of their own. `port` is one that the process listens on."""

    scheme = "http"

    def __init__(self, names: Sequence[str], port: int, logs: Path, environment: dict[str, str]) -> None:
        super().__init__(logs, port)
        self.name = "-".join(names)
        self.names = names
        self.environment = environment

    def command(self) -> list[str]:
        return [sys.executable, "-m", "services", "serve", *self.names]

    async def answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, self.port)
        except OSError:
            return False
        writer.close()
        return True


class Supervisor:
    """Watches servers that were started, from `watch` on until `stop`. `on_restart` is told of each new process."""

    def __init__(self, servers: Sequence[Server], on_restart: Callable[[], None]) -> None:
        self._servers = servers
        self._on_restart = on_restart

    async def watch(self) -> None:
        """Runs until cancelled; raises GaveUpError."""
        async with asyncio.TaskGroup() as group:
            for server in self._servers:
                group.create_task(self._keep(server))

    async def _keep(self, server: Server) -> None:
        deaths: deque[float] = deque(maxlen=PATIENCE)
        while True:
            code = await server.wait()
            deaths.append(time.monotonic())
            if len(deaths) == PATIENCE and deaths[-1] - deaths[0] < WITHIN_SECONDS:
                raise GaveUpError(f"{server.name} ended {PATIENCE} times in a row; its log is {server.log_file}.")
            log.warning("restarting", process=server.name, exit_code=code)
            await asyncio.sleep(min(0.05 * 2 ** len(deaths), MAX_PAUSE_SECONDS))
            await self._restart(server)
            self._on_restart()

    async def _restart(self, server: Server) -> None:
        try:
            await server.start()
        except Exception as error:
            # It is dead again; the next wait() counts that.
            log.warning("restart failed", process=server.name, error=str(error))
