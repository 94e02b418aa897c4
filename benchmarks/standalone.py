"""What a machine at rest takes, and how soon a warm start shows its first page. Topology: `medcodes up`, sample set."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import httpx
import psutil

from benchmarks.report import Figure
from tests.machine import Machine

REST_SECONDS = 5
HOW = "medcodes up with the bundled ICD-10-CM and the sample set"


def measure(rounds: int) -> list[Figure]:
    pss, warm = [], []
    with tempfile.TemporaryDirectory() as name:
        machine = Machine(Path(name) / "state")
        machine.start()
        machine.until_search_answers()
        machine.stop()
        for _ in range(rounds):
            warm.append(_warm_start(machine))
            machine.until_search_answers()
            time.sleep(REST_SECONDS)
            pss.append(_pss_mib(machine))
            machine.stop()
    return [
        Figure("standalone_pss_mib", pss, 600, HOW + ", every process, 5 s at rest", at_most=True),
        Figure("warm_start_s", warm, 5, HOW + ", from the command to the first page", at_most=True),
    ]


def _warm_start(machine: Machine) -> float:
    began = time.perf_counter()
    machine.start()
    with machine.client() as client:
        answer = client.get("/codes/cpt/27250")
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(f"the first page was answered with {answer.status_code}")
    return time.perf_counter() - began


def _pss_mib(machine: Machine) -> float:
    """Proportional set size of `up` and all its children; resident size where the system has no PSS (macOS)."""
    processes = [psutil.Process(machine.pid), *psutil.Process(machine.pid).children(recursive=True)]
    found = [process.memory_full_info() for process in processes]
    return sum(getattr(memory, "pss", memory.rss) for memory in found) / 2**20
