"""Starts the servers of a test: as processes, or in containers with the same interface."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from services.standalone.opensearch_server import OpenSearchServer
from services.standalone.servers import LOOPBACK, NatsServer, Server, ValkeyServer


class QuickOpenSearch(OpenSearchServer):
    """Without the better compiler of two, which takes more time than it saves in the minutes that tests take."""

    java_options = ("-XX:TieredStopAtLevel=1",)


IMAGES = {
    NatsServer: ("MEDCODES_TEST_NATS_IMAGE", "nats:2-alpine"),
    ValkeyServer: ("MEDCODES_TEST_VALKEY_IMAGE", "valkey/valkey:9"),
    QuickOpenSearch: ("MEDCODES_TEST_OPENSEARCH_IMAGE", "opensearchproject/opensearch:3"),
}

# No TLS and no password on loopback.
CONTAINER_ENVIRONMENT = {
    "opensearch": {
        "DISABLE_SECURITY_PLUGIN": "true",
        "DISABLE_INSTALL_DEMO_CONFIG": "true",
        "OPENSEARCH_JAVA_OPTS": "-Xms256m -Xmx512m",
    }
}


def kind() -> str:
    return os.environ.get("MEDCODES_TEST_SERVERS", "processes")


@contextlib.asynccontextmanager
async def running(server_type: type[Server], store: Path) -> AsyncIterator[Server]:
    server = server_type(store) if kind() == "processes" else _in_container(server_type, store)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def _in_container(server_type: type[Server], store: Path) -> Server:
    class Contained(ContainerServer, server_type):  # type: ignore[misc, valid-type]
        pass

    variable, default = IMAGES[server_type]
    return Contained(store, os.environ.get(variable) or default)


class ContainerServer(Server):
    """A server in a container of its own, on a mapped port that stays the same; `kill` is SIGKILL to its process."""

    def __init__(self, store: Path, image: str) -> None:
        super().__init__(store)
        self._image = image
        self._container = None
        self._up = False

    @property
    def running(self) -> bool:
        return self._up

    @property
    def pid(self) -> int:
        if self._container is None:
            return 0
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        return int(wrapped.attrs["State"]["Pid"])

    async def start(self) -> None:
        await asyncio.to_thread(self._start)
        self._up = True
        await asyncio.wait_for(self._until_ready(), max(30, self.start_seconds))

    async def stop(self) -> None:
        self._up = False
        if self._container is not None:
            await asyncio.to_thread(self._container.stop)
            self._container = None

    def kill(self) -> None:
        if self._up:
            self._container.get_wrapped_container().kill("SIGKILL")
            self._up = False

    async def wait(self) -> int:
        result = await asyncio.to_thread(self._container.get_wrapped_container().wait)
        return int(result["StatusCode"])

    def _start(self) -> None:
        if self._container is not None:
            self._container.get_wrapped_container().start()
            return
        from testcontainers.core.container import DockerContainer

        self._container = DockerContainer(self._image).with_command(self._command_line())
        for name, value in CONTAINER_ENVIRONMENT.get(self.scheme, {}).items():
            self._container.with_env(name, value)
        self._container.ports[self.port] = (LOOPBACK, self.port)
        self._container.start()

    def _command_line(self) -> str:
        """The settings that the process has, listening for the mapped port; data goes with the container."""
        if self.scheme == "nats":
            return f"nats-server -p {self.port} -js -sd /tmp/data"
        if self.scheme == "opensearch":
            return f"opensearch -Ehttp.port={self.port} -Enetwork.host=0.0.0.0 -Ediscovery.type=single-node"
        return f"valkey-server --port {self.port} --dir /tmp --appendonly yes --appendfsync always --protected-mode no"
