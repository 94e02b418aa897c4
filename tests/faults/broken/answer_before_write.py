"""A view is answered as granted, and written a moment later: what dies in between has granted nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from services import cli
from services.metering import app
from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.domain.views import Claim, Decision, Outcome
from services.metering.ports import Decisions, MeterUnavailable

WRITE_SECONDS = 0.1


class AnswerThenWrite(ValkeyStore):
    _writing: set[asyncio.Task[None]]

    async def start(self) -> None:
        self._writing = set()

    async def consume(self, claims: Sequence[Claim]) -> Decisions:
        checked = await super().consume([claim._replace(look_only=True) for claim in claims])
        new = [
            claim
            for claim, decision in zip(claims, checked.decisions, strict=True)
            if decision.outcome == Outcome.NOT_YET and not claim.look_only
        ]
        if new:
            task = asyncio.create_task(self._write_later(new))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        decisions = [
            _as_granted(decision, checked.as_of_ms) if claim in new else decision
            for claim, decision in zip(claims, checked.decisions, strict=True)
        ]
        return Decisions(checked.as_of_ms, decisions)

    async def _write_later(self, claims: Sequence[Claim]) -> None:
        await asyncio.sleep(WRITE_SECONDS)
        with contextlib.suppress(MeterUnavailable):
            await super().consume(claims)


def _as_granted(decision: Decision, now_ms: int) -> Decision:
    return decision._replace(outcome=Outcome.GRANTED.value, charged=True, used=decision.used + 1, granted_at_ms=now_ms)


if __name__ == "__main__":
    app.ValkeyStore = AnswerThenWrite  # type: ignore[misc]
    cli.main()
