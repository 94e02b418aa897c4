from __future__ import annotations

import asyncio

import pytest

from services.gateway.adapters.joined_writes import JoinedWrites

HEAD, BODY = b"HTTP/1.1 200 OK\r\n\r\n", b"<p>a page"


class Written(asyncio.Transport):
    """Notes what reaches it."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(bytes(data))

    def close(self) -> None:
        self.pieces.append(b"closed")


@pytest.fixture
async def written() -> Written:
    return Written()


@pytest.fixture
async def transport(written: Written) -> JoinedWrites:
    return JoinedWrites(written)


async def test_a_head_and_its_body_are_one_write(transport, written):
    transport.write(HEAD)
    assert written.pieces == []
    transport.write(BODY)
    assert written.pieces == [HEAD + BODY]
    await asyncio.sleep(0)
    assert written.pieces == [HEAD + BODY]


async def test_a_head_whose_body_is_late_leaves_alone(transport, written):
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert written.pieces == [HEAD]
    transport.write(BODY)
    assert written.pieces == [HEAD, BODY]


async def test_what_follows_a_body_is_not_kept(transport, written):
    for piece in (HEAD, BODY, b"more", b"and more"):
        transport.write(piece)
    assert written.pieces == [HEAD + BODY, b"more", b"and more"]


async def test_answers_to_pipelined_requests_keep_their_order(transport, written):
    for piece in (HEAD, b"one", HEAD, HEAD, b"two"):
        transport.write(piece)
    assert b"".join(written.pieces) == HEAD + b"one" + HEAD + HEAD + b"two"


async def test_nothing_is_lost_by_closing(transport, written):
    transport.write(HEAD)
    transport.close()
    assert written.pieces == [HEAD, b"closed"]
    await asyncio.sleep(0)
    assert written.pieces == [HEAD, b"closed"]
