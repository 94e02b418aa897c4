"""All that the codes of an index say, as arrays: which stems each text holds, and what each text means.

Kept in one file beside an index, or in it. A code has rows, one for its description and one for each of its further
terms and phrases; a row has the stems of its words, as numbers in the order of the alphabet, and perhaps a vector.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple, Protocol
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from services.search.domain.documents import ICD9_SYSTEMS, IndexedCode
from services.search.domain.spelling import compact

from .arrays import Flags, Floats, Ints, Vectors
from .cells import Cells
from .word_vectors import DIMENSIONS

# What a row is of.
DESCRIPTION, TERM, PHRASE = range(3)
# Of an ICD-10-CM code of so many characters the meaning is that of the code above it: the last one names the encounter.
_ENCOUNTER_LENGTH = 7


class CodeKey(NamedTuple):
    system: str
    code: str


class Stemmer(Protocol):
    def analyze(self, text: str) -> list[str]: ...


class Embedder(Protocol):
    def of(self, texts: Sequence[str]) -> Vectors: ...


class TextsBuilder:
    """Gathers the texts of codes in any order while an index is built."""

    def __init__(self, stemmer: Stemmer) -> None:
        self._stemmer = stemmer
        self._numbers: dict[str, int] = {}
        self._codes: list[CodeKey] = []
        self._rows = array("i")
        self._kinds = array("b")
        self._ends = array("i")
        self._stems = array("i")
        self._documents: Counter[int] = Counter()
        self._said: list[str] = []

    def add(self, code: IndexedCode) -> None:
        self._codes.append(CodeKey(code.system, compact(code.code)))
        held: set[int] = set()
        for kind, texts in ((DESCRIPTION, (code.description,)), (TERM, code.terms), (PHRASE, code.phrases)):
            for text in texts:
                stems = [self._numbers.setdefault(stem, len(self._numbers)) for stem in self._stemmer.analyze(text)]
                self._stems.extend(stems)
                self._ends.append(len(self._stems))
                self._kinds.append(kind)
                self._said.append(text)
                held.update(stems)
        self._rows.append(len(self._kinds))
        self._documents.update(held)

    def write(self, file: BinaryIO, embedder: Embedder) -> None:
        names = sorted(self._numbers)
        order = np.empty(len(names), dtype=np.int32)
        order[[self._numbers[name] for name in names]] = np.arange(len(names), dtype=np.int32)
        often = np.array([self._documents[self._numbers[name]] for name in names], dtype=np.float32)
        owners, meant = self._meanings()
        said = [self._said[row] for row in np.flatnonzero(meant)]
        vectors = embedder.of(said)
        cells = Cells.of(vectors)
        # Two fifths of the size, for a third of a second more when it is read.
        np.savez_compressed(
            file,
            stems=_packed(names),
            rarity=np.log1p((len(self._codes) - often + 0.5) / (often + 0.5)),
            codes=_packed([f"{key.system}\t{key.code}" for key in self._codes]),
            rows=_from_zero(self._rows),
            kinds=np.frombuffer(self._kinds, dtype=np.int8),
            ends=_from_zero(self._ends),
            tokens=order[np.frombuffer(self._stems, dtype=np.int32)] if names else np.empty(0, np.int32),
            owners=owners,
            meant=np.concatenate([[0], np.cumsum(meant)]).astype(np.int32),
            said=_packed([said[place] for place in cells.order]),
            vectors=vectors[cells.order].astype(np.float16),
            order=cells.order,
            centres=cells.centres,
            cells=cells.begins,
        )

    def _meanings(self) -> tuple[Ints, Flags]:
        """For each code the one whose texts say what it means, and which rows have a vector of their own: codes that
        nobody codes with any more are found by their words only."""
        places = {key: place for place, key in enumerate(self._codes)}
        owners = np.arange(len(self._codes), dtype=np.int32)
        meant = np.ones(len(self._kinds), dtype=np.bool_)
        begin = 0
        for place, (key, end) in enumerate(zip(self._codes, self._rows, strict=True)):
            if key.system in ICD9_SYSTEMS:
                meant[begin:end] = False
            elif key.system == "icd10cm" and len(key.code) == _ENCOUNTER_LENGTH:
                above = _above(key, places)
                if above is not None:
                    owners[place], meant[begin:end] = above, False
            begin = end
        return owners, meant


class Texts:
    """What `TextsBuilder` wrote. Raises OSError if it cannot be read, ValueError if it is damaged."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            with np.load(file, allow_pickle=False) as stored:
                self._take({name: stored[name] for name in stored.files})
        except (BadZipFile, EOFError, KeyError, AttributeError, zlib.error) as error:
            raise ValueError(f"the texts of the index are damaged: {error}") from error

    def _take(self, held: Mapping[str, Any]) -> None:
        self._stems = _unpacked(held["stems"])
        self.rarity: Floats = held["rarity"]
        self.codes = [CodeKey(*line.split("\t")) for line in _unpacked(held["codes"])]
        self.places = {key: place for place, key in enumerate(self.codes)}
        self.rows: Ints = held["rows"]
        self.kinds: npt.NDArray[np.int8] = held["kinds"]
        self.ends: Ints = held["ends"]
        self.tokens: Ints = held["tokens"]
        self.owners: Ints = held["owners"]
        self._said = held["said"]
        self._texts: list[str] | None = None
        # Vectors are kept by cell: of which code each is, and where each stands that is named in code order.
        self.vector_rows: Ints = held["meant"][self.rows].astype(np.int32)
        code_of = np.repeat(np.arange(len(self.codes), dtype=np.int32), np.diff(self.vector_rows))
        self.vector_codes: Ints = code_of[held["order"]]
        self.vector_places: Ints = np.empty_like(held["order"])
        self.vector_places[held["order"]] = np.arange(len(held["order"]), dtype=np.int32)
        vectors = held["vectors"].astype(np.float32).reshape(-1, DIMENSIONS)
        self.cells = Cells(held["centres"], held["order"], held["cells"], vectors)

    def places_of(self, keys: Iterable[CodeKey]) -> Ints:
        """Raises KeyError for a code that the index has not."""
        return np.array([self.places[key] for key in keys], dtype=np.int32)

    def number(self, stem: str) -> int:
        """-1 if no text has it."""
        place = bisect_left(self._stems, stem)
        return place if place < len(self._stems) and self._stems[place] == stem else -1

    def known(self, stems: Sequence[str]) -> list[int]:
        """The numbers of those that any text has."""
        return [number for stem in stems if (number := self.number(stem)) >= 0]

    def numbers_from(self, beginning: str) -> range:
        """Of the stems that begin so."""
        return range(bisect_left(self._stems, beginning), bisect_left(self._stems, beginning + "\uffff"))

    def said(self, vector: int) -> str:
        """The text of a vector."""
        if self._texts is None:
            self._texts = _unpacked(self._said)
        return self._texts[vector]


def spread(begins: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """All numbers of the ranges, one range after the other, and the place of the range that each is of."""
    lengths = ends - begins
    of = np.repeat(np.arange(len(begins), dtype=np.int32), lengths)
    within = np.arange(len(of), dtype=np.int32) - np.repeat(np.cumsum(lengths) - lengths, lengths).astype(np.int32)
    return begins[of] + within, of


def _above(key: CodeKey, places: Mapping[CodeKey, int]) -> int | None:
    for length in range(len(key.code) - 1, 2, -1):
        if (place := places.get(CodeKey(key.system, key.code[:length].rstrip("X")))) is not None:
            return place
    return None


def _from_zero(ends: array[int]) -> Ints:
    return np.concatenate([[0], np.frombuffer(ends, dtype=np.int32)]).astype(np.int32)


def _packed(lines: Sequence[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer("\n".join(line.replace("\n", " ") for line in lines).encode(), dtype=np.uint8)


def _unpacked(stored: npt.NDArray[np.uint8]) -> list[str]:
    return stored.tobytes().decode().split("\n") if len(stored) else []
