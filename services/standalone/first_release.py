"""The release that a machine starts with, and the one that follows when the files change."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from .state import fingerprint

CATALOG = Path(__file__).parent.parent / "catalog"


def sources_fingerprint(data: Path | None) -> str:
    """Changes when the folder of downloads, the sample set, the bundled ICD-10-CM files or the program that reads
    them change, so that an update of Medcodes builds its release anew."""
    folders = [CATALOG, *([data.absolute()] if data else [])]
    return fingerprint(folders, [version("simple-icd-10-cm"), version("medcodes"), str(data or "")])


async def import_release(data: Path | None, environment: Mapping[str, str]) -> bool:
    """Builds and publishes a release in a process of its own, which shows its progress on this terminal.

    False if it failed; it has said why, and the release before it stays.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services",
        "data",
        "import",
        *([str(data)] if data else []),
        stdin=asyncio.subprocess.DEVNULL,
        env={**os.environ, **environment},
        start_new_session=True,
    )
    try:
        return await process.wait() == 0
    except asyncio.CancelledError:
        process.send_signal(signal.SIGTERM)
        await process.wait()
        raise
