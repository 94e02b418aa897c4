"""A stream is read ahead within bounds, fails in its place, and leaves nothing behind."""

from __future__ import annotations

import asyncio

import pytest

from services.search.adapters.made_ahead import made_ahead


class Numbers:
    """Counts what was made of it; fails instead of making the number `failing`."""

    def __init__(self, failing: int = 1000):
        self.made, self.failing = 0, failing

    async def stream(self):
        while self.made < 20:
            if self.made == self.failing:
                raise ValueError("no more")
            self.made += 1
            yield self.made


async def test_all_come_in_order():
    async with made_ahead(Numbers().stream(), 3) as ahead:
        assert [number async for number in ahead] == list(range(1, 21))


async def test_no_more_are_made_than_may_be_before_one_is_taken():
    numbers = Numbers()
    async with made_ahead(numbers.stream(), 3) as ahead:
        for taken in range(1, 10):
            assert await anext(ahead) == taken
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            # Three are ready, and one more waits for its place.
            assert taken < numbers.made <= taken + 4


async def test_an_error_comes_behind_what_was_made_before_it():
    taken = []
    async with made_ahead(Numbers(failing=5).stream(), 3) as ahead:
        with pytest.raises(ValueError, match="no more"):
            async for number in ahead:
                taken.append(number)
    assert taken == [1, 2, 3, 4, 5]


async def test_who_stops_early_leaves_no_task():
    before = asyncio.all_tasks()
    with pytest.raises(KeyError):
        async with made_ahead(Numbers().stream(), 3) as ahead:
            await anext(ahead)
            raise KeyError
    assert asyncio.all_tasks() == before
