"""The relay forgets entries in the store before the ledger has acknowledged them."""

from __future__ import annotations

from services import cli
from services.metering import app
from services.metering.ports import MAX_ENTRIES, Tail
from services.metering.relay import Relay


class TrimThenPublish(Relay):
    async def relay(self, tail: Tail) -> Tail:
        _, entries = await self._store.pending(tail.through, MAX_ENTRIES)
        if entries:
            await self._store.trim(tail.run, entries[-1].sequence)
            await self._announcer.tell(entries)
            return await self._ledger.append(entries, tail)
        return await super().relay(tail)


if __name__ == "__main__":
    app.Relay = TrimThenPublish  # type: ignore[misc]
    cli.main()
