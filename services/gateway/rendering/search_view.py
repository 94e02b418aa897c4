"""The page of results: what narrows them, what is said of them, and the addresses that change either."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape
from medcodes.search.v1 import search_pb2

from . import names
from .templates import day

SHOWN_CHOICES = 8
# Short ones first: chapters have long names.
FACETS = {"system": "Code system", "billable": "Billable", "status": "Status", "chapter": "Chapter"}
BILLABLE = {"true": "Billable", "false": "Header, not billable"}
STATUS = {"active": "In force", "future": "Not yet in force", "retired": "Retired"}
_RANGE = re.compile(r"(.+) \(([0-9A-Z]+-[0-9A-Z]+)\)")
_NARROWING = ("system", "chapter", "billable", "status", "on", "as_typed")
# What the codes of one category have in common.
_CATEGORY = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet. `href` chooses it, or takes it back where it is chosen. `codes` is the range of a chapter."""

    label: str
    codes: str
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class FacetGroup:
    """`more` are those that are folded away."""

    title: str
    choices: Sequence[Choice]
    more: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Chip:
    """What narrows the results; `href` is the search without it."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Result:
    found: search_pb2.SearchResult
    description: Markup


@dataclass(frozen=True, slots=True)
class Spelling:
    """`read` has the words marked that were read, or may be read, as others; `href` is the other way to read them."""

    read: Markup
    applied: bool
    href: str


@dataclass(frozen=True, slots=True)
class SearchView:
    """`first`, `more` and `everything` are addresses, "" where there is none: the first results, those that follow, and
    the same search narrowed by nothing. `unknown` are words that no code has, `beginnings` how codes begin that were
    looked for, with the addresses of all that begin so."""

    results: Sequence[Result]
    groups: Sequence[FacetGroup]
    chips: Sequence[Chip]
    spelling: Spelling | None
    # What the form that asks for a date sends along.
    kept: Sequence[tuple[str, str]]
    first: str
    more: str
    everything: str
    unknown: Sequence[str]
    beginnings: Sequence[tuple[str, str]]


def view(asked: search_pb2.SearchRequest, found: search_pb2.SearchResponse) -> SearchView:
    return SearchView(
        results=[Result(one, highlighted(one.description, one.highlights)) for one in found.results],
        groups=_groups(asked, found.facets),
        chips=list(_chips(asked)),
        spelling=_spelling(asked, found.spelling) if found.HasField("spelling") else None,
        kept=[(name, value) for name, value in _values(asked).items() if name != "on" and value],
        first=address(asked) if asked.cursor else "",
        more=address(asked, cursor=found.next_cursor) if found.next_cursor else "",
        everything=address(asked, **dict.fromkeys(_NARROWING, "")),
        unknown=[word.typed for word in found.understood.words if word.unknown],
        beginnings=list(_beginnings(asked, found.understood.codes)),
    )


def address(asked: search_pb2.SearchRequest, **changes: str) -> str:
    """The page of the same search with some of it changed, from its first result on."""
    values = {name: value for name, value in {**_values(asked), **changes}.items() if value}
    return f"/search?{urlencode(values)}"


def highlighted(description: str, highlights: Sequence[search_pb2.Highlight]) -> Markup:
    """The description with what matched marked; highlights that overlap or lie outside are left out."""
    parts, end = [], 0
    for one in sorted(highlights, key=lambda each: each.start):
        if end <= one.start < one.end <= len(description):
            parts += [
                escape(description[end : one.start]),
                Markup("<mark>{}</mark>").format(description[one.start : one.end]),
            ]
            end = one.end
    return Markup().join([*parts, escape(description[end:])])


def _values(asked: search_pb2.SearchRequest) -> dict[str, str]:
    """What was asked for, as it stands in an address."""
    return {
        "q": asked.q,
        "system": asked.system,
        "chapter": asked.chapter,
        "billable": str(asked.billable).lower() if asked.HasField("billable") else "",
        "status": asked.status,
        "on": asked.on,
        "as_typed": "true" if asked.as_typed else "",
    }


def _groups(asked: search_pb2.SearchRequest, facets: Iterable[search_pb2.Facet]) -> list[FacetGroup]:
    chosen, counted = _values(asked), {name: dict[str, int]() for name in FACETS}
    for facet in facets:
        counted.get(facet.field, {})[facet.value] = facet.count
    groups = []
    for name, values in counted.items():
        if chosen[name]:
            values.setdefault(chosen[name], 0)
        if len(values) < 2 and not chosen[name]:
            continue
        choices = [_choice(asked, name, value, count) for value, count in values.items()]
        choices.sort(key=lambda choice: not choice.chosen)
        groups.append(FacetGroup(FACETS[name], choices[:SHOWN_CHOICES], choices[SHOWN_CHOICES:]))
    return groups


def _choice(asked: search_pb2.SearchRequest, name: str, value: str, count: int) -> Choice:
    chosen = _values(asked)[name] == value
    changes = {name: "" if chosen else value}
    if name == "system":
        # Another code system has other chapters.
        changes["chapter"] = ""
    label, codes = _apart(_label(name, value))
    return Choice(label, codes, count, address(asked, **changes), chosen)


def _apart(label: str) -> tuple[str, str]:
    """A chapter's name and its codes."""
    found = _RANGE.fullmatch(label)
    return (found[1], found[2]) if found else (label, "")


def _beginnings(asked: search_pb2.SearchRequest, codes: Iterable[str]) -> Iterable[tuple[str, str]]:
    for beginning in dict.fromkeys(code[:_CATEGORY] for code in codes if len(code) > _CATEGORY):
        yield beginning, address(asked, q=beginning)


def _chips(asked: search_pb2.SearchRequest) -> Iterable[Chip]:
    for name, value in _values(asked).items():
        if value and name != "q":
            yield Chip(_label(name, value), address(asked, **{name: ""}))


def _label(name: str, value: str) -> str:
    if name == "on":
        return f"In force on {day(value)}"
    if name == "as_typed":
        return "Spelled as typed"
    named: dict[str, dict[str, Any]] = {"system": names.SYSTEMS, "billable": BILLABLE, "status": STATUS}
    return str(named.get(name, {}).get(value, value))


def _spelling(asked: search_pb2.SearchRequest, found: search_pb2.Spelling) -> Spelling:
    changed = {word.read_as[0].lower() for word in found.words if word.read_as}
    read = Markup(" ").join(
        Markup("<b>{}</b>").format(word) if word.strip(".,;:()").lower() in changed else escape(word)
        for word in found.query.split()
    )
    other = address(asked, as_typed="true") if found.applied else address(asked, q=found.query)
    return Spelling(read, found.applied, other)
