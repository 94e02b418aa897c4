"""What a member has saved of a code, as the code page shows it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup
from medcodes.accounts.v1 import shelf_pb2
from prometheus_client import Counter

from services.common.errors import ServiceError

from ..ports import Shelf
from ..rendering.templates import Templates
from .member import Member

# Codes on all remembered shelves together, each of some 200 bytes; a shelf without any counts as one.
MAX_REMEMBERED = 100_000
RENDERED = 1024

_asked = Counter("gateway_shelves", "Shelves beside code pages, by where they came from.", ["origin"])
_remembered, _from_accounts = map(_asked.labels, ("cache", "accounts"))

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Known:
    """A shelf without its notes' texts: id and name of each list, ids of those that hold a code, codes with a note."""

    lists: tuple[tuple[str, str], ...]
    saved: dict[Key, tuple[str, ...]]
    noted: frozenset[Key]

    @property
    def weight(self) -> int:
        return 1 + len(self.lists) + len(self.saved) + len(self.noted)


class CodeShelves:
    """A page never fails by it, and waits for it no longer than `patience` seconds.

    A shelf is remembered while `is_watching` says that changes are heard of; else accounts is asked with every page.
    What is changed by way of this gateway shows on the next page, what is changed by way of another one as soon as the
    event of it arrives.
    """

    def __init__(self, shelf: Shelf, templates: Templates, is_watching: Callable[[], bool], patience: float) -> None:
        self._shelf, self._templates, self._is_watching, self._patience = shelf, templates, is_watching, patience
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._weight = 0
        # Counts what was forgotten: an answer that was under way meanwhile may be from before, and is not kept.
        self._forgotten = 0
        self._forms = lru_cache(RENDERED)(self._render)

    async def rendered(self, member: Member, system: str, code: str) -> bytes:
        """The forms to save the code and to note something; a sentence where accounts cannot be asked."""
        if member.api_key_id and "shelf" not in member.scopes:
            return b""
        try:
            async with asyncio.timeout(self._patience):
                return await self._found(member.account_id, system, code)
        except (ServiceError, TimeoutError):
            return self._templates.render("code_shelf.html", found=None, path=_path(system, code))

    def forget(self, account_id: str) -> None:
        self._forgotten += 1
        if known := self._known.pop(account_id, None):
            self._weight -= known.weight

    def forget_all(self) -> None:
        self._forgotten += 1
        self._known.clear()
        self._weight = 0

    async def _found(self, account_id: str, system: str, code: str) -> bytes:
        known = await self._shelf_of(account_id) if self._is_watching() else None
        if known is None or (system, code) in known.noted:
            _from_accounts.inc()
            found = await self._shelf.get_code_shelf(account_id, system, code)
            return self._templates.render("code_shelf.html", found=found, path=_path(system, code))
        return self._forms(system, code, known.lists, known.saved.get((system, code), ()))

    async def _shelf_of(self, account_id: str) -> _Known:
        if known := self._known.get(account_id):
            self._known.move_to_end(account_id)
            _remembered.inc()
            return known
        _from_accounts.inc()
        forgotten = self._forgotten
        known = _without_notes(await self._shelf.get_shelf(account_id))
        if forgotten == self._forgotten and account_id not in self._known:
            self._known[account_id] = known
            self._weight += known.weight
            while self._weight > MAX_REMEMBERED:
                self._weight -= self._known.popitem(last=False)[1].weight
        return known

    def _render(self, system: str, code: str, lists: tuple[Key, ...], saved_in: tuple[str, ...]) -> bytes:
        named = [shelf_pb2.SavedList(id=list_id, name=name) for list_id, name in lists]
        found = shelf_pb2.CodeShelf(lists=named, saved_in=saved_in)
        return self._templates.render("code_shelf.html", found=found, path=_path(system, code))


def _without_notes(shelf: shelf_pb2.Shelf) -> _Known:
    saved: dict[Key, tuple[str, ...]] = {}
    for each in shelf.lists:
        for entry in each.codes:
            key = entry.system, entry.code
            saved[key] = (*saved.get(key, ()), each.id)
    lists = tuple((each.id, each.name) for each in shelf.lists)
    return _Known(lists, saved, frozenset((note.system, note.code) for note in shelf.notes))


def _path(system: str, code: str) -> Markup:
    # Both are of letters and digits.
    return Markup("/codes/{}/{}").format(system, code)
