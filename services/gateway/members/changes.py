"""What changed of a member's saved codes: its shelf, the catalog's changes and its grants, put together.

Which values are shown is a rule of the meter (docs/metering.md): the description and whether a code is billable to
everybody who saved the code, what stands in a section only to an account that holds the code's page, or whose plan is
without limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medcodes.accounts.v1 import shelf_pb2
from medcodes.catalog.v1 import catalog_pb2
from medcodes.metering.v1 import metering_pb2

from services.common.clock import now_ms

from ..ports import Catalog, Metering, Shelf
from .member import Member

VIEWS_A_PIECE = 500
MOST_CODES = 2000

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One release's change of one code. `facts` are those whose values this reader may see; `is_open`: all of them."""

    found: catalog_pb2.CodeChange
    facts: Sequence[catalog_pb2.FactChange]
    is_open: bool


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """`saved`: how many codes are on the shelf."""

    items: Sequence[Change]
    next_cursor: str
    saved: int


class SavedChanges:
    """Raises what the services said: without the shelf, the catalog or the meter there is no honest answer."""

    def __init__(self, shelf: Shelf, catalog: Catalog, metering: Metering) -> None:
        self._shelf, self._catalog, self._metering = shelf, catalog, metering

    async def page(self, member: Member, cursor: str, limit: int) -> ChangesPage:
        """The newest release first. Nothing is charged."""
        saved = saved_codes(await self._shelf.get_shelf(member.account_id))
        if not saved:
            return ChangesPage([], "", 0)
        found = await self._catalog.list_code_changes(saved, cursor, limit)
        changed = {(one.changed.code.system, one.changed.code.code) for one in found.changes}
        held = await self._held(member, changed)
        return ChangesPage([_change(one, held) for one in found.changes], found.next_cursor, len(saved))

    async def _held(self, member: Member, wanted: set[Key]) -> set[Key]:
        """Those of the codes whose page the member may read without spending a view."""
        if not member.plan.HasField("views"):
            return wanted
        now, held, cursor = now_ms(), set[Key](), ""
        while not wanted <= held:
            piece = await self._metering.list_views(member.subject, cursor, VIEWS_A_PIECE)
            held |= {(view.system, view.code) for view in piece.views if _is_live(view, now)}
            cursor = piece.next_cursor
            if not cursor:
                break
        return held & wanted


def saved_codes(shelf: shelf_pb2.Shelf) -> list[Key]:
    """Each code once, whatever lists it is in."""
    return sorted({(code.system, code.code) for one in shelf.lists for code in one.codes})[:MOST_CODES]


def _is_live(view: metering_pb2.View, now: int) -> bool:
    return not view.ends_at_ms or view.ends_at_ms > now


def _change(found: catalog_pb2.CodeChange, held: set[Key]) -> Change:
    is_open = (found.changed.code.system, found.changed.code.code) in held
    return Change(found, [fact for fact in found.facts if is_open or not fact.section], is_open)
