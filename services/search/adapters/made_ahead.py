"""A stream that is read ahead of who takes it, by a bounded number of items."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TypeVar

T = TypeVar("T")


@contextlib.asynccontextmanager
async def made_ahead(items: AsyncIterator[T], most: int) -> AsyncIterator[AsyncIterator[T]]:
    """The same items, of which `most` at most are made while the one before them is being used. An error of `items` is
    raised in its place in the stream; nothing goes on behind the end of the context."""
    made: asyncio.Queue[T | _End] = asyncio.Queue(most)

    async def make() -> None:
        try:
            async for item in items:
                await made.put(item)
        except Exception as error:
            await made.put(_End(error))
        else:
            await made.put(_End())

    async def given() -> AsyncIterator[T]:
        while not isinstance(item := await made.get(), _End):
            yield item
        if item.error:
            raise item.error

    making = asyncio.create_task(make())
    try:
        yield given()
    finally:
        making.cancel()
        await asyncio.wait([making])


class _End:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
