"""The suite can see: in each of five broken meters it finds a violation within a few schedules."""

from __future__ import annotations

import pytest

from tests.faults.broken import VARIANTS
from tests.faults.trial import trials

SCHEDULES = 4
SECONDS = 4.0
# What must give the fault away; it may break other rules, too.
RULES = {
    "check_and_grant_apart": "allowance",
    "answer_before_write": "survival",
    "retry_charged": "retry",
    "merge_twice": "merge",
    "trim_before_publishing": "evidence",
}


@pytest.mark.alone
@pytest.mark.timeout(300)
async def test_a_violation_is_found_in_every_broken_variant(seed_state, tmp_path):
    missed = []
    async with trials(seed_state, tmp_path / "state") as trial:
        for variant in VARIANTS:
            await trial.cluster.begin_anew(f"tests.faults.broken.{variant}")
            found: set[str] = set()
            for seed in range(SCHEDULES):
                result = await trial.run(seed, SECONDS)
                print(variant, result)
                found |= {violation.rule for violation in result.violations}
                if RULES[variant] in found:
                    break
            else:
                missed.append((variant, found))
    assert not missed
