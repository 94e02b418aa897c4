"""`medcodes metering rebuild` and `verify`."""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner

from services.metering.cli import metering as command
from services.metering.ports import LedgerDamaged
from services.metering.rebuild import compare, rebuild
from services.metering.recovery import recover
from services.metering.relay import Relay
from tests.integration.metering.load import Load
from tests.metering_stores import claim, guest, metering, relayed, until


@pytest.mark.alone  # no call may take longer than the store's patience
async def test_rebuilds_under_load(store, bus, ledger):
    load, seen = Load(store), []
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        async with load.running():
            await load.more(600)
            for _ in range(3):
                await rebuild(store, ledger, lambda done, total: seen.append((done, total)))
                assert not await compare(store, ledger)
            await load.more()
        await until(lambda: relayed(store))
    assert load.unknown == 0
    # None is done yet where the ledger has none of them, and they are too many for the step that swaps.
    assert all(0 <= done <= total for done, total in seen)
    assert seen[-1][0] >= 600
    assert (await store.status()).generation == 4
    await load.check()
    assert not await compare(store, ledger)
    keys = [key async for key in store._client.scan_iter("{m}:*:s:*")]
    assert all(key.startswith("{m}:4:") for key in keys)


async def test_rebuilds_without_a_relay(store, ledger, announcer):
    """What is not yet relayed comes from the store's own stream."""
    await recover(store, ledger)
    subjects = [guest() for _ in range(128)]
    for _ in range(5):
        await store.consume([claim(subject, str(len(subjects) + _), limit=None) for subject in subjects])
    await Relay(store, ledger, announcer).relay(await ledger.tail())
    rebuilt = await rebuild(store, ledger)
    assert rebuilt.entries == 640
    assert [(await store.meter(subject, None)).used for subject in subjects] == [5] * 128
    assert not await compare(store, ledger)


async def test_rebuild_mends_grants_that_were_damaged(store, bus, ledger):
    subjects = sorted(guest() for _ in range(4))
    await recover(store, ledger)
    await store.consume([claim(subject) for subject in subjects])
    raw = store._client
    await raw.delete("{m}:1:s:" + subjects[0])
    await raw.hset("{m}:1:s:" + subjects[1], "cpt:27250", "1|other")
    await raw.hset("{m}:1:s:" + subjects[2], "cpt:99213", "1|other")
    await raw.hset("{m}:1:s:g.stranger", "cpt:99213", "1|other")
    assert sorted(await compare(store, ledger)) == sorted(
        [
            f"{subjects[0]} lacks cpt:27250",
            f"{subjects[1]} holds cpt:27250 with another time or request id than the ledger",
            f"{subjects[2]} holds cpt:99213, which the ledger does not have",
            "g.stranger is not in the ledger, with 1 grants",
        ]
    )
    await rebuild(store, ledger)
    assert not await compare(store, ledger)


async def test_damaged_ledger_changes_nothing(store, ledger):
    await recover(store, ledger)
    subject = guest()
    await store.consume([claim(subject)])
    await store.consume([claim(guest()) for _ in range(4)])
    run, entries = await store.pending(0, 10)
    await ledger.append(entries[2:], await ledger.tail())
    await store.trim(run, 5)
    with pytest.raises(LedgerDamaged):
        await rebuild(store, ledger)
    assert (await store.status()).generation == 1
    assert len(await store.views(subject)) == 1


async def test_commands(store, ledger, nats_server, valkey_server, monkeypatch, tmp_path):
    await recover(store, ledger)
    subject = guest()
    await store.consume([claim(subject)])
    monkeypatch.setenv("MEDCODES_NATS_URL", nats_server.url)
    monkeypatch.setenv("MEDCODES_VALKEY_URL", valkey_server.url)
    monkeypatch.setenv("MEDCODES_STATE_DIR", str(tmp_path))

    async def invoke(*arguments: str):
        return await asyncio.to_thread(CliRunner().invoke, command, arguments)

    assert "equal" in (await invoke("verify")).output
    await store._client.delete("{m}:1:s:" + subject)
    result = await invoke("verify")
    assert result.exit_code == 1
    assert f"{subject} lacks cpt:27250" in result.output
    assert "1 ledger entries replayed; generation 2" in (await invoke("rebuild")).output
    assert (await invoke("verify")).exit_code == 0
    valkey_server.kill()
    await valkey_server.wait()
    result = await invoke("rebuild")
    assert result.exit_code == 1
    assert "the store does not answer" in result.output
