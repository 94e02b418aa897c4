"""A whole Medcodes on this machine, started as its users start it, for the tests that go through HTTP or a browser."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import psutil

from services.common import endpoints
from services.gateway.members.sessions import KEPT_SECONDS
from services.standalone.ports import free_port

ROOT = Path(__file__).parent.parent
START_SECONDS = 180.0
HEARD_SECONDS = KEPT_SECONDS / 2
"""For what a gateway hears of a session: half of what one that does not hear of it would remember it for."""
# What every machine is set to, unless its test sets something else. Tests beside it make it slow, and it would turn
# visitors away for that.
PATIENCE = {
    "MEDCODES_METERING_WAIT_SECONDS": "30",
    "MEDCODES_MAX_LAG_SECONDS": "30",
    "MEDCODES_SHELF_SECONDS": "30",
}
# For what is about turning visitors away.
AS_SHIPPED: Mapping[str, str | None] = dict.fromkeys(PATIENCE)
# In a run of tests: builds of indexes do not give way to what runs beside them, because tests wait for them.
HASTE = {"MEDCODES_INDEX_NICENESS": "0"}
STARTED: list[Path] = []
"""The state folders of all machines that were started, whose logs are searched for secrets when a run of tests ends."""


class Machine:
    """`medcodes up` on a state folder of its own and a free port. A setting that is None is left as it is shipped."""

    def __init__(
        self, state_dir: Path, settings: Mapping[str, str | None] | None = None, arguments: tuple[str, ...] = ()
    ):
        self.state_dir = state_dir
        self.port = free_port()
        self.output = state_dir.parent / f"{state_dir.name}.up.log"
        self._settings = dict(settings or {})
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def environment(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("MEDCODES_") or name in HASTE
        }
        own = {"MEDCODES_STATE_DIR": str(self.state_dir), "MEDCODES_START_SECONDS": str(START_SECONDS)}
        known = {**inherited, **PATIENCE, **own, **self._settings}
        return {name: value for name, value in known.items() if value is not None}

    def start(self) -> None:
        """Returns once `up` has said that it is ready."""
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services", "up", "--http-port", str(self.port), *self._arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        began, said_before = time.monotonic(), self.said().count("Medcodes is ready")
        while self.said().count("Medcodes is ready") == said_before:
            if self._process.poll() is not None:
                raise AssertionError(f"medcodes up ended with {self._process.returncode}:\n{self.said()}")
            if time.monotonic() - began > START_SECONDS:
                self.stop()
                raise AssertionError(f"medcodes up was not ready in time:\n{self.said()}")
            time.sleep(0.05)
        STARTED.append(self.state_dir)

    def stop(self) -> int:
        """SIGTERM; the exit code. Whatever is left afterwards is killed."""
        if self._process is None:
            return 0
        left = [self._process.pid, *self.pids().values()]
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(60)
        except subprocess.TimeoutExpired:
            code = -1
            for pid in left:
                with contextlib.suppress(psutil.Error):
                    psutil.Process(pid).kill()
            self._process.wait(10)
        self._process = None
        return code

    def said(self) -> str:
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def endpoint(self, name: str) -> str:
        return endpoints.load(self.state_dir)[name]["url"]

    def pids(self) -> dict[str, int]:
        return {name: found["pid"] for name, found in endpoints.load(self.state_dir).items()}

    def kill(self, name: str) -> None:
        """SIGKILL to one of its servers or services; `up` starts it again."""
        os.kill(self.pids()[name], signal.SIGKILL)

    def command(self, *arguments: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """Runs another `medcodes` command on this machine's state folder."""
        return subprocess.run(
            [sys.executable, "-m", "services", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def client(self, **options: object) -> httpx.Client:
        """A visitor with a cookie jar of its own."""
        return httpx.Client(base_url=self.url, timeout=30, **options)

    def until_search_answers(self, query: str = "hip", seconds: float = 120) -> None:
        with self.client() as client:
            began = time.monotonic()
            while not client.get("/api/v1/search", params={"q": query}).json().get("results"):
                if time.monotonic() - began > seconds:
                    raise AssertionError("search has no index")
                time.sleep(0.2)


@contextlib.contextmanager
def running(
    state_dir: Path, settings: Mapping[str, str | None] | None = None, arguments: tuple[str, ...] = ()
) -> Iterator[Machine]:
    machine = Machine(state_dir, settings, arguments)
    try:
        machine.start()
        yield machine
    finally:
        machine.stop()


def copy_state(seed: Path, target: Path) -> Path:
    """A state folder like `seed`, whose machine has stopped, so that a test need not build a release again."""
    shutil.copytree(seed, target, ignore=shutil.ignore_patterns("lock", "endpoints.json", "logs"))
    return target
