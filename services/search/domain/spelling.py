"""Codes in whatever spelling they are typed: dots, spaces, dashes, lower case, prefixes, ranges, pasted lists.

Shapes of codes: ICD-10-CM is a letter, a digit and up to five more characters (official guidelines, I.A.2); HCPCS
Level II a letter and four digits; CPT five digits, or four and a letter; ICD-10-PCS seven characters without I and O.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MIN_PREFIX = 2
MAX_CODE_LENGTH = 16
MAX_LISTED = 50

# What may be the beginning of a code, in capitals and without separators.
_PREFIX = re.compile(r"[A-Z][0-9][0-9A-Z]{0,5}|[0-9]{2,5}|[0-9]{4}[A-Z]|(?=.*[0-9].*[0-9])[0-9A-HJ-NP-Z]{7}")
# The beginning of an ICD-10-PCS code, typed without blanks ("4 ear" is none): a section, then letters and digits.
_PROCEDURE_PREFIX = re.compile(r"(?=.*[0-9])(?=.*[A-Z])[0-9BCDFGHX][0-9A-HJ-NP-Z]{2,5}")
# A code that stands for itself among words or in a list.
_WHOLE = re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}|[0-9]{5}|[0-9]{4}[A-Z]|(?=.*[0-9].*[0-9])[0-9A-HJ-NP-Z]{7}")
# Long enough not to be a word of medical English, as "b12" and "t10" are.
_UNMISTAKABLE = 5
_SEPARATORS = re.compile(r"[\s.\-_/]+")
_BETWEEN_LISTED = re.compile(r"[\s,;|/]+")
_RANGE = re.compile(r"([0-9A-Z.]+)\s*(?:-|\.\.+|\bTO\b|\bTHROUGH\b|\bTHRU\b)\s*([0-9A-Z.]+)")
_WITH_MODIFIER = re.compile(r"([0-9]{5}|[A-Z][0-9]{4}|[0-9]{4}[A-Z])\s*-\s*[0-9A-Z]{2}")
# A comma where the dot of an ICD-10-CM code belongs. What follows is too short to be a code of a list.
_DECIMAL_COMMA = re.compile(r"^([A-Z][0-9][0-9A-Z]),([0-9][0-9A-Z]{0,3})$")
_AROUND = ",;:()[]\"'. "
_ASCII = re.compile(r"[\x00-\x7f]*")


@dataclass(frozen=True, slots=True)
class Spelled:
    """A code without separators, in capitals, and as typed (in capitals): S73005A, S73.005A."""

    code: str
    typed: str

    @property
    def dotted(self) -> str:
        """As typed, if that has the dot of a display; else ""."""
        return self.typed if "." in self.typed and compact(self.typed) == self.code else ""


@dataclass(frozen=True, slots=True)
class CodeRange:
    """Codes from `low` to `high`, everything below `high` included: S70-S79 holds S79.929S."""

    low: str
    high: str


@dataclass(frozen=True, slots=True)
class SpelledCodes:
    """The codes in a text. `rest` is what remains for words: all of it, unless codes stood among the words."""

    codes: tuple[Spelled, ...] = ()
    prefix: str = ""
    ranges: tuple[CodeRange, ...] = ()
    rest: str = ""


def compact(text: str) -> str:
    """A code as it is stored: capitals, no separators."""
    return _SEPARATORS.sub("", text).upper()


def spelled(text: str) -> SpelledCodes:
    """The codes that normalised `text` holds or is the beginning of. Codes that do not exist do no harm."""
    if not _ASCII.fullmatch(text):
        return _among_words(text)
    upper = _DECIMAL_COMMA.sub(r"\1.\2", text.upper().strip(_AROUND))
    if found := _range(upper):
        return SpelledCodes(ranges=(found,), rest=text)
    if with_modifier := _WITH_MODIFIER.fullmatch(upper):
        code = with_modifier[1]
        return SpelledCodes((Spelled(code, code),), prefix=code, rest=text)
    listed = _listed(upper)
    single = compact(upper)
    if 1 <= len(single) <= MAX_CODE_LENGTH and (_PREFIX.fullmatch(single) or " " not in upper):
        whole = Spelled(single, upper.replace(" ", ""))
        begins = _PREFIX.fullmatch(single) or (" " not in upper and _PROCEDURE_PREFIX.fullmatch(single))
        prefix = single if len(listed) < 2 and len(single) >= MIN_PREFIX and begins else ""
        return SpelledCodes(tuple(dict.fromkeys([whole, *listed])), prefix=prefix, rest=text)
    if listed:
        return SpelledCodes(listed, rest=text)
    return _among_words(text)


def _range(text: str) -> CodeRange | None:
    match = _RANGE.fullmatch(text)
    if not match:
        return None
    low, high = compact(match[1]), compact(match[2])
    like = (len(low) >= 3 and len(high) >= 3) and low[0].isdigit() == high[0].isdigit()
    if not (like and _PREFIX.fullmatch(low) and _PREFIX.fullmatch(high)):
        return None
    # "S73.005-A" is one code and "27250-50" a code with a modifier: neither second half is a code by itself.
    return CodeRange(low, high) if low <= high else CodeRange(high, low)


def _listed(text: str) -> tuple[Spelled, ...]:
    """The codes of a pasted list, if it is nothing else."""
    pieces = [piece for piece in _BETWEEN_LISTED.split(text) if piece][:MAX_LISTED]
    found = [Spelled(compact(piece), piece) for piece in pieces]
    return tuple(found) if len(found) > 1 and all(_WHOLE.fullmatch(each.code) for each in found) else ()


def _among_words(text: str) -> SpelledCodes:
    codes, rest = [], []
    for piece in text.split():
        bare = piece.strip(_AROUND).upper()
        code = compact(bare)
        if not _ASCII.fullmatch(bare) or not _WHOLE.fullmatch(code) or not any(char.isdigit() for char in code):
            rest.append(piece)
            continue
        codes.append(Spelled(code, bare))
        if len(code) < _UNMISTAKABLE:
            rest.append(piece)
    return SpelledCodes(tuple(dict.fromkeys(codes[:MAX_LISTED])), rest=" ".join(rest))
