"""How fast an index is built, by the service's own index process, and in how much memory, for both engines.

Topology: `medcodes up --processes` with the bundled ICD-10-CM, the sample set and a node of OpenSearch beside it; the
index process reads all codes from the machine's catalog. Three rounds at most, the two engines in turn.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.report import Figure
from tests.machine import Machine, running

MOST_ROUNDS = 3
UNIT = 2**10 if sys.platform != "darwin" else 2**20
HOW = "the index process, from the catalog's stream to the complete index"


def measure(rounds: int) -> list[Figure]:
    with (
        tempfile.TemporaryDirectory() as name,
        running(Path(name) / "state", {"MEDCODES_SEARCH": "opensearch"}, arguments=("--processes",)) as medcodes,
    ):
        medcodes.until_search_answers()
        with httpx.Client(base_url=medcodes.endpoint("opensearch").replace("opensearch:", "http:")) as node:
            (index,) = node.get("/_alias/medcodes-active").json()
            release = index.split("-")[1]
            found: dict[str, list[tuple[float, float]]] = {"tantivy": [], "opensearch": []}
            for number in range(min(rounds, MOST_ROUNDS)):
                folder = Path(name) / str(number)
                found["tantivy"].append(_build(medcodes, "tantivy:", folder, release))
                found["opensearch"].append(
                    _build(medcodes, f"{medcodes.endpoint('opensearch')}/bench", folder, release)
                )
                for built in node.get("/_cat/indices/bench-*?format=json&h=index").json():
                    node.delete(f"/{built['index']}")
    return [
        figure
        for engine, builds in found.items()
        for figure in (
            Figure(f"index_{engine}_documents_per_s", [rate for rate, _ in builds], None, HOW),
            Figure(f"index_{engine}_peak_mib", [mib for _, mib in builds], None, "resident, the index process alone"),
        )
    ]


def _build(medcodes: Machine, search_url: str, folder: Path, release: str) -> tuple[float, float]:
    """Documents a second, and MiB at the most."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "services.search.index_build", release,
            "--index-dir", str(folder), "--catalog-address", medcodes.endpoint("catalog"),
        ],
        env={**os.environ, "MEDCODES_SEARCH_URL": search_url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    said = [json.loads(line) for line in process.stdout]
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.stdin.close()
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(said[-1:])
    documents = said[-1]["documents"]
    print(f"  {search_url.partition(':')[0]}: {documents:,} documents in {seconds:.1f} s", flush=True)
    return documents / seconds, usage.ru_maxrss / UNIT
