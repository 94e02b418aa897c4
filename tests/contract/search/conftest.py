"""Every adapter of the search ports; each contract test runs over all of them."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from services.search.adapters.opensearch_store import OpenSearchStore
from services.search.adapters.tantivy_store import TantivyStore
from tests.contract.search.codes import CODES, RELEASE, batches
from tests.shared_opensearch import new_prefix


def tantivy(place, *, threads=2, waiting=256):
    return TantivyStore(place, threads=threads, waiting=waiting)


def opensearch(place, *, threads=16, waiting=256):
    # A machine that tests share may keep an answer waiting.
    return OpenSearchStore(place, calls=threads, waiting=waiting, seconds=20)


STORES = {"opensearch": opensearch, "tantivy": tantivy}


@pytest.fixture(params=sorted(STORES), scope="module")
def engine(request):
    return request.param


@pytest.fixture(scope="module")
def new_place(engine, request, tmp_path_factory):
    """A function that makes an empty place for a store. What is there in the end goes with the last test of a file."""
    if engine == "tantivy":
        yield lambda: tmp_path_factory.mktemp("search") / "indexes"
        return
    shared, prefixes = request.getfixturevalue("opensearch"), []

    def make():
        prefixes.append(new_prefix())
        return f"opensearch://127.0.0.1:{shared.port}/{prefixes[-1]}"

    yield make
    for prefix in prefixes:
        shared.empty(prefix)


@pytest.fixture
async def opened(engine):
    """A function that opens the store at a place, as another process would. All are closed in the end."""
    async with contextlib.AsyncExitStack() as stack:

        def open_store(place, **options):
            store = STORES[engine](place, **options)
            stack.push_async_callback(store.close)
            return store

        yield open_store


@pytest.fixture
def new_store(opened, new_place):
    """A function that opens the same store again."""
    place = new_place()
    return lambda **options: opened(place, **options)


@pytest.fixture
async def store(new_store):
    return new_store()


@pytest.fixture(scope="module")
def indexed_codes():
    """What `built` holds; a file of tests may have codes of its own."""
    return CODES


@pytest.fixture(scope="module")
def built(engine, new_place, indexed_codes):
    """The place of a store with the index of one release, for all tests that only ask it."""
    place = new_place()

    async def build():
        store = STORES[engine](place)
        await store.build(RELEASE, batches(indexed_codes), lambda documents, total: None)
        await store.close()

    asyncio.run(build())
    return place


@pytest.fixture
def built_store(built, opened):
    """A function that opens that store."""
    return lambda **options: opened(built, **options)


@pytest.fixture
async def index(built_store):
    index = await built_store().open(RELEASE)
    yield index
    await index.close()
