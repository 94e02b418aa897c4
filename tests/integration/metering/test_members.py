"""Accounts come and go while servers are killed: merges once, erased for good, and the ledger gives the same state."""

from __future__ import annotations

import pytest

from services.metering.domain.views import EntryKind
from services.metering.ports import NotVerified
from services.metering.rebuild import all_entries, compare, rebuild
from services.metering.recovery import recover
from tests.integration.metering.member_load import MemberLoad
from tests.metering_stores import account, account_claim, claim, guest, metering, relayed, terms, until

SEED = 27252


async def test_members_while_valkey_and_nats_are_killed(store, bus, ledger, valkey_server, nats_server):
    load = MemberLoad(store, SEED)
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        async with load.running():
            for server in (valkey_server, nats_server, valkey_server):
                await load.more()
                server.kill()
                await server.wait()
                await server.start()
            await load.more()
        await until(lambda: relayed(store))
    assert load.unknown > 0
    assert load.erased
    await load.check()
    assert await compare(store, ledger) == []
    entries = [entry async for piece in all_entries(store, ledger) for entry in piece]
    erased = [entry.subject for entry in entries if entry.kind == EntryKind.ERASED]
    assert len(erased) == len(set(erased))
    assert load.erased <= set(erased)
    copied = [entry.subject for entry in entries if entry.kind == EntryKind.COPIED]
    assert len(load.members) >= len(copied) == len(set(copied)) > 0
    await rebuild(store, ledger)
    await load.check()
    assert await compare(store, ledger) == []


@pytest.mark.alone  # no call may take longer than the store's patience
async def test_rebuilds_while_members_come_and_go(store, bus, ledger):
    load = MemberLoad(store, SEED + 1)
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        async with load.running():
            for _ in range(4):
                await load.more(150)
                await rebuild(store, ledger)
                assert await compare(store, ledger) == []
        await until(lambda: relayed(store))
    assert load.unknown == 0
    await load.check()
    assert await compare(store, ledger) == []


async def test_valkey_that_lost_everything_gets_every_kind_back(store, bus, ledger, valkey_server):
    load = MemberLoad(store, SEED + 2)
    async with metering(store, bus) as recovery:
        await until(recovery.is_verified)
        async with load.running():
            await load.more(300)
        await until(lambda: relayed(store))
        before = {subject: holding async for subject, holding in store.subjects()}
        await store._client.flushall()
        valkey_server.kill()
        await valkey_server.wait()
        await valkey_server.start()
        with pytest.raises(NotVerified):
            await store.consume([claim(guest())])
        await until(recovery.is_verified)
    assert {subject: holding async for subject, holding in store.subjects()} == before
    await load.check()


async def test_differences_of_every_kind_are_said(store, ledger):
    visitor, member, gone, other = guest(), account(), account(), account()
    await recover(store, ledger)
    await store.consume([claim(visitor), account_claim(member, "1", on=terms(visitor)), account_claim(other)])
    await store.erase(gone)
    raw = store._client
    await raw.hdel(f"{{m}}:1:s:{visitor}", "!")
    grant = await raw.hget(f"{{m}}:1:s:{member}", "cpt:27250")
    await raw.hset(f"{{m}}:1:s:{member}", mapping={"cpt:27250": grant.removesuffix("c"), "!": "0|0|"})
    await raw.delete(f"{{m}}:1:s:{gone}")
    await raw.hset(f"{{m}}:1:s:{other}", "!", "0|0|m")
    assert sorted(await compare(store, ledger)) == sorted(
        [
            f"{visitor} is sealed in the ledger, but not in the store",
            f"{member} holds cpt:27250 with another end than the ledger, or not as the copy that it is",
            f"{member} is merged with its guest in the ledger, but not in the store",
            f"{gone} is erased in the ledger, but not in the store",
            f"{other} is merged with its guest, but not in the ledger",
        ]
    )
    await rebuild(store, ledger)
    assert await compare(store, ledger) == []


async def test_entries_that_should_not_be_are_said(store, ledger):
    """What a broken version could have written: a second merge, a view of one that is sealed, of one that is erased."""
    visitor, member, gone = guest(), account(), account()
    await recover(store, ledger)
    await store.consume([claim(visitor), account_claim(member, "27250", on=terms(visitor)), account_claim(gone)])
    await store.erase(gone)
    entries = [entry async for piece in all_entries(store, ledger) for entry in piece]
    granted, copied, merged, gones, _ = entries
    wrong = [granted._replace(page="cpt:2"), copied, merged, gones]
    wrong = [entry._replace(sequence=number) for number, entry in enumerate(wrong, 6)]
    await ledger.append([*entries, *wrong], await ledger.tail())
    await store.replay(wrong)
    found = await compare(store, ledger)
    assert f"{visitor} was sealed, and granted cpt:2 as 6" in found
    assert f"{member} was granted cpt:27250 twice, the second time as 7" in found
    assert f"{member} was merged twice, the second time as 8" in found
    assert f"{visitor} was copied twice, the second time as 8" in found
    assert f"{gone} was erased, and entry 9 is about it again" in found
