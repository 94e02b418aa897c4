"""Builds an index in a process of its own (see ports.IndexBuilds and services.search.index_build)."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import structlog
from prometheus_client import Histogram

from services.search.ports import IndexBuildError

LOG_SECONDS = 2.0
MODULE = "services.search.index_build"

log = structlog.get_logger(__name__)
_seconds = Histogram("search_index_build_seconds", "Time to build an index.", buckets=(1, 2, 5, 10, 20, 60, 300, 900))


class BuildProcess:
    def __init__(
        self, search_url: str, index_dir: Path, catalog_address: str, *, heap_mib: int, niceness: int, timeout: float
    ) -> None:
        # Not an option: what stands in a command line can be read by everybody on the machine.
        self._environment = {"MEDCODES_SEARCH_URL": search_url}
        self._options = [
            "--index-dir", str(index_dir),
            "--catalog-address", catalog_address,
            "--heap-mib", str(heap_mib),
            "--niceness", str(niceness),
            "--timeout", str(timeout),
        ]  # fmt: skip
        self._timeout = timeout

    async def build(self, release: str) -> None:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", MODULE, *self._options, "--", release,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **self._environment},
            # Ctrl-C in a terminal reaches the service, which ends the build itself.
            start_new_session=True,
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._timeout):
                last = await _follow(process, release)
                code = await process.wait()
        except TimeoutError:
            raise IndexBuildError(f"the build took longer than {self._timeout:.0f} seconds") from None
        finally:
            await _end(process)
        if code:
            raise IndexBuildError(str(last.get("error") or f"the index process ended with code {code}"))
        seconds = time.monotonic() - began
        _seconds.observe(seconds)
        log.info("index built", release=release, documents=last.get("documents"), seconds=round(seconds, 1))


async def _follow(process: asyncio.subprocess.Process, release: str) -> dict[str, object]:
    """Reads the process's reports until it closes its output, logs progress now and then; the last report."""
    assert process.stdout is not None  # noqa: S101 - it was asked for
    last: dict[str, object] = {}
    logged = time.monotonic()
    async for line in process.stdout:
        try:
            last = json.loads(line)
        except ValueError:
            continue
        if time.monotonic() - logged > LOG_SECONDS:
            logged = time.monotonic()
            log.info("index building", release=release, **last)
    return last


async def _end(process: asyncio.subprocess.Process) -> None:
    """Nothing is left of the process afterwards. It writes beside the active index only, so it may be killed."""
    if process.returncode is None:
        process.kill()
    if process.stdin:
        process.stdin.close()
    await process.wait()
