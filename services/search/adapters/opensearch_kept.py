"""What an index of the cluster keeps beside its codes: their words, and their texts for the second opinion.

They are documents that no query finds, so that they come and go with the index. The texts are one file of many
megabytes, cut in pieces; who opens the index reads them all and has them in memory, as tantivy's index does.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.search.domain.documents import IndexedCode

from .opensearch_engine import ADMIN_SECONDS, Engine, understood
from .opensearch_words import KnownWords, WordsBuilder
from .ranking.opinion import Opinion, word_vectors
from .ranking.texts import Texts, TextsBuilder
from .tantivy_schema import Analyzers

_WORDS_ID = "words"
# Larger by a third in base64. One answer at a time is read, which keeps the service from others for milliseconds.
_PIECE_BYTES = 3 << 20


class KeptBuilder:
    """Gathers it while an index is filled, the codes in the order of their ids."""

    def __init__(self) -> None:
        self._words, self._texts = WordsBuilder(), TextsBuilder(Analyzers.create().stems)

    def add(self, code: IndexedCode) -> None:
        self._words.add(code)
        self._texts.add(code)

    def documents(self) -> Iterator[tuple[str, dict[str, str]]]:
        """The documents with their ids, the first one the words."""
        yield _WORDS_ID, self._words.document()
        file = io.BytesIO()
        self._texts.write(file, word_vectors())
        written = file.getbuffer()
        digest = hashlib.sha256(written).hexdigest()
        for number, begin in enumerate(range(0, len(written), _PIECE_BYTES)):
            piece = b64encode(written[begin : begin + _PIECE_BYTES]).decode()
            yield _piece_id(number), {"piece": piece, "digest": digest}


@dataclass(frozen=True)
class Kept:
    words: KnownWords
    opinion: Opinion


async def read(engine: Engine, name: str, documents: int) -> Kept:
    """What the index `name` keeps in so many documents. Raises EngineError, ValueError if it is damaged."""
    words = await _read(engine, name, _WORDS_ID)
    pieces = [await _read(engine, name, _piece_id(number)) for number in range(documents - 1)]
    return await asyncio.to_thread(_kept, words, pieces)


async def _read(engine: Engine, name: str, identity: str) -> Mapping[str, Any]:
    found = await engine.existing(engine.client.get, seconds=ADMIN_SECONDS, index=name, id=identity)
    if found is None:
        raise ValueError(f"the document {identity} is missing")
    with understood():
        return dict(found["_source"])


def _kept(words: Mapping[str, Any], pieces: list[Mapping[str, Any]]) -> Kept:
    """Takes a second or two for the official files."""
    with understood():
        known = KnownWords(words)
        written = b"".join(b64decode(piece["piece"]) for piece in pieces)
        digests = {str(piece["digest"]) for piece in pieces}
    if digests != {hashlib.sha256(written).hexdigest()}:
        raise ValueError("the texts of the index are damaged")
    return Kept(known, Opinion(Texts(io.BytesIO(written)), known.analyzers.stems))


def _piece_id(number: int) -> str:
    return f"texts-{number}"
