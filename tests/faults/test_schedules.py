"""Ten fixed schedules of faults, and those that once found something: no history breaks a rule."""

from __future__ import annotations

import pytest

from tests.faults.seeds import always
from tests.faults.trial import trials

# Less would mean that the clients hardly got anywhere, and that nothing was tested.
LEAST_GRANTED = 100


@pytest.mark.alone
@pytest.mark.timeout(600)
async def test_no_history_breaks_a_rule(seed_state, tmp_path):
    failed, granted = {}, 0
    async with trials(seed_state, tmp_path / "state") as trial:
        for seed in always():
            result = await trial.run(seed)
            print(result)
            granted += result.statuses[200]
            if result.violations:
                failed[seed] = result.violations
                await trial.cluster.begin_anew()
        owed = await trial.owed()
    assert not failed
    assert not owed
    assert granted > LEAST_GRANTED * len(always())
