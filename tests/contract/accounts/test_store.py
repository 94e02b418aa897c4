"""What the store of accounts promises (services/accounts/ports.py), over SQLite and over PostgreSQL."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib

import pytest
from medcodes.events.v1.events_pb2 import SessionEnded

from services.accounts.adapters.sql.database import Database
from services.accounts.adapters.sql.outbox import SqlOutbox
from services.accounts.adapters.sql.store import SqlStore
from services.accounts.domain.mails import MailKind
from services.accounts.domain.people import Account, ApiKey, Deletion, Guest, LinkKind, Session, new_id
from services.accounts.domain.shelf import CodeKey, Note, Preferences, RecentView, SavedCode, SavedList, Search
from services.accounts.domain.throttling import Limit
from services.accounts.ports import SESSION_ENDED, EmailTaken, NameTaken, StoreUnavailable

NOW = 1_800_000_000_000
CODE, OTHER = CodeKey("cpt", "27250"), CodeKey("cpt", "99213")
LIMIT = Limit("login", 3, 1000)


def account(email: str = "one@example.org", **changes) -> Account:
    found = Account(new_id(), email, email.lower(), "hash", "registered", NOW, registered_from=Guest("g" * 22, 1700))
    return dataclasses.replace(found, **changes)


def session(owner: Account, **changes) -> Session:
    return dataclasses.replace(Session(new_id(), owner.id, NOW, NOW, NOW + 1000, "a browser"), **changes)


def hashed(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


async def added(store: SqlStore, *accounts: Account) -> None:
    async with store.writing() as transaction:
        for each in accounts:
            await transaction.accounts.add(each)


async def with_a_link(store):
    """An account to which a link for a new password was sent."""
    one = account()
    await added(store, one)
    async with store.writing() as transaction:
        await transaction.links.add(LinkKind.RESET, one.id, hashed("t"), NOW + 10)
    return one


class StoreContract:
    @pytest.fixture
    async def store(self, database):
        store = SqlStore(database)
        await store.prepare()
        yield store
        await store.stop()

    # Accounts

    async def test_an_account_is_found_as_it_was_added(self, store):
        one = account("One@Example.org", email_verified_at_ms=5, keep_searches=False)
        await added(store, one)
        async with store.reading() as transaction:
            assert await transaction.accounts.get(one.id) == one
            assert await transaction.accounts.by_email("one@example.org") == one
            assert await transaction.accounts.by_email("two@example.org") is None

    async def test_an_email_is_taken_once_even_at_the_same_moment(self, store):
        results = await asyncio.gather(*(added(store, account()) for _ in range(8)), return_exceptions=True)
        assert results.count(None) == 1
        assert all(result is None or isinstance(result, EmailTaken) for result in results)

    async def test_a_transaction_that_raises_leaves_nothing(self, store):
        one = account()
        with pytest.raises(RuntimeError):
            async with store.writing() as transaction:
                await transaction.accounts.add(one)
                await transaction.events.add(SESSION_ENDED, SessionEnded(account_id=one.id))
                raise RuntimeError
        async with store.reading() as transaction:
            assert await transaction.accounts.get(one.id) is None

    async def test_accounts_are_found_by_part_id_and_plan_newest_first_in_pages(self, store):
        many = [account(f"u{number}_%@example.org", created_at_ms=NOW + number // 2) for number in range(9)]
        await added(store, *many, account("a@example.org", plan="professional"))
        async with store.reading() as transaction:
            find = transaction.accounts.find
            first = await find("_%@", "", None, 5)
            rest = await find("_%@", "", (first[-1].created_at_ms, first[-1].id), 5)
            assert sorted(each.id for each in [*first, *rest]) == sorted(each.id for each in many)
            times = [(each.created_at_ms, each.id) for each in [*first, *rest]]
            assert times == sorted(times, reverse=True)
            assert [each.email for each in await find("", "professional", None, 5)] == ["a@example.org"]
            assert await find(many[3].id, "", None, 5) == [many[3]]
            assert await find(many[3].id[:31], "", None, 5) == []

    async def test_what_is_changed_is_changed_for_one_account_only(self, store):
        one, two = account(), account("two@example.org")
        await added(store, one, two)
        async with store.writing() as transaction:
            await transaction.accounts.set_password(one.id, "other")
            await transaction.accounts.set_plan(one.id, "professional")
            await transaction.accounts.set_locked(one.id, 7)
            await transaction.accounts.set_verified(one.id, 8)
            await transaction.accounts.set_preferences(one.id, Preferences(False, False))
        async with store.reading() as transaction:
            changed = await transaction.accounts.get(one.id)
            assert await transaction.accounts.get(two.id) == two
        assert (changed.password_hash, changed.plan, changed.locked_at_ms) == ("other", "professional", 7)
        assert (changed.email_verified_at_ms, changed.keep_searches, changed.keep_recent_views) == (8, False, False)

    async def test_who_holds_an_account_is_waited_for(self, store):
        one, order = account(), []
        await added(store, one)

        async def hold(name: str) -> None:
            async with store.writing() as transaction:
                await transaction.accounts.hold(one.id)
                order.append(name)
                await asyncio.sleep(0.05)
                order.append(name)

        await asyncio.gather(hold("a"), hold("b"))
        assert order[0] == order[1] and order[2] == order[3]

    async def test_erasing_leaves_no_row_of_the_account_and_all_of_others(self, store, database):
        one, two = account(), account("two@example.org")
        await added(store, one, two)
        for each in (one, two):
            await self.fill(store, each)
        async with store.writing() as transaction:
            await transaction.accounts.erase(one.id)
        left = await every_row(database)
        assert not any(one.id in row or one.email in row for row in left)
        assert sum(two.id in row for row in left) == 9

    async def fill(self, store: SqlStore, owner: Account) -> None:
        """A row for the account in every table that has rows of accounts."""
        shelf = SavedList(new_id(), "list")
        key = ApiKey(new_id(), owner.id, "key", "mck_", ("codes",), NOW, 0)
        async with store.writing() as transaction:
            await transaction.credentials.add_session(session(owner), hashed("s" + owner.id))
            await transaction.credentials.add_api_key(key, hashed("k" + owner.id))
            await transaction.links.add(LinkKind.RESET, owner.id, hashed("l" + owner.id), NOW)
            await transaction.mails.add(MailKind.RESET, owner.email_key, NOW)
            await transaction.shelf.add_list(owner.id, shelf, NOW)
            await transaction.shelf.save(owner.id, SavedCode(shelf.id, *CODE, NOW))
            await transaction.shelf.set_note(owner.id, Note(*CODE, "a note", NOW))
            await transaction.history.add_views([(owner.id, RecentView(*CODE, NOW))], 100)
            await transaction.history.add_search(owner.id, Search("hip", NOW), 100)

    # Sessions and API keys

    async def test_a_session_is_found_by_its_token_until_it_is_ended(self, store):
        one = account()
        first, second = session(one), session(one, created_at_ms=NOW + 1)
        await added(store, one)
        async with store.writing() as transaction:
            await transaction.credentials.add_session(first, hashed("a"))
            await transaction.credentials.add_session(second, hashed("b"))
        async with store.writing() as transaction:
            rows = transaction.credentials
            assert (await rows.by_session_token(hashed("a")))[:2] == (one, first)
            assert await rows.by_session_token(hashed("c")) is None
            assert await rows.sessions(one.id) == [second, first]
            await rows.use_session(first.id, NOW + 5)
            await rows.use_session(first.id, NOW + 4)
            assert (await rows.by_session_token(hashed("a"))).session.last_used_at_ms == NOW + 5
            assert not await rows.end_session("0" * 32, first.id)
            assert await rows.end_session(one.id, first.id)
            assert not await rows.end_session(one.id, first.id)
            assert await rows.end_sessions(one.id, second.id) == []
            assert await rows.end_sessions(one.id) == [second.id]

    async def test_ended_sessions_are_pruned(self, store):
        one = account()
        await added(store, one)
        async with store.writing() as transaction:
            rows = transaction.credentials
            await rows.add_session(session(one, expires_at_ms=NOW), hashed("over"))
            await rows.add_session(session(one, last_used_at_ms=NOW - 100), hashed("idle"))
            await rows.add_session(session(one), hashed("in use"))
            assert await rows.prune_sessions(NOW, 100) == 2
            assert await rows.by_session_token(hashed("in use"))

    async def test_an_api_key_is_found_by_its_hash_until_it_is_revoked(self, store):
        one = account()
        key = ApiKey(new_id(), one.id, "script", "mck_0011", ("codes", "shelf"), NOW, 0)
        await added(store, one)
        async with store.writing() as transaction:
            rows = transaction.credentials
            await rows.add_api_key(key, hashed("k"))
            assert await rows.by_api_key(hashed("k")) == (one, None, key)
            await rows.use_api_key(key.id, NOW)
            assert (await rows.api_keys(one.id))[0].last_used_at_ms == NOW
            assert not await rows.revoke_api_key("0" * 32, key.id)
            assert await rows.revoke_api_key(one.id, key.id)
            assert await rows.by_api_key(hashed("k")) is None

    # Links and mails

    async def test_a_link_works_once_for_its_kind_and_until_it_ends(self, store):
        one = account()
        await added(store, one)
        async with store.writing() as transaction:
            await transaction.links.add(LinkKind.VERIFY, one.id, hashed("old"), NOW + 10)
            await transaction.links.add(LinkKind.VERIFY, one.id, hashed("new"), NOW + 10)
            take = transaction.links.take
            assert await take(LinkKind.VERIFY, hashed("old"), NOW) == ""
            assert await take(LinkKind.RESET, hashed("new"), NOW) == ""
            assert await take(LinkKind.VERIFY, hashed("new"), NOW + 10) == ""
            assert await take(LinkKind.VERIFY, hashed("new"), NOW + 9) == one.id
            assert await take(LinkKind.VERIFY, hashed("new"), NOW + 9) == ""

    async def test_of_many_that_take_a_link_one_gets_it(self, store):
        one = await with_a_link(store)

        async def take() -> str:
            async with store.writing() as transaction:
                return await transaction.links.take(LinkKind.RESET, hashed("t"), NOW)

        assert sorted(await asyncio.gather(*(take() for _ in range(6)))) == [""] * 5 + [one.id]

    async def test_who_takes_a_link_and_who_erases_its_account_do_not_wait_for_each_other(self, store):
        one = await with_a_link(store)

        async def take() -> str:
            async with store.writing() as transaction:
                taken = await transaction.links.take(LinkKind.RESET, hashed("t"), NOW)
                await transaction.accounts.hold(one.id)
                return taken

        async with store.writing() as transaction:
            await transaction.accounts.hold(one.id)
            taking = asyncio.create_task(take())
            await asyncio.sleep(0.2)
            await transaction.accounts.erase(one.id)
        assert await taking == ""

    async def test_a_claimed_mail_is_nobody_elses_until_its_time_is_over(self, store):
        async with store.writing() as transaction:
            await transaction.mails.add(MailKind.VERIFY, "one@example.org", NOW)
            await transaction.mails.add(MailKind.RESET, "two@example.org", NOW + 1)

        async def claim(now_ms: int):
            async with store.writing() as transaction:
                return await transaction.mails.claim(now_ms, now_ms + 100)

        claimed = await asyncio.gather(*(claim(NOW + 1) for _ in range(4)))
        found = sorted((each for each in claimed if each), key=lambda each: each.email_key)
        assert [(each.kind, each.tries) for each in found] == [(MailKind.VERIFY, 1), (MailKind.RESET, 1)]
        async with store.writing() as transaction:
            await transaction.mails.remove(found[0].id)
            await transaction.mails.postpone(found[1].id, NOW + 500)
        assert await claim(NOW + 499) is None
        assert (await claim(NOW + 500)).tries == 2
        async with store.writing() as transaction:
            await transaction.mails.bury(found[1].id, NOW)
            assert await transaction.mails.claim(NOW + 10**9, 0) is None
            assert await transaction.mails.waiting() == 0
            assert await transaction.mails.prune(NOW + 1) == 1

    # Throttling

    async def test_tries_are_counted_in_their_window_by_what_and_by_whom(self, store, database):
        async with store.writing() as transaction:
            count = transaction.throttle.count
            assert [(await count(LIMIT, "x", NOW + step)).made for step in (0, 1, 999)] == [1, 2, 3]
            assert await count(LIMIT, "y", NOW) == (1, NOW + 1000)
            assert (await count(LIMIT._replace(name="other"), "x", NOW)).made == 1
            await transaction.throttle.uncount(LIMIT, "x", NOW + 999)
            assert await count(LIMIT, "x", NOW + 999) == (3, NOW + 1000)
            assert await count(LIMIT, "x", NOW + 1000) == (1, NOW + 2000)
            await transaction.throttle.reset(LIMIT, "x")
            assert (await count(LIMIT, "x", NOW + 1000)).made == 1
        async with store.writing() as transaction:
            assert await transaction.throttle.prune(NOW + 1000) == 2

    async def test_tries_at_the_same_moment_are_all_counted(self, store):
        async def count() -> int:
            async with store.writing() as transaction:
                return (await transaction.throttle.count(LIMIT, "x", NOW)).made

        assert sorted(await asyncio.gather(*(count() for _ in range(10)))) == list(range(1, 11))

    # Events

    async def test_events_are_numbered_without_gaps_in_the_order_of_their_commits(self, store, database):
        async def tell(number: int, fails: bool) -> None:
            async with store.writing() as transaction:
                await transaction.events.add(SESSION_ENDED, SessionEnded(account_id=str(number)))
                if fails:
                    raise RuntimeError

        work = [tell(number, number % 3 == 0) for number in range(30)]
        await asyncio.gather(*work, return_exceptions=True)
        outbox = SqlOutbox(database)
        entries = await outbox.read(0, 100)
        assert [entry.number for entry in entries] == list(range(1, 21))
        told = {entry.event().payload.account_id for entry in entries}
        assert told == {str(number) for number in range(30) if number % 3}
        await outbox.trim(15)
        assert [entry.number for entry in await outbox.read(0, 2)] == [16, 17]

    async def test_a_restored_store_gives_no_number_that_the_stream_has(self, store, database):
        await SqlOutbox(database).trim(41)
        async with store.writing() as transaction:
            await transaction.events.add(SESSION_ENDED, SessionEnded(account_id="x"))
        assert [entry.number for entry in await SqlOutbox(database).read(0, 9)] == [42]

    # Deletions

    async def test_a_completed_deletion_forgets_whose_it_was(self, store, database):
        deletion, owner = Deletion(new_id(), NOW, NOW, 0), new_id()
        async with store.writing() as transaction:
            await transaction.deletions.add(deletion, owner)
            assert await transaction.deletions.get(deletion.id) == deletion
            assert not await transaction.deletions.metering_erased(new_id(), NOW + 1)
            assert await transaction.deletions.metering_erased(owner, NOW + 1)
            assert not await transaction.deletions.metering_erased(owner, NOW + 2)
            assert await transaction.deletions.get(deletion.id) == deletion._replace(metering_erased_at_ms=NOW + 1)
        assert not any(owner in row for row in await every_row(database))

    # The shelf

    async def test_lists_codes_and_notes(self, store):
        one, two = account(), account("two@example.org")
        await added(store, one, two)
        first, second = SavedList(new_id(), "first"), SavedList(new_id(), "second")
        async with store.writing() as transaction:
            shelf = transaction.shelf
            await shelf.add_list(one.id, first, NOW)
            await shelf.add_list(one.id, second, NOW + 1)
            await shelf.add_list(two.id, SavedList(new_id(), "first"), NOW)
            assert await shelf.lists(one.id) == [first, second]
            saved = SavedCode(first.id, *CODE, NOW)
            assert await shelf.save(one.id, saved) == saved
            assert await shelf.save(one.id, saved._replace(saved_at_ms=NOW + 5)) == saved
            await shelf.save(one.id, SavedCode(second.id, *CODE, NOW + 2))
            await shelf.save(one.id, SavedCode(second.id, *OTHER, NOW + 3))
            assert [each.saved_at_ms for each in await shelf.saved(one.id)] == [NOW + 3, NOW + 2, NOW]
            assert {each.list_id for each in await shelf.saved(one.id, CODE)} == {first.id, second.id}
            assert (await shelf.count_saved(one.id), await shelf.count_saved(two.id)) == (3, 0)
            await shelf.remove(one.id, first.id, CODE)
            assert await shelf.count_saved(one.id) == 2
            await shelf.remove(two.id, "", CODE)
            await shelf.remove(one.id, "", CODE)
            assert [each.code for each in await shelf.saved(one.id)] == [OTHER.code]
            assert not await shelf.rename_list(two.id, second.id, "mine")
            assert await shelf.rename_list(one.id, second.id, "renamed")
            assert not await shelf.delete_list(two.id, second.id)
            assert await shelf.delete_list(one.id, second.id)
            assert await shelf.count_saved(one.id) == 0
            await shelf.set_note(one.id, Note(*CODE, "a", NOW))
            await shelf.set_note(one.id, Note(*CODE, "b ☤", NOW + 1))
            assert await shelf.notes(one.id, CODE) == [Note(*CODE, "b ☤", NOW + 1)]
            assert (await shelf.notes(two.id), await shelf.count_notes(one.id)) == ([], 1)
            await shelf.remove_note(one.id, CODE)
            assert await shelf.notes(one.id) == []

    async def test_a_list_name_is_taken_once_for_an_account(self, store):
        one, first, second = account(), SavedList(new_id(), "first"), SavedList(new_id(), "second")
        await added(store, one)
        async with store.writing() as transaction:
            await transaction.shelf.add_list(one.id, first, NOW)
            await transaction.shelf.add_list(one.id, second, NOW)
        with pytest.raises(NameTaken):
            async with store.writing() as transaction:
                await transaction.shelf.add_list(one.id, SavedList(new_id(), "first"), NOW)
        with pytest.raises(NameTaken):
            async with store.writing() as transaction:
                await transaction.shelf.rename_list(one.id, second.id, "first")

    async def test_a_feed_has_one_token_the_last_and_goes_with_its_account(self, store):
        owner, other = account(), account("two@example.org")
        await added(store, owner, other)
        async with store.writing() as transaction:
            await transaction.feeds.set(owner.id, hashed("first"), NOW)
            await transaction.feeds.set(owner.id, hashed("second"), NOW + 1)
        async with store.reading() as transaction:
            assert await transaction.feeds.owner(hashed("first")) is None
            assert await transaction.feeds.owner(hashed("second")) == owner
            assert await transaction.feeds.created_at_ms(owner.id) == NOW + 1
            assert await transaction.feeds.created_at_ms(other.id) == 0
        async with store.writing() as transaction:
            await transaction.feeds.set(other.id, hashed("other"), NOW)
            await transaction.feeds.remove(other.id)
            await transaction.accounts.erase(owner.id)
        async with store.reading() as transaction:
            assert await transaction.feeds.owner(hashed("second")) is None
            assert await transaction.feeds.owner(hashed("other")) is None

    async def test_history_keeps_the_newest_each_once(self, store):
        one = account()
        await added(store, one)
        async with store.writing() as transaction:
            history = transaction.history
            for step, code in enumerate(["1", "2", "3", "1", "4"]):
                await history.add_views([(one.id, RecentView("cpt", code, NOW + step))], 3)
                await history.add_search(one.id, Search(code, NOW + step), 3)
            assert [each.code for each in await history.views(one.id)] == ["4", "1", "3"]
            assert [each.query for each in await history.searches(one.id)] == ["4", "1", "3"]
            await history.clear(one.id, searches=True, views=False)
            assert (len(await history.views(one.id)), len(await history.searches(one.id))) == (3, 0)
            await history.clear(one.id, searches=False, views=True)
            assert await history.views(one.id) == []

    async def test_views_of_many_accounts_are_kept_at_once_but_not_against_their_will(self, store):
        one, other, unwilling = (account(f"{name}@example.org") for name in ("one", "other", "unwilling"))
        await added(store, one, other, unwilling)
        async with store.writing() as transaction:
            await transaction.accounts.set_preferences(unwilling.id, Preferences(True, False))
            views = [
                (each.id, RecentView("cpt", str(step), NOW + step)) for step in range(5) for each in (one, unwilling)
            ]
            views += [(other.id, RecentView(*CODE, NOW)), ("0" * 32, RecentView(*CODE, NOW))]
            await transaction.history.add_views(views, 3)
            assert [each.code for each in await transaction.history.views(one.id)] == ["4", "3", "2"]
            assert await transaction.history.views(other.id) == [RecentView(*CODE, NOW)]
            assert await transaction.history.views(unwilling.id) == []

    # Trouble

    async def test_before_it_is_prepared_the_store_is_unavailable(self, database):
        store = SqlStore(database)
        assert await asyncio.gather(store.answers(), return_exceptions=True) != [True]
        with pytest.raises(StoreUnavailable):
            async with store.reading():
                pass
        await store.stop()

    async def test_a_step_that_takes_too_long_ends(self, store):
        with pytest.raises(StoreUnavailable):
            async with store.writing() as transaction:
                await transaction.accounts.add(account())
                await asyncio.sleep(60)
        async with store.reading() as transaction:
            assert await transaction.accounts.find("", "", None, 9) == []

    async def test_who_is_cancelled_midway_holds_nothing_up(self, store):
        one, cancelled = account(), []
        await added(store, one)

        async def write() -> None:
            while True:
                async with store.writing() as transaction:
                    await transaction.accounts.hold(one.id)
                    await transaction.accounts.set_plan(one.id, "professional")

        for moment in range(40):
            cancelled.append(asyncio.create_task(write()))
            await asyncio.sleep(0.001 + moment / 4000)
            cancelled[-1].cancel()
            await asyncio.wait(cancelled[-1:])
            async with store.writing() as transaction:
                await transaction.accounts.set_verified(one.id, moment)
        assert all(task.cancelled() for task in cancelled)


async def every_row(database: Database) -> list[tuple[object, ...]]:
    from services.accounts.adapters.sql.tables import metadata

    async with database.transaction(write=False) as connection:
        return [tuple(row) for table in metadata.sorted_tables for row in await connection.execute(table.select())]


class TestSqlite(StoreContract):
    @pytest.fixture
    def database(self, tmp_path):
        return Database("sqlite:", folder=tmp_path, seconds=5, connections=4)


class TestPostgres(StoreContract):
    @pytest.fixture
    async def database(self, postgres, tmp_path):
        return Database(await postgres.new_database(), folder=tmp_path, seconds=5, connections=4)
