"""One OpenSearch for a whole run of tests: a node takes seconds and half a gigabyte to start.

Whoever asks first starts it, in a process that ends it when the run does, however that ends:
`python -m tests.shared_opensearch RESULT OWNER` writes its address, or why there is none, into a file.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
import pytest

from services.standalone.servers import ServerError
from tests import servers, workers
from tests.machine import ROOT

# The first start on a machine fetches the server.
START_SECONDS = 900.0


class Shared(NamedTuple):
    port: int

    def new_url(self) -> str:
        """The address of an empty store: a prefix that nobody else uses."""
        return f"opensearch://127.0.0.1:{self.port}/{new_prefix()}"

    def indexes(self, prefix: str) -> list[str]:
        found = httpx.get(f"http://127.0.0.1:{self.port}/_cat/indices/{prefix}-*?format=json&h=index", timeout=30)
        return [index["index"] for index in found.json()]

    def empty(self, prefix: str) -> None:
        for name in self.indexes(prefix):
            httpx.delete(f"http://127.0.0.1:{self.port}/{name}", timeout=30)


def new_prefix() -> str:
    return f"test{uuid.uuid4().hex[:12]}"


def reached(folders: pytest.TempPathFactory) -> Shared:
    """Fails the test, and every other one that needs it, with what is missing."""
    result = json.loads(workers.made_once(folders, "opensearch", _start).read_text())
    if "error" in result:
        pytest.fail(result["error"], pytrace=False)
    return Shared(result["port"])


def _start(folder: Path) -> Path:
    result = folder / "result.json"
    with (folder / "keeper.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.shared_opensearch", str(result), os.environ[workers.OWNER]],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    ends = time.monotonic() + START_SECONDS
    while not result.exists():
        if keeper.poll() is not None or time.monotonic() > ends:
            result.write_text(json.dumps({"error": f"no OpenSearch: {(folder / 'keeper.log').read_text()[-2000:]}"}))
        time.sleep(0.05)
    return result


async def _keep(result: Path, owner: int) -> None:
    with tempfile.TemporaryDirectory(prefix="medcodes-opensearch-", ignore_cleanup_errors=True) as folder:
        try:
            async with servers.running(servers.QuickOpenSearch, Path(folder)) as server:
                _write(result, {"port": server.port})
                while _runs(owner):
                    await asyncio.sleep(0.2)
        except ServerError as error:
            _write(result, {"error": str(error)})


def _write(result: Path, said: dict[str, object]) -> None:
    draft = result.with_suffix(".draft")
    draft.write_text(json.dumps(said))
    draft.replace(result)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    asyncio.run(_keep(Path(sys.argv[1]), int(sys.argv[2])))
