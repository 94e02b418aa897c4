"""How fast official files become a release, and in how much memory. Each build is a process of its own.

The PTP table is generated: 2,500,000 rows in the official layout, four files of the practitioner table. The folder of
official downloads is the one in MEDCODES_TEST_DATA; without it its two figures are left out, and the run says so.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.report import Figure

ROWS = 2_500_000
FILES = 4
CODES = 12_000
RATIONALES = (
    "Misuse of Column Two code with Column One code",
    "Standards of medical / surgical practice",
    "CPT Manual or CMS manual coding instruction",
    "More extensive procedure",
    "Mutually exclusive procedures",
)
BUILD = """
import json, resource, sys, time
from pathlib import Path
from services.catalog.build.release import build_release
from services.catalog.importers.base import Root
began = time.perf_counter()
built = build_release([Root(Path(sys.argv[1]), "downloads")], Path(sys.argv[2]), lambda step: None)
unit = 1024 if sys.platform != "darwin" else 1
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
print(json.dumps({"seconds": time.perf_counter() - began, "peak_mib": peak, "rows": built.manifest.rows}))
"""


def measure(rounds: int) -> list[Figure]:
    figures = []
    with tempfile.TemporaryDirectory() as name:
        table = Path(name) / "ptp"
        write_ptp_table(table, ROWS)
        builds = [_build(table) for _ in range(rounds)]
        figures += [
            Figure(
                "ptp_rows_per_s", [ROWS / build["seconds"] for build in builds], 100_000, "parse, build, hash, index"
            ),
            Figure(
                "ptp_peak_mib", [build["peak_mib"] for build in builds], 256, "resident, whole process", at_most=True
            ),
        ]
    if data := os.environ.get("MEDCODES_TEST_DATA"):
        builds = [_build(Path(data)) for _ in range(rounds)]
        figures += [
            Figure("data_folder_s", [build["seconds"] for build in builds], None, "the folder of official downloads"),
            Figure("data_folder_peak_mib", [build["peak_mib"] for build in builds], None, "resident, whole process"),
        ]
    else:
        print("  MEDCODES_TEST_DATA is not set: data_folder_s and data_folder_peak_mib are left out")
    return figures


def write_ptp_table(folder: Path, rows: int) -> None:
    """Column one ascending and column two unsorted within it, as CMS files them."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(1)
    # As in the real table: some ten thousand codes, most of them on both sides, some 250 partners each.
    pool = [f"{number:05d}" for number in sorted(chance.sample(range(10_000, 99_999), CODES))]
    partners = 250
    header = (
        "Generated table, no official content\t\t\t\t\t\t\nColumn1/Column2 Edits\t\t\t\t\t\t\n"
        "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n"
        "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\n\t\t\t\t*=no data\t1=allowed\t\n\t\t\t\t\t9=not applicable\t\n"
    )
    codes = pool[: rows // partners]
    for part in range(FILES):
        with (folder / f"ccipra-v322r0-f{part + 1}.TXT").open("w") as file:
            file.write(header)
            for one in codes[part * len(codes) // FILES : (part + 1) * len(codes) // FILES]:
                for two in chance.sample(pool, partners):
                    year = chance.randrange(1996, 2026)
                    deleted = f"{year + 1}0331" if chance.random() < 0.3 else "*"
                    file.write(
                        f"{one}\t{two}\t\t{year}0101\t{deleted}\t{chance.choice('0119')}\t{chance.choice(RATIONALES)}\n"
                    )


def _build(folder: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run(
            [sys.executable, "-c", BUILD, str(folder), out], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {found['rows']:,} rows in {found['seconds']:.1f} s, {found['peak_mib']:.0f} MiB", flush=True)
    return found
