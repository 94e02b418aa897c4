"""What every `UsageStore` promises (services/metering/ports.py). A new adapter subclasses `UsageStoreContract`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from services.metering.adapters.valkey_usage import ValkeyUsage
from services.metering.domain.usage import HOURS, Count, Kind, Report
from services.metering.ports import MeterUnavailable
from tests.metering_stores import STORE_SECONDS

DAY = 20_000
HOUR = DAY * HOURS


def report(*counts: Count, reporter: str = "", sequence: int = 1) -> Report:
    return Report(reporter or secrets.token_urlsafe(16), sequence, counts)


class UsageStoreContract:
    async def test_what_was_added_is_there_by_hour_plan_and_kind(self, store):
        counts = [
            Count(HOUR, "guest", Kind.GRANTED, 3),
            Count(HOUR + 23, "guest", Kind.GRANTED, 4),
            Count(HOUR, "guest", Kind.REPEATED, 5),
            Count(HOUR, "pro_2", Kind.GRANTED, 6),
            Count(HOUR + 24, "guest", Kind.GRANTED, 7),
        ]
        assert await store.add(report(*counts))
        assert sorted(await store.days(DAY, DAY + 1)) == sorted(counts)
        assert sorted(await store.days(DAY + 1, DAY + 5)) == counts[4:]
        assert await store.days(DAY + 2, DAY + 3) == []

    async def test_reports_of_all_replicas_add_up(self, store):
        replicas = [secrets.token_urlsafe(16) for _ in range(4)]
        one = Count(HOUR, "guest", Kind.GRANTED, 2)
        await asyncio.gather(*(store.add(report(one, reporter=name, sequence=1)) for name in replicas))
        await asyncio.gather(*(store.add(report(one, reporter=name, sequence=2)) for name in replicas))
        assert await store.days(DAY, DAY) == [one._replace(views=16)]

    async def test_a_report_counts_once_however_often_it_comes(self, store):
        first = report(Count(HOUR, "guest", Kind.GRANTED, 1))
        assert sorted(await asyncio.gather(*(store.add(first) for _ in range(5)))) == [False] * 4 + [True]
        later = first._replace(sequence=3)
        assert await store.add(later)
        assert not await store.add(first._replace(sequence=2))
        assert await store.days(DAY, DAY) == [Count(HOUR, "guest", Kind.GRANTED, 2)]


class TestValkeyUsage(UsageStoreContract):
    @pytest.fixture
    async def store(self, valkey_server) -> AsyncIterator[ValkeyUsage]:
        store = ValkeyUsage(valkey_server.url, timeout=STORE_SECONDS)
        yield store
        await store.stop()

    @pytest.fixture
    async def client(self, valkey_server) -> AsyncIterator[Redis]:
        async with Redis.from_url(valkey_server.url.replace("valkey:", "redis:")) as client:
            yield client

    async def test_it_survives_a_kill(self, store, valkey_server):
        await store.add(report(Count(HOUR, "guest", Kind.GRANTED, 3)))
        valkey_server.kill()
        await valkey_server.wait()
        with pytest.raises(MeterUnavailable):
            await store.days(DAY, DAY)
        await valkey_server.start()
        assert await store.days(DAY, DAY) == [Count(HOUR, "guest", Kind.GRANTED, 3)]

    async def test_a_day_is_small_and_ends(self, valkey_server, client):
        store = ValkeyUsage(valkey_server.url, timeout=STORE_SECONDS, max_fields=2)
        counts = [Count(HOUR, name, Kind.GRANTED, 1) for name in ("a", "b", "c", "d", "a")]
        await store.add(report(*counts))
        await store.stop()
        assert {plan: views for _, plan, _, views in await store.days(DAY, DAY)} == {"a": 2, "b": 1, "other": 2}
        keys = await client.keys("*")
        assert len(keys) == 2
        assert all(key.startswith(b"{m}:usage:") for key in keys)
        assert all([0 < await client.ttl(key) <= 91 * 24 * 3600 for key in keys])
