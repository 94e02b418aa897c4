"""NATS has no room left: views go on, the ledger waits, and nothing is missing once there is room again."""

from __future__ import annotations

import pytest

from services.metering.domain.views import MAX_BATCH
from services.metering.rebuild import compare
from services.metering.recovery import Recovery
from services.standalone.servers import NatsServer
from tests.metering_stores import claim, guest, metering, relayed, until

ROOM = 64 * 1024
# What has not reached the ledger by then does not, on a machine that tests share, either.
FULL_SECONDS = 6.0


class SmallNats(NatsServer):
    """Has room for `room` bytes of streams; none: as much as the disk."""

    room = ROOM

    def command(self) -> list[str]:
        command = super().command()
        config = self.store / "nats.conf"
        if self.room:
            config.write_text(config.read_text().replace("jetstream {", f"jetstream {{ max_file_store: {self.room},"))
        return command


@pytest.fixture
async def nats_server(tmp_path):
    server = SmallNats(tmp_path / "nats")
    await server.start()
    yield server
    await server.stop()


async def test_views_go_on_and_the_ledger_gets_them_later(store, bus, ledger, nats_server):
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        views = await _until_full(store, recovery)
        waiting = (await store.status()).waiting
        assert waiting
        await store.consume([claim(guest())])
        assert (await store.status()).waiting == waiting + 1

        nats_server.room = 0
        await nats_server.stop()
        await nats_server.start()
        await until(lambda: relayed(store), 90)
    assert [entry.sequence async for piece in ledger.read(0) for entry in piece] == list(range(1, views + 2))
    assert not await compare(store, ledger)


async def _until_full(store, recovery: Recovery) -> int:
    """Grants views until the ledger takes no more; how many."""
    granted = 0
    for _ in range(200):
        await store.consume([claim(guest()) for _ in range(MAX_BATCH)])
        granted += MAX_BATCH
        try:
            await until(lambda: relayed(store), FULL_SECONDS)
        except TimeoutError:
            assert await recovery.is_verified()
            return granted
    raise AssertionError("it never fills up")
