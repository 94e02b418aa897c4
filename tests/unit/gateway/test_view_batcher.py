"""The batcher: everybody who waits goes along, everybody gets their own answer."""

from __future__ import annotations

import asyncio

import pytest
from medcodes.metering.v1 import metering_pb2 as pb

from services.common.errors import Unavailable
from services.gateway.adapters.view_batcher import BATCH, LATE_SECONDS, WORTH_A_CALL, ViewBatcher


class Calls:
    """Answers each view with its number as `used`; fails the first `failures` calls; waits for `gate`."""

    def __init__(self, failures=0, *, retried=False):
        self.batches, self.failures, self.retried = [], failures, retried
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, views):
        self.batches.append([view.request_id for view in views])
        await self.gate.wait()
        if len(self.batches) <= self.failures:
            raise Unavailable("away")
        return [pb.ViewResult(meter=pb.Meter(used=int(view.request_id)), retried=self.retried) for view in views]


def view(number: int) -> pb.ViewRequest:
    return pb.ViewRequest(request_id=str(number))


async def test_views_of_one_turn_travel_together_and_get_their_own_answers():
    calls = Calls()
    batcher = ViewBatcher(calls, calls=1, queue=1000, patience=60)
    results = await asyncio.gather(*(batcher.consume(view(number)) for number in range(50)))
    assert [result.meter.used for result in results] == list(range(50))
    assert len(calls.batches) == 1


async def test_a_batch_has_at_most_128_views():
    calls = Calls()
    batcher = ViewBatcher(calls, calls=1, queue=1000, patience=60)
    await asyncio.gather(*(batcher.consume(view(number)) for number in range(300)))
    assert [len(batch) for batch in calls.batches] == [BATCH, BATCH, 300 - 2 * BATCH]


async def test_what_arrives_during_a_call_waits_for_the_next_one():
    calls = Calls()
    calls.gate.clear()
    batcher = ViewBatcher(calls, calls=1, queue=1000, patience=60)
    first = batcher.consume(view(0))
    await asyncio.sleep(0.01)
    rest = [batcher.consume(view(number)) for number in range(1, 6)]
    await asyncio.sleep(0.01)
    assert calls.batches == [["0"]]
    calls.gate.set()
    await asyncio.gather(first, *rest)
    assert calls.batches == [["0"], ["1", "2", "3", "4", "5"]]


async def test_no_more_calls_are_under_way_than_allowed():
    calls = Calls()
    calls.gate.clear()
    batcher = ViewBatcher(calls, calls=2, queue=1000, patience=60)
    waiting = []
    for number in range(4):
        waiting.append(batcher.consume(view(number)))
        await asyncio.sleep(2 * LATE_SECONDS)
    assert len(calls.batches) == 2
    calls.gate.set()
    await asyncio.gather(*waiting)


async def test_beside_a_call_only_enough_views_are_worth_another_one():
    calls = Calls()
    calls.gate.clear()
    batcher = ViewBatcher(calls, calls=2, queue=1000, patience=60)
    waiting = [batcher.consume(view(0))]
    await asyncio.sleep(0)
    waiting += [batcher.consume(view(number)) for number in range(1, WORTH_A_CALL)]
    for _ in range(3):
        await asyncio.sleep(0)
    assert len(calls.batches) == 1
    waiting.append(batcher.consume(view(WORTH_A_CALL)))
    for _ in range(3):
        await asyncio.sleep(0)
    assert [len(batch) for batch in calls.batches] == [1, WORTH_A_CALL]
    calls.gate.set()
    await asyncio.gather(*waiting)


async def test_a_view_does_not_wait_for_a_call_that_is_late():
    calls = Calls()
    calls.gate.clear()
    batcher = ViewBatcher(calls, calls=2, queue=1000, patience=60)
    first = batcher.consume(view(0))
    await asyncio.sleep(0)
    second = batcher.consume(view(1))
    await asyncio.sleep(3 * LATE_SECONDS)
    assert calls.batches == [["0"], ["1"]]
    calls.gate.set()
    await asyncio.gather(first, second)


async def test_a_visitor_who_leaves_takes_nobody_along():
    calls = Calls()
    calls.gate.clear()
    batcher = ViewBatcher(calls, calls=1, queue=1000, patience=60)
    leaving, staying = batcher.consume(view(1)), batcher.consume(view(2))
    await asyncio.sleep(0.01)
    leaving.cancel()
    calls.gate.set()
    assert (await staying).meter.used == 2


