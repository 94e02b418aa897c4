"""Seventh characters of ICD-10-CM: which ones a code takes, and the codes that they make.

The tabular list does not list codes with a seventh character. It defines the characters once for a category or
subcategory, and they apply to every code below, down to where they are defined anew (ICD-10-CM Official Guidelines
I.A.5: a code of less than six characters is filled up with the placeholder X).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml import etree

from .xml_stream import line_of, text_of

PLACEHOLDER = "X"
FULL_LENGTH = 7

_CHARACTER = re.compile(r"[0-9A-Z]")
_NARROWS = re.compile(r"7th character.*do(es)? not apply", re.IGNORECASE)
# "7th characters D and S do not apply to codes in category S06 with 6th character 7 - death due to ..., or 8 - ..."
# (the note at S06 since FY2016, the only one of its kind up to April 2026)
_NARROWED = re.compile(
    r"7th characters? (?P<seventh>[0-9A-Z](?:(?:,| and| or|, and|, or) [0-9A-Z])*) do(?:es)? not apply to codes in "
    r"(?:sub)?category (?P<code>[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]+)?)-? with 6th characters? (?P<sixth>.+)"
)
_SIXTH = re.compile(r"(?:^|, |\bor |\band )(?P<character>[0-9A-Z])(?= - |,|\.?$| or | and )")


@dataclass(frozen=True)
class NotTaken:
    """Below `code`, a base code whose sixth character is one of `sixth` takes none of the seventh characters here."""

    code: str
    sixth: frozenset[str]
    seventh: frozenset[str]

    def forbids(self, padded: str, character: str) -> bool:
        return padded.startswith(self.code) and padded[5] in self.sixth and character in self.seventh


@dataclass(frozen=True)
class SeventhCharacters:
    """What holds at one place of the list. `meanings` are (character, text), empty where none is taken."""

    meanings: tuple[tuple[str, str], ...] = ()
    not_taken: tuple[NotTaken, ...] = ()

    def apply_to(self, code: str) -> bool:
        return bool(self.meanings) and len(code) < FULL_LENGTH

    def expand(self, code: str, title: str) -> Iterator[tuple[str, str]]:
        """Yields (full code, title with the meaning after a comma) for a code with nothing listed below it."""
        padded = code.ljust(FULL_LENGTH - 1, PLACEHOLDER)
        for character, meaning in self.meanings:
            if not any(rule.forbids(padded, character) for rule in self.not_taken):
                yield padded + character, f"{title}, {meaning}"

    def at(self, element: etree._Element) -> tuple[SeventhCharacters, list[tuple[int, str]]]:
        """What holds from `element` downwards, and (line, reason) for each definition there that cannot be used."""
        faults: list[tuple[int, str]] = []
        here = self
        if (definition := element.find("sevenChrDef")) is not None:
            here = replace(here, meanings=tuple(_meanings(definition, faults)))
        if not_taken := tuple(_not_taken(element, faults)):
            here = replace(here, not_taken=(*here.not_taken, *not_taken))
        return here, faults


def _meanings(definition: etree._Element, faults: list[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for extension in definition.iterchildren("extension"):
        character, meaning = extension.get("char", ""), text_of(extension)
        if not _CHARACTER.fullmatch(character):
            faults.append((line_of(extension), f"{character!r} is no seventh character"))
        elif not meaning:
            faults.append((line_of(extension), f"seventh character {character} without a meaning"))
        elif character in seen:
            faults.append((line_of(extension), f"seventh character {character} defined twice"))
        else:
            seen.add(character)
            yield character, meaning


def _not_taken(element: etree._Element, faults: list[tuple[int, str]]) -> Iterator[NotTaken]:
    for note in element.iterfind("notes/note"):
        text = text_of(note)
        if not _NARROWS.search(text):
            continue
        found = _NARROWED.fullmatch(text)
        sixth = frozenset(_SIXTH.findall(found["sixth"])) if found else frozenset()
        if found and sixth:
            yield NotTaken(
                found["code"].replace(".", ""), sixth, frozenset(re.findall(r"\b[0-9A-Z]\b", found["seventh"]))
            )
        else:
            faults.append((line_of(note), f"a note that narrows the seventh characters in a way not known: {text}"))
