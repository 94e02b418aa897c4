"""What a person keeps, hands out and erases: the shelf, the export, the deletion and its proof."""

from __future__ import annotations

import json

import pytest
from medcodes.accounts.v1 import accounts_pb2 as pb
from medcodes.accounts.v1 import shelf_pb2 as shelf
from medcodes.events.v1.events_pb2 import AccountDeleted, SubjectErased

from services.accounts.domain import shelf as rules
from services.common.events import Event
from tests.accounts_service import PASSWORD, call, reason

HIP = {"system": "cpt", "code": "27250"}
VISIT = {"system": "cpt", "code": "99213"}


@pytest.fixture
async def owner(accounts) -> str:
    return (await accounts.register()).principal.account_id


async def test_codes_are_saved_in_lists(accounts, owner):
    stub = accounts.shelf
    first = (await stub.SaveCode(shelf.SaveCodeRequest(account_id=owner, **HIP))).saved
    again = (await stub.SaveCode(shelf.SaveCodeRequest(account_id=owner, **HIP))).saved
    assert again == first
    made = (await stub.CreateList(shelf.CreateListRequest(account_id=owner, name="  Hip  cases "))).list
    assert made.name == "Hip cases"
    twice = stub.CreateList(shelf.CreateListRequest(account_id=owner, name="Hip cases"))
    assert await reason(twice) == "LIST_EXISTS"
    await stub.SaveCode(shelf.SaveCodeRequest(account_id=owner, list_id=made.id, **HIP))
    await stub.SetNote(shelf.SetNoteRequest(account_id=owner, text="check the modifier", **HIP))
    found = (await stub.GetCodeShelf(shelf.GetCodeShelfRequest(account_id=owner, **HIP))).code_shelf
    assert set(found.saved_in) == {first.list_id, made.id}
    assert [each.name for each in found.lists] == [rules.FIRST_LIST, "Hip cases"]
    assert found.note.text == "check the modifier"
    await stub.RemoveCode(shelf.RemoveCodeRequest(account_id=owner, list_id=made.id, **HIP))
    renamed = shelf.RenameListRequest(account_id=owner, list_id=made.id, name="Hips")
    assert (await stub.RenameList(renamed)).list.name == "Hips"
    await stub.SetNote(shelf.SetNoteRequest(account_id=owner, text=" ", **HIP))
    whole = (await stub.GetShelf(shelf.GetShelfRequest(account_id=owner))).shelf
    assert [(each.name, len(each.codes)) for each in whole.lists] == [(rules.FIRST_LIST, 1), ("Hips", 0)]
    assert len(whole.notes) == 0
    await stub.DeleteList(shelf.DeleteListRequest(account_id=owner, list_id=first.list_id))
    whole = (await stub.GetShelf(shelf.GetShelfRequest(account_id=owner))).shelf
    assert [each.name for each in whole.lists] == ["Hips"]


async def test_a_shelf_is_its_owners(accounts, owner):
    stranger = (await accounts.register("two@example.org")).principal.account_id
    stub = accounts.shelf
    saved = (await stub.SaveCode(shelf.SaveCodeRequest(account_id=owner, **HIP))).saved
    for request in (
        stub.SaveCode(shelf.SaveCodeRequest(account_id=stranger, list_id=saved.list_id, **VISIT)),
        stub.RenameList(shelf.RenameListRequest(account_id=stranger, list_id=saved.list_id, name="mine")),
        stub.DeleteList(shelf.DeleteListRequest(account_id=stranger, list_id=saved.list_id)),
        stub.GetShelf(shelf.GetShelfRequest(account_id="0" * 32)),
        stub.GetShelf(shelf.GetShelfRequest(account_id="\0")),
    ):
        assert await reason(request) == "NOT_FOUND"
    await stub.RemoveCode(shelf.RemoveCodeRequest(account_id=stranger, list_id=saved.list_id, **HIP))
    whole = (await stub.GetShelf(shelf.GetShelfRequest(account_id=owner))).shelf
    assert len(whole.lists[0].codes) == 1


async def test_a_shelf_holds_so_much_and_no_more(accounts, owner, monkeypatch):
    stub = accounts.shelf
    monkeypatch.setattr(rules, "MAX_SAVED", 2)
    monkeypatch.setattr(rules, "MAX_NOTES", 1)
    monkeypatch.setattr(rules, "MAX_LISTS", 2)
    saves = [
        await reason(stub.SaveCode(shelf.SaveCodeRequest(account_id=owner, system="cpt", code=each))) for each in "123"
    ]
    assert saves == ["", "", "TOO_MANY"]
    assert await reason(stub.SaveCode(shelf.SaveCodeRequest(account_id=owner, system="cpt", code="1"))) == ""
    notes = [
        await reason(stub.SetNote(shelf.SetNoteRequest(account_id=owner, text="x", system="cpt", code=each)))
        for each in "12"
    ]
    assert notes == ["", "TOO_MANY"]
    lists = [await reason(stub.CreateList(shelf.CreateListRequest(account_id=owner, name=each))) for each in "ab"]
    assert lists == ["", "TOO_MANY"]
    too_long = stub.SetNote(shelf.SetNoteRequest(account_id=owner, text="x" * 4001, **HIP))
    assert await reason(too_long) == "INVALID_ARGUMENT"


