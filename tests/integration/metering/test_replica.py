"""With a replica of Valkey: an answer waits until the replica has it on disk, and a failover loses nothing."""

from __future__ import annotations

import pytest

from services.metering.adapters.valkey_store import ValkeyStore
from services.metering.domain.views import Outcome
from services.metering.ports import MeterUnavailable
from services.metering.rebuild import compare
from services.metering.recovery import recover
from services.standalone.servers import ValkeyServer
from tests.metering_stores import STORE_SECONDS, account, account_claim, claim, guest, metering, relayed, terms, until


@pytest.fixture
async def valkey_server(tmp_path):
    """A process in every case: a replica in a container would not reach its primary on loopback."""
    server = ValkeyServer(tmp_path / "valkey")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def replica(valkey_server, tmp_path):
    server = ValkeyServer(tmp_path / "replica")
    await server.start()
    try:
        primary, store = ValkeyStore(valkey_server.url), ValkeyStore(server.url)
        await primary._client.config_set("repl-diskless-sync-delay", 0)
        await primary.stop()
        await store._client.replicaof("127.0.0.1", valkey_server.port)

        async def linked() -> bool:
            return (await store._client.info("replication"))["master_link_status"] == "up"

        await until(linked)
        await store.stop()
        yield server
    finally:
        await server.stop()


@pytest.fixture
async def impatient_store(valkey_server, replica):
    """The same, where nothing is to be waited for."""
    store = ValkeyStore(valkey_server.url, synced_replicas=1, timeout=2)
    yield store
    await store.stop()


@pytest.fixture
async def synced_store(valkey_server, replica):
    store = ValkeyStore(valkey_server.url, synced_replicas=1, timeout=STORE_SECONDS)
    yield store
    await store.stop()


async def test_answer_that_no_replica_has_is_unknown(synced_store, impatient_store, ledger, replica):
    await recover(synced_store, ledger)
    subject = guest()
    assert (await synced_store.consume([claim(subject, request_id="once")])).decisions[0].charged
    replica.kill()
    await replica.wait()
    with pytest.raises(MeterUnavailable):
        await impatient_store.consume([claim(guest())])
    # A repeated answer waits as well: another connection may have written what no replica has.
    with pytest.raises(MeterUnavailable):
        await impatient_store.consume([claim(subject, request_id="once")])
    for change in (impatient_store.merge(account(), terms(subject)), impatient_store.erase(account())):
        with pytest.raises(MeterUnavailable):
            await change


async def test_failover_keeps_every_grant(synced_store, ledger, bus, valkey_server, replica):
    await recover(synced_store, ledger)
    subjects = [guest() for _ in range(128)]
    await synced_store.consume([claim(subject, request_id="once") for subject in subjects])
    merged, erased = account(), account()
    assert await synced_store.merge(merged, terms(subjects[0])) == 1
    assert await synced_store.erase(erased)
    valkey_server.kill()
    await valkey_server.wait()
    promoted = ValkeyStore(replica.url, timeout=STORE_SECONDS)
    await promoted._client.replicaof("NO", "ONE")
    with pytest.raises(MeterUnavailable):
        await promoted.consume([claim(subjects[0])])
    async with metering(promoted, bus) as recovery:
        await until(recovery.is_verified)
        for subject in subjects:
            first, second = (
                await promoted.consume([claim(subject, request_id="once"), claim(subject, "99213")])
            ).decisions
            assert (first.charged, second.outcome) == (True, Outcome.REFUSED)
        assert [view.copied for view in await promoted.views(merged)] == [True]
        assert (await promoted.consume([account_claim(erased)])).decisions[0].outcome == Outcome.ERASED
        await until(lambda: relayed(promoted))
    assert not await compare(promoted, ledger)
    await promoted.stop()
