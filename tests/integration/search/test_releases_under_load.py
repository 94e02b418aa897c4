"""Searches at a steady rate while a release is published three times, with both engines: none fails, and none answers
from a half-built index."""

from __future__ import annotations

import asyncio

import pytest

from services.search.settings import SearchSettings
from services.standalone.ports import free_port
from tests.contract.search.codes import CODES, RELEASE
from tests.integration.search.test_following_releases import SERVING, health
from tests.shared_opensearch import new_prefix

RATE = 25
BUILD_SECONDS = 60
LATER = tuple(letter * 64 for letter in "bcd")
# How many codes of the family each release has: one less than the release before.
FAMILY = [code for code in CODES if code.code.startswith("S730")]
SIZES = {release: len(FAMILY) - number for number, release in enumerate((RELEASE, *LATER))}


@pytest.fixture(params=["opensearch", "tantivy"])
def search_url(request):
    if request.param == "tantivy":
        yield "tantivy:"
        return
    shared, prefix = request.getfixturevalue("opensearch"), new_prefix()
    yield f"opensearch://127.0.0.1:{shared.port}/{prefix}"
    shared.empty(prefix)


@pytest.fixture
def settings(search_url, nats_server, wire_catalog, tmp_path):
    for release, size in SIZES.items():
        dropped = FAMILY[size:]
        wire_catalog.releases[release] = [code for code in CODES if code not in dropped]
    return SearchSettings(
        state_dir=tmp_path / "state",
        nats_url=nats_server.url,
        catalog_address=wire_catalog.address,
        search_listen=f"127.0.0.1:{free_port()}",
        search_url=search_url,
        # A machine that tests share may keep an answer waiting.
        opensearch_seconds=20,
        drain_seconds=1,
    )


async def test_no_search_fails_and_none_answers_half_built(settings, start_search, make_current, wire_catalog):
    running = await start_search(settings)
    await make_current(RELEASE)
    await running.until_release(RELEASE, seconds=BUILD_SECONDS)
    assert await health(running) == SERVING
    asked, done = [], asyncio.Event()

    async def ask_steadily():
        while not done.is_set():
            asked.append(asyncio.create_task(running.search("S73.0", limit=100)))
            await asyncio.sleep(1 / RATE)

    asking = asyncio.create_task(ask_steadily())
    # Slow enough that many searches fall into each build.
    wire_catalog.pause = 0.05
    for release in LATER:
        await make_current(release)
        await running.until_release(release, seconds=BUILD_SECONDS)
        await asyncio.sleep(0.1)
    done.set()
    await asking
    answers = [(answer.release, answer.total, len(answer.results)) for answer in await asyncio.gather(*asked)]
    assert set(answers) == {(release, size, size) for release, size in SIZES.items()}
    assert wire_catalog.streams == [RELEASE, *LATER]
    assert len(answers) > RATE
