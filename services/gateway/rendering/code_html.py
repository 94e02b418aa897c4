"""A code page in HTML."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from medcodes.catalog.v1 import catalog_pb2

from . import names, pictures, section_view
from .splice import Gap, Marks, Spliced
from .templates import Templates


@dataclass(frozen=True, slots=True)
class Outdated:
    """An edition that a page still uses although its period is over."""

    name: str
    since: str


def page(found: catalog_pb2.CodePage, *, locked: bool, dated: bool, marks: Marks, templates: Templates) -> Spliced:
    """The whole page, with gaps for what differs between visitors, the date of service and the staleness note."""
    siblings = family(found)
    rendered = templates.render(
        "code.html",
        page=found,
        status=names.status(found.status),
        billable=found.billable if found.HasField("billable") else None,
        sections=[section_view.view(one, number, locked=locked) for number, one in enumerate(found.sections, 1)],
        locked=locked,
        glance=() if locked else found.glance,
        outdated=outdated(found.sections),
        rvu_bars=() if locked else pictures.rvu_bars(found.sections),
        bar_width=pictures.BAR_WIDTH,
        place=pictures.place(found.hierarchy, siblings, found.code),
        family=siblings,
        on=marks[Gap.ON] if dated else "",
        meter=marks[Gap.METER],
        notice=marks[Gap.NOTICE],
        nav=marks[Gap.NAV],
        shelf=marks[Gap.SHELF],
        metered=marks[Gap.METERED],
    )
    return marks.cut(rendered)


def family(found: catalog_pb2.CodePage) -> list[catalog_pb2.CodeRef]:
    """The siblings with the code itself in its place among them."""
    siblings = list(found.hierarchy.siblings)
    if all(ref.code != found.code for ref in siblings):
        itself = catalog_pb2.CodeRef(
            system=found.system,
            code=found.code,
            display=found.display,
            description=found.title if any(ref.description for ref in siblings) else "",
            has_page=True,
        )
        siblings.insert(bisect_left(siblings, found.code, key=lambda ref: ref.code), itself)
    return siblings


def outdated(sections: Sequence[catalog_pb2.Section]) -> list[Outdated]:
    """Each edition that is no longer in force, once, the longest out of force first."""
    found = {
        Outdated(names.edition_name(edition), edition.outdated_since)
        for section in sections
        for edition in section.editions
        if edition.outdated_since
    }
    return sorted(found, key=lambda one: (one.since, one.name))
