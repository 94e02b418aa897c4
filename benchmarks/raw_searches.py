"""What the adapter sends to OpenSearch for each query, noted while it answers once, and sent again as it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import aiohttp

from services.search.adapters import opensearch_kept, opensearch_state
from services.search.adapters.opensearch_address import address
from services.search.adapters.opensearch_engine import Engine
from services.search.adapters.opensearch_index import OpenSearchIndex
from services.search.service import Question, Search

SECONDS = 30.0
# As the adapter's client has it: on the way to a node nearby, packing an answer costs more than it saves.
HEADERS = {"Content-Type": "application/x-ndjson", "Accept-Encoding": "identity"}


class Sent(NamedTuple):
    path: str
    body: bytes


class NotingEngine(Engine):
    """`sent` are the searches that it was asked for, each request with all of its bodies."""

    def __init__(self, url: str) -> None:
        super().__init__(address(url), calls=1, waiting=1, seconds=SECONDS)
        self.sent: list[Sent] = []

    async def call(self, method: Callable[..., Awaitable[Any]], *, seconds: float = 0.0, **arguments: Any) -> Any:
        if method == self.client.msearch:
            lines = [self.client.transport.serializer.dumps(part) for part in arguments["body"]]
            self.sent.append(Sent(f"/{arguments['index']}/_msearch", "".join(f"{line}\n" for line in lines).encode()))
        return await super().call(method, seconds=seconds, **arguments)


async def noted(url: str, texts: Sequence[str]) -> Mapping[str, Sequence[Sent]]:
    """The requests of each text, in their order. `url` is the engine's, as search has it."""
    engine = NotingEngine(url)
    try:
        index = await _active(engine, address(url).prefix)
        search = Search(lambda: index)
        found = {}
        for text in texts:
            engine.sent = []
            await search.search(Question(text))
            found[text] = engine.sent
        return found
    finally:
        await engine.close()


async def _active(engine: NotingEngine, prefix: str) -> OpenSearchIndex:
    async def closed() -> None:
        pass

    indexes = opensearch_state.read(prefix, await engine.call(engine.client.indices.get, index=f"{prefix}-*"))
    found = opensearch_state.active(indexes)
    if found is None:
        raise RuntimeError("no index is in force")
    kept = await opensearch_kept.read(engine, found.name, found.beside)
    return OpenSearchIndex(engine, found.name, found.release, found.documents, kept, closed)


async def send(http: aiohttp.ClientSession, url: str, requests: Sequence[Sent]) -> None:
    """One after the other; the answers are read and not looked at."""
    for request in requests:
        async with http.post(url + request.path, data=request.body, headers=HEADERS) as answer:
            answer.raise_for_status()
            await answer.read()
