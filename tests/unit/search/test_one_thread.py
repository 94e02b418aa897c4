"""A search process reckons in one thread: what a search asks is done before another one wakes."""

from __future__ import annotations

import os
import subprocess
import sys

THREADS = """
import psutil
from services import cli
cli._build_search()
print(psutil.Process().num_threads())
"""
VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GOTO_NUM_THREADS")


def threads(**settings: str) -> int:
    inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", THREADS], env={**inherited, **settings}, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_the_search_process_has_no_thread_for_each_core():
    """Asked for two, there is one more, unless there is one core only."""
    assert threads(OPENBLAS_NUM_THREADS="2") - threads() == min(os.cpu_count() or 1, 2) - 1
