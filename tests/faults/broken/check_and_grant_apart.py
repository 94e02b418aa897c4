"""The allowance is checked in one step and the grant written in the next: between them others are checked too."""

from __future__ import annotations

from collections.abc import Sequence

from services import cli
from services.metering import app
from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.domain.views import Claim, Outcome
from services.metering.ports import Decisions


class CheckThenGrant(ValkeyStore):
    async def consume(self, claims: Sequence[Claim]) -> Decisions:
        checked = await super().consume([claim._replace(look_only=True) for claim in claims])
        passed = [
            claim._replace(limit=None if decision.outcome == Outcome.NOT_YET and not claim.look_only else claim.limit)
            for claim, decision in zip(claims, checked.decisions, strict=True)
        ]
        granted = await super().consume(passed)
        limits = [decision.limit for decision in checked.decisions]
        decisions = [decision._replace(limit=limit) for decision, limit in zip(granted.decisions, limits, strict=True)]
        return Decisions(granted.as_of_ms, decisions)


if __name__ == "__main__":
    app.ValkeyStore = CheckThenGrant  # type: ignore[misc]
    cli.main()
