"""Members' history travels in batches beside their requests, and what cannot be kept is lost, not waited for."""

from __future__ import annotations

import asyncio
import contextlib

from medcodes.accounts.v1 import accounts_pb2

from services.common.errors import Unavailable
from services.gateway.members import history
from services.gateway.members.history import History
from services.gateway.members.member import member

ONE = member(accounts_pb2.Principal(account_id="account-1", session_id="session-1"))
TWO = member(accounts_pb2.Principal(account_id="account-2", session_id="session-2"))


class Told:
    def __init__(self) -> None:
        self.calls, self.searches, self.failures = [], [], 0

    async def record_views(self, views):
        if self.failures:
            self.failures -= 1
            raise Unavailable("away")
        self.calls.append([(view.account_id, view.code) for view in views])

    async def record_search(self, account_id, query):
        self.searches.append((account_id, query))


@contextlib.asynccontextmanager
async def recording(told, **options):
    found = History(told, **options)
    task = asyncio.create_task(found.record())
    yield found
    task.cancel()


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def test_views_of_several_members_are_one_call():
    told = Told()
    async with recording(told) as one:
        one.viewed(ONE, "cpt", "27250")
        one.viewed(TWO, "cpt", "27250")
        one.viewed(ONE, "cpt", "27252")
        one.searched(ONE, "hip")
        await until(lambda: told.searches)
    assert told.calls == [[("account-1", "27250"), ("account-2", "27250"), ("account-1", "27252")]]
    assert told.searches == [("account-1", "hip")]


async def test_the_same_page_within_a_minute_counts_once():
    told, now = Told(), [0.0]
    async with recording(told, clock=lambda: now[0]) as one:
        one.viewed(ONE, "cpt", "27250")
        now[0] = 59
        one.viewed(ONE, "cpt", "27250")
        await until(lambda: told.calls)
        now[0] = 61
        one.viewed(ONE, "cpt", "27250")
        await until(lambda: len(told.calls) == 2)
    assert told.calls == [[("account-1", "27250")]] * 2


async def test_a_call_has_at_most_so_many_views():
    told = Told()
    async with recording(told) as one:
        for number in range(history.BATCH + 1):
            one.viewed(ONE, "cpt", str(number))
        await until(lambda: len(told.calls) == 2)
    assert [len(call) for call in told.calls] == [history.BATCH, 1]


async def test_views_that_come_during_a_call_gather_for_the_next(monkeypatch):
    told, calling = Told(), asyncio.Event()
    record = told.record_views

    async def slowly(views):
        calling.set()
        await asyncio.sleep(0.05)
        await record(views)

    monkeypatch.setattr(told, "record_views", slowly)
    async with recording(told) as one:
        one.viewed(ONE, "cpt", "1")
        await calling.wait()
        one.viewed(ONE, "cpt", "2")
        await until(lambda: told.calls)
        one.viewed(ONE, "cpt", "3")
        await until(lambda: len(told.calls) == 2)
    assert told.calls == [[("account-1", "1")], [("account-1", "2"), ("account-1", "3")]]


async def test_what_cannot_be_kept_is_lost_and_the_next_goes_on():
    told = Told()
    told.failures = 1
    async with recording(told) as one:
        one.viewed(ONE, "cpt", "27250")
        await until(lambda: not told.failures)
        one.viewed(ONE, "cpt", "27252")
        await until(lambda: told.calls)
    assert told.calls == [[("account-1", "27252")]]


async def test_what_waits_is_bounded(monkeypatch):
    monkeypatch.setattr(history, "MAX_WAITING", 2)
    told = Told()
    async with recording(told) as one:
        for number in range(5):
            one.viewed(ONE, "cpt", str(number))
        await until(lambda: told.calls)
    assert told.calls == [[("account-1", "0"), ("account-1", "1")]]
