"""What a code page shows of a member's shelf: remembered, but never from before a change."""

from __future__ import annotations

import asyncio

import pytest
from medcodes.accounts.v1 import accounts_pb2, shelf_pb2

from services.common.errors import Unavailable
from services.gateway.members import code_shelves
from services.gateway.members.code_shelves import CodeShelves
from services.gateway.members.member import member
from services.gateway.rendering.templates import Templates
from services.gateway.static_files import StaticFiles

TEMPLATES = Templates(StaticFiles().addresses, {"public_url": ""})
ONE = member(accounts_pb2.Principal(account_id="account-1", session_id="session-1"))
TWO = member(accounts_pb2.Principal(account_id="account-2", session_id="session-2"))


class Asked:
    """Accounts as far as a code page needs it: one list, codes saved in it, notes; and whether events are heard of."""

    def __init__(self) -> None:
        self.saved: list[str] = []
        self.notes: dict[str, str] = {}
        self.shelves = self.codes = 0
        self.watching = True
        self.gate = asyncio.Event()
        self.gate.set()

    async def get_shelf(self, account_id: str) -> shelf_pb2.Shelf:
        self.shelves += 1
        saved = [shelf_pb2.SavedCode(list_id="l1", system="cpt", code=code) for code in self.saved]
        notes = [shelf_pb2.Note(system="cpt", code=code, text=text) for code, text in self.notes.items()]
        await self.gate.wait()
        return shelf_pb2.Shelf(lists=[shelf_pb2.SavedList(id="l1", name="Hips & knees", codes=saved)], notes=notes)

    async def get_code_shelf(self, account_id: str, system: str, code: str) -> shelf_pb2.CodeShelf:
        self.codes += 1
        lists = [shelf_pb2.SavedList(id="l1", name="Hips & knees")]
        saved_in = ["l1"] if code in self.saved else []
        return shelf_pb2.CodeShelf(lists=lists, saved_in=saved_in, note=shelf_pb2.Note(text=self.notes.get(code, "")))

    def code_shelves(self, patience: float = 1.0) -> CodeShelves:
        return CodeShelves(self, TEMPLATES, lambda: self.watching, patience)


@pytest.fixture
def asked():
    return Asked()


async def test_accounts_is_asked_once_for_all_codes_of_a_member(asked):
    asked.saved = ["27250"]
    shelves = asked.code_shelves()
    assert b"Take out of Hips &amp; knees" in await shelves.rendered(ONE, "cpt", "27250")
    assert b"Take out" not in await shelves.rendered(ONE, "cpt", "27252")
    assert b"/codes/cpt/27252/save" in await shelves.rendered(ONE, "cpt", "27252")
    assert (asked.shelves, asked.codes) == (1, 0)
    await shelves.rendered(TWO, "cpt", "27250")
    assert asked.shelves == 2


async def test_what_is_remembered_reads_as_what_accounts_says(asked):
    asked.saved = ["27250"]
    shelves = asked.code_shelves()
    remembered = [await shelves.rendered(ONE, "cpt", code) for code in ("27250", "27252")]
    asked.watching = False
    assert [await shelves.rendered(ONE, "cpt", code) for code in ("27250", "27252")] == remembered
    assert asked.codes == 2


async def test_a_change_shows_on_the_next_page(asked):
    shelves = asked.code_shelves()
    await shelves.rendered(ONE, "cpt", "27250")
    asked.saved = ["27250"]
    shelves.forget("account-1")
    assert b"Take out" in await shelves.rendered(ONE, "cpt", "27250")


async def test_an_answer_from_before_a_change_is_not_remembered(asked):
    shelves = asked.code_shelves()
    asked.gate.clear()
    page = asyncio.create_task(shelves.rendered(ONE, "cpt", "27250"))
    await asyncio.sleep(0)
    asked.saved = ["27250"]
    shelves.forget("account-1")
    asked.gate.set()
    await page
    assert b"Take out" in await shelves.rendered(ONE, "cpt", "27250")


async def test_a_note_is_read_anew_each_time_and_kept_in_no_memory(asked):
    asked.notes = {"27250": "closed <treatment>"}
    shelves = asked.code_shelves()
    assert b"closed &lt;treatment&gt;" in await shelves.rendered(ONE, "cpt", "27250")
    asked.notes = {"27250": "another"}
    assert b"another" in await shelves.rendered(ONE, "cpt", "27250")


async def test_while_accounts_is_away_the_page_says_so(asked):
    async def away(account_id):
        raise Unavailable("away")

    asked.get_shelf = away
    assert b"cannot be reached" in await asked.code_shelves().rendered(ONE, "cpt", "27250")


async def test_a_page_waits_for_accounts_no_longer_than_it_has_patience(asked):
    asked.gate.clear()
    assert b"cannot be reached" in await asked.code_shelves(patience=0.05).rendered(ONE, "cpt", "27250")


async def test_memory_is_bounded(asked, monkeypatch):
    monkeypatch.setattr(code_shelves, "MAX_REMEMBERED", 6)
    asked.saved = ["27250"]
    shelves = asked.code_shelves()
    for number in range(5):
        one = member(accounts_pb2.Principal(account_id=f"account-{number}", session_id="s"))
        await shelves.rendered(one, "cpt", "27250")
    newest, oldest = (member(accounts_pb2.Principal(account_id=f"account-{n}", session_id="s")) for n in (4, 0))
    await shelves.rendered(newest, "cpt", "27250")
    assert asked.shelves == 5
    await shelves.rendered(oldest, "cpt", "27250")
    assert asked.shelves == 6


async def test_a_key_that_may_not_see_the_shelf_sees_none(asked):
    key = member(accounts_pb2.Principal(account_id="account-1", api_key_id="key-1", scopes=["codes"]))
    assert await asked.code_shelves().rendered(key, "cpt", "27250") == b""
    assert asked.shelves == 0