async def test_who_left_before_the_call_is_not_asked_for():
    calls = Calls()
    batcher = ViewBatcher(calls, calls=1, queue=1000, patience=60)
    leaving, staying = batcher.consume(view(1)), batcher.consume(view(2))
    leaving.cancel()
    await staying
    assert calls.batches == [["2"]]


async def test_an_unknown_outcome_is_asked_for_once_more_with_the_same_request_ids():
    calls = Calls(failures=1)
    batcher = ViewBatcher(calls, calls=1, queue=1000, patience=60)
    assert (await batcher.consume(view(7))).meter.used == 7
    assert calls.batches == [["7"], ["7"]]


@pytest.mark.parametrize("failures", [0, 1])
async def test_a_view_that_nobody_heard_of_is_no_retry(failures):
    """The visitor's retry stays one; what only the batcher has sent twice is the first that anybody hears of."""
    result = await ViewBatcher(Calls(failures, retried=True), calls=1, queue=10, patience=60).consume(view(1))
    assert result.retried == (failures == 0)


async def test_two_failures_are_an_answer_and_the_next_batch_goes_on():
    calls = Calls(failures=2)
    batcher = ViewBatcher(calls, calls=1, queue=1000, patience=60)
    with pytest.raises(Unavailable) as raised:
        await batcher.consume(view(1))
    assert raised.value.reason == "METER_UNAVAILABLE"
    assert (await batcher.consume(view(2))).meter.used == 2


async def test_a_cancelled_call_leaves_nobody_waiting():
    async def cancelled(views):
        raise asyncio.CancelledError

    with pytest.raises(Unavailable):
        await asyncio.wait_for(ViewBatcher(cancelled, calls=1, queue=10, patience=60).consume(view(1)), 30)


async def test_an_answer_for_fewer_views_is_no_answer():
    async def short(views):
        return []

    with pytest.raises(Unavailable):
        await ViewBatcher(short, calls=1, queue=10, patience=60).consume(view(1))


async def test_too_many_waiting_are_refused_at_once():
    calls = Calls()
    calls.gate.clear()
    batcher = ViewBatcher(calls, calls=1, queue=3, patience=60)
    waiting = [batcher.consume(view(number)) for number in range(3)]
    with pytest.raises(Unavailable) as raised:
        batcher.consume(view(3))
    assert raised.value.reason == "OVERLOADED"
    calls.gate.set()
    await asyncio.gather(*waiting)


async def test_who_waits_too_long_is_refused_and_never_sent():
    calls = Calls()
    calls.gate.clear()
    batcher = ViewBatcher(calls, calls=1, queue=1000, patience=0.05)
    sent = batcher.consume(view(0))
    await asyncio.sleep(0.01)
    waiting = [batcher.consume(view(number)) for number in range(1, 4)]
    found = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 30)
    assert [error.reason for error in found] == ["OVERLOADED"] * 3
    calls.gate.set()
    assert (await sent).meter.used == 0
    assert calls.batches == [["0"]]


async def test_once_somebody_waited_too_long_others_are_refused_at_once_until_a_call_ends():
    calls = Calls()
    calls.gate.clear()
    batcher = ViewBatcher(calls, calls=1, queue=1000, patience=0.05)
    sent = batcher.consume(view(0))
    await asyncio.sleep(0.01)
    await asyncio.gather(batcher.consume(view(1)), return_exceptions=True)
    with pytest.raises(Unavailable) as raised:
        batcher.consume(view(2))
    assert raised.value.reason == "OVERLOADED"
    calls.gate.set()
    await sent
    await asyncio.sleep(0)
    assert (await batcher.consume(view(3))).meter.used == 3


async def test_who_is_sent_in_time_is_not_refused_later():
    calls = Calls()
    calls.gate.clear()
    batcher = ViewBatcher(calls, calls=1, queue=1000, patience=1.0)
    views = [batcher.consume(view(0))]
    await asyncio.sleep(0.01)
    views.append(batcher.consume(view(1)))
    calls.gate.set()
    assert [result.meter.used for result in await asyncio.gather(*views)] == [0, 1]
    await asyncio.sleep(1.1)
    assert (await batcher.consume(view(2))).meter.used == 2


async def test_draining_waits_for_everybody():
    calls = Calls()
    batcher = ViewBatcher(calls, calls=1, queue=1000, patience=60)
    waiting = [batcher.consume(view(number)) for number in range(200)]
    await batcher.drain()
    assert all(one.done() for one in waiting)
