"""A coder's own shelf."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from medcodes.events.v1.events_pb2 import ShelfChanged

from services.common.errors import AlreadyExists, InvalidArgument

from .api_keys import too_many
from .domain import shelf as rules
from .domain.people import Account, new_id
from .domain.shelf import (
    CodeKey,
    CodeShelf,
    Note,
    Preferences,
    RecentView,
    SavedCode,
    SavedList,
    Search,
    Shelf,
)
from .known import account_of, check_id, is_id, no_such
from .ports import SHELF_CHANGED, NameTaken, Store, Transaction

MAX_VIEWS_AT_ONCE = 500


class Shelves:
    """Every call raises `NotFound` for an account that does not exist, and `InvalidArgument` for what is malformed."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store, self._clock = store, clock

    async def shelf(self, account_id: str) -> Shelf:
        async with self._store.reading() as transaction:
            account = await account_of(transaction, account_id)
            lists, saved = await transaction.shelf.lists(account_id), await transaction.shelf.saved(account_id)
            notes = await transaction.shelf.notes(account_id)
        filled = [SavedList(each.id, each.name, [code for code in saved if code.list_id == each.id]) for each in lists]
        return Shelf(filled, notes, _preferences(account))

    async def code_shelf(self, account_id: str, key: CodeKey) -> CodeShelf:
        _check(rules.code_faults(key))
        async with self._store.reading() as transaction:
            await account_of(transaction, account_id)
            lists = await transaction.shelf.lists(account_id)
            saved = await transaction.shelf.saved(account_id, key)
            notes = await transaction.shelf.notes(account_id, key)
        return CodeShelf(lists, [each.list_id for each in saved], notes[0] if notes else None)

    async def create_list(self, account_id: str, name: str) -> SavedList:
        """Raises `AlreadyExists` (LIST_EXISTS) and `FailedPrecondition` (TOO_MANY)."""
        name = _checked_name(name)
        try:
            async with self._store.writing() as transaction:
                await account_of(transaction, account_id, hold=True)
                await _tell(transaction, account_id)
                return await self._add_list(transaction, account_id, name)
        except NameTaken:
            raise _name_taken() from None

    async def rename_list(self, account_id: str, list_id: str, name: str) -> SavedList:
        """Raises `AlreadyExists` (LIST_EXISTS)."""
        name = _checked_name(name)
        check_id("list", list_id)
        try:
            async with self._store.writing() as transaction:
                await account_of(transaction, account_id)
                if not await transaction.shelf.rename_list(account_id, list_id, name):
                    raise no_such("list")
                await _tell(transaction, account_id)
        except NameTaken:
            raise _name_taken() from None
        return SavedList(list_id, name)

    async def delete_list(self, account_id: str, list_id: str) -> None:
        check_id("list", list_id)
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id)
            if not await transaction.shelf.delete_list(account_id, list_id):
                raise no_such("list")
            await _tell(transaction, account_id)

    async def save(self, account_id: str, list_id: str, key: CodeKey) -> SavedCode:
        """Saves a code in a list, or in the first one, which is made if need be. Raises `FailedPrecondition`
        (TOO_MANY)."""
        _check(rules.code_faults(key))
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id, hold=True)
            list_id = await self._list_to_save_in(transaction, account_id, list_id)
            saved = await transaction.shelf.save(account_id, SavedCode(list_id, *key, self._clock()))
            if await transaction.shelf.count_saved(account_id) > rules.MAX_SAVED:
                raise too_many("saved codes", rules.MAX_SAVED)
            await _tell(transaction, account_id)
            return saved

    async def remove(self, account_id: str, list_id: str, key: CodeKey) -> None:
        """From a list, or from all with ""; what is not there is no error."""
        _check(rules.code_faults(key))
        if list_id:
            check_id("list", list_id)
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id)
            await transaction.shelf.remove(account_id, list_id, key)
            await _tell(transaction, account_id)

    async def set_note(self, account_id: str, key: CodeKey, text: str) -> None:
        """An empty text removes the note. Raises `FailedPrecondition` (TOO_MANY)."""
        _check(rules.code_faults(key) | rules.note_faults(text))
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id, hold=True)
            await _tell(transaction, account_id)
            if not text.strip():
                await transaction.shelf.remove_note(account_id, key)
                return
            await transaction.shelf.set_note(account_id, Note(*key, text, self._clock()))
            if await transaction.shelf.count_notes(account_id) > rules.MAX_NOTES:
                raise too_many("notes", rules.MAX_NOTES)

    async def record_view(self, account_id: str, key: CodeKey) -> None:
        """Nothing is kept where its owner has switched that off."""
        _check(rules.code_faults(key))
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id)
            view = RecentView(*key, self._clock())
            await transaction.history.add_views([(account_id, view)], rules.KEPT_IN_HISTORY)

    async def record_views(self, views: Sequence[tuple[str, RecentView]]) -> None:
        """As `record_view` for each, in one transaction; accounts that do not exist are left out."""
        if len(views) > MAX_VIEWS_AT_ONCE:
            raise InvalidArgument("too many views", fields={"views": f"at most {MAX_VIEWS_AT_ONCE}"})
        for _, view in views:
            _check(rules.code_faults(CodeKey(view.system, view.code)))
        known = [(account_id, view) for account_id, view in views if is_id(account_id)]
        if known:
            async with self._store.writing() as transaction:
                await transaction.history.add_views(known, rules.KEPT_IN_HISTORY)

    async def record_search(self, account_id: str, query: str) -> None:
        """As `record_view`; an empty query is not kept."""
        kept = rules.query(query)
        async with self._store.writing() as transaction:
            account = await account_of(transaction, account_id, hold=True)
            if account.keep_searches and kept:
                search = Search(kept, self._clock())
                await transaction.history.add_search(account_id, search, rules.KEPT_IN_HISTORY)

    async def recent_views(self, account_id: str) -> Sequence[RecentView]:
        async with self._store.reading() as transaction:
            await account_of(transaction, account_id)
            return await transaction.history.views(account_id)

    async def searches(self, account_id: str) -> Sequence[Search]:
        async with self._store.reading() as transaction:
            await account_of(transaction, account_id)
            return await transaction.history.searches(account_id)

    async def clear_history(self, account_id: str, *, searches: bool, views: bool) -> None:
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id)
            await transaction.history.clear(account_id, searches=searches, views=views)

    async def set_preferences(self, account_id: str, preferences: Preferences) -> Preferences:
        """What is switched off is also cleared: nobody who does so wants to leave the rest behind."""
        async with self._store.writing() as transaction:
            await account_of(transaction, account_id, hold=True)
            await transaction.accounts.set_preferences(account_id, preferences)
            await transaction.history.clear(
                account_id, searches=not preferences.keep_searches, views=not preferences.keep_recent_views
            )
        return preferences

    async def _list_to_save_in(self, transaction: Transaction, account_id: str, list_id: str) -> str:
        lists = await transaction.shelf.lists(account_id)
        if list_id:
            if list_id not in {each.id for each in lists}:
                raise no_such("list")
            return list_id
        return lists[0].id if lists else (await self._add_list(transaction, account_id, rules.FIRST_LIST)).id

    async def _add_list(self, transaction: Transaction, account_id: str, name: str) -> SavedList:
        if len(await transaction.shelf.lists(account_id)) >= rules.MAX_LISTS:
            raise too_many("lists", rules.MAX_LISTS)
        added = SavedList(new_id(), name)
        await transaction.shelf.add_list(account_id, added, self._clock())
        return added


def _preferences(account: Account) -> Preferences:
    return Preferences(account.keep_searches, account.keep_recent_views)


def _checked_name(given: str) -> str:
    name = rules.list_name(given)
    _check(rules.list_name_faults(name))
    return name


def _check(fields: dict[str, str]) -> None:
    if fields:
        raise InvalidArgument("the request cannot be taken as it is", fields=fields)


def _name_taken() -> AlreadyExists:
    return AlreadyExists("there is a list of that name", reason="LIST_EXISTS")


async def _tell(transaction: Transaction, account_id: str) -> None:
    await transaction.events.add(SHELF_CHANGED, ShelfChanged(account_id=account_id))