async def test_history_is_kept_cleared_and_switched_off(accounts, owner):
    stub = accounts.shelf

    async def look() -> tuple[list[str], list[str]]:
        views = (await stub.ListRecentViews(shelf.ListRecentViewsRequest(account_id=owner))).views
        searches = (await stub.ListSearches(shelf.ListSearchesRequest(account_id=owner))).searches
        return [each.code for each in views], [each.query for each in searches]

    async def record() -> None:
        for code in ("1", "2", "1"):
            accounts.clock.ahead_ms += 1
            await stub.RecordView(shelf.RecordViewRequest(account_id=owner, system="cpt", code=code))
            await stub.RecordSearch(shelf.RecordSearchRequest(account_id=owner, query=f"  hip   {code}"))

    await record()
    assert await look() == (["1", "2"], ["hip 1", "hip 2"])
    await stub.ClearHistory(shelf.ClearHistoryRequest(account_id=owner, searches=True))
    assert await look() == (["1", "2"], [])
    wanted = shelf.Preferences(keep_search_history=False, keep_recent_views=True)
    await stub.SetPreferences(shelf.SetPreferencesRequest(account_id=owner, preferences=wanted))
    await record()
    assert await look() == (["1", "2"], [])
    assert (await stub.GetShelf(shelf.GetShelfRequest(account_id=owner))).shelf.preferences == wanted


async def exported(accounts, account_id: str) -> str:
    stream = accounts.accounts.ExportAccount(pb.ExportAccountRequest(account_id=account_id))
    return b"".join([each.piece async for each in stream]).decode()


async def test_an_export_has_everything_but_secrets(accounts, owner):
    stub = accounts.shelf
    signed_in = await accounts.log_in()
    key = await accounts.accounts.CreateApiKey(
        pb.CreateApiKeyRequest(account_id=owner, name="script", scopes=["codes"])
    )
    await stub.SaveCode(shelf.SaveCodeRequest(account_id=owner, **HIP))
    await stub.SetNote(shelf.SetNoteRequest(account_id=owner, text="my note ☤", **HIP))
    await stub.RecordView(shelf.RecordViewRequest(account_id=owner, **HIP))
    await stub.RecordSearch(shelf.RecordSearchRequest(account_id=owner, query="hip dislocation"))
    text = await exported(accounts, owner)
    document = json.loads(text)
    assert document["account"]["email"] == "one@example.org"
    assert document["saved_codes"][0]["code"] == "27250" and document["saved_codes"][0]["list"] == rules.FIRST_LIST
    assert document["notes"][0]["text"] == "my note ☤"
    assert [each["query"] for each in document["searches"]] == ["hip dislocation"]
    assert len(document["recent_views"]) == 1
    assert (len(document["sessions"]), document["api_keys"][0]["name"]) == (2, "script")
    assert not [secret for secret in (signed_in.token, key.key, "argon2", "hash") if secret in text]
    assert await reason(_drained(accounts, "0" * 32)) == "NOT_FOUND"


async def _drained(accounts, account_id: str) -> None:
    await exported(accounts, account_id)


async def test_a_deletion_erases_at_once_tells_and_is_proven_complete(accounts, owner):
    signed_in = await accounts.log_in()
    await accounts.shelf.SaveCode(shelf.SaveCodeRequest(account_id=owner, **HIP))

    def delete(password: str):
        return accounts.accounts.DeleteAccount(pb.DeleteAccountRequest(account_id=owner, password=password))

    assert await reason(delete("not the password")) == "BAD_CREDENTIALS"
    deletion = (await call(delete(PASSWORD))).deletion
    assert deletion.accounts_erased_at_ms and not deletion.metering_erased_at_ms
    assert await reason(accounts.resolve(signed_in.token)) == "BAD_TOKEN"
    assert await reason(accounts.log_in()) == "BAD_CREDENTIALS"
    assert await reason(accounts.accounts.GetAccount(pb.GetAccountRequest(account_id=owner))) == "NOT_FOUND"
    told = await accounts.until_told(3)
    expected = ["accounts.account.registered", "accounts.shelf.changed", "accounts.account.deleted"]
    assert [kind for kind, _ in told] == expected
    payload = told[-1][1]
    assert AccountDeleted.FromString(payload) == AccountDeleted(account_id=owner, deletion_id=deletion.id)

    erased = SubjectErased(account_id=owner, erased_at_ms=deletion.requested_at_ms + 5)
    for _ in range(2):
        await accounts.bus.publish(Event("metering.subject.erased", "metering", erased))
    found: list[int] = []

    async def look() -> None:
        answer = await accounts.accounts.GetDeletion(pb.GetDeletionRequest(deletion_id=deletion.id))
        found.append(answer.deletion.metering_erased_at_ms)

    while not found or not found[-1]:
        await look()
    assert found[-1] == erased.erased_at_ms
    unknown = accounts.accounts.GetDeletion(pb.GetDeletionRequest(deletion_id="0" * 32))
    assert await reason(unknown) == "NOT_FOUND"
    # The e-mail is free again, for somebody who is not the one before.
    assert (await accounts.register()).principal.account_id != owner
