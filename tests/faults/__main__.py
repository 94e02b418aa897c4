"""`make faults`: many schedules of faults, one after the other. What is done stands in var/faults.json and is not done
again; ends with 1 if any of them found a violation, whose seed then belongs in regressions.txt."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

import structlog

from tests import machine
from tests.faults.trial import trials

VAR = machine.ROOT / "var"
RESULTS, SEED_STATE = VAR / "faults.json", VAR / "faults" / "seed"
# A cluster is begun anew after so many, so that what an earlier schedule left behind cannot hide for long.
ON_ONE_CLUSTER = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=200)
    parser.add_argument("--first", type=int, default=1, help="seed of the first one")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    done = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    wanted = range(given.first, given.first + given.schedules)
    left = [seed for seed in wanted if str(seed) not in done]
    print(f"{len(left)} of {len(wanted)} schedules are left to do; results are kept in {RESULTS}", flush=True)
    for begin in range(0, len(left), ON_ONE_CLUSTER):
        asyncio.run(_run(left[begin : begin + ON_ONE_CLUSTER], done))
    failed = [seed for seed in wanted if done[str(seed)]["violations"]]
    print(f"{len(wanted)} schedules, {len(failed)} with a violation" + (f": seeds {failed}" if failed else ""))
    raise SystemExit(1 if failed else 0)


async def _run(seeds: list[int], done: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with trials(_seed_state(), Path(folder) / "state") as trial:
            for seed in seeds:
                result = await trial.run(seed)
                print(result, flush=True)
                done[str(seed)] = result.document()
                if result.violations:
                    await trial.cluster.begin_anew()
                elif seed == seeds[-1]:
                    done[str(seed)]["violations"] += [f"{rule}: {said}" for rule, said in await trial.owed()]
                _save(done)


def _seed_state() -> Path:
    """A state folder whose machine has built a release from the sample set; made once."""
    if not SEED_STATE.exists():
        draft = SEED_STATE.with_name("draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.parent.mkdir(parents=True, exist_ok=True)
        with machine.running(draft):
            pass
        draft.rename(SEED_STATE)
    return SEED_STATE


def _save(done: dict[str, Any]) -> None:
    draft = RESULTS.with_suffix(".tmp")
    draft.write_text(json.dumps(done, indent=1) + "\n")
    draft.replace(RESULTS)


if __name__ == "__main__":
    main()
