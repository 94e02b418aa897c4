"""Registering, logging in and out, sessions, API keys: over gRPC, NATS and both databases."""

from __future__ import annotations

import asyncio

import pytest
from medcodes.accounts.v1 import accounts_pb2 as pb
from medcodes.events.v1 import events_pb2
from prometheus_client import REGISTRY

from services.common.errors import AlreadyExists, InvalidArgument, ResourceExhausted, Unauthenticated
from tests.accounts_service import DAY_MS, PASSWORD, Clock, call, reason, running

GUEST = pb.Guest(id="g" * 22, issued_at=1_700_000_000)


async def test_a_visitor_registers_is_known_and_leaves(accounts):
    signed_in = await accounts.register("One@Example.org", guest=GUEST)
    principal = await accounts.resolve(signed_in.token)
    assert principal == signed_in.principal
    assert (principal.plan.name, principal.plan.views) == ("registered", 5)
    assert principal.registered_from == GUEST
    assert principal.expires_at_ms == signed_in.expires_at_ms
    assert not principal.email_verified and not principal.scopes
    account = (await accounts.accounts.GetAccount(pb.GetAccountRequest(account_id=principal.account_id))).account
    assert (account.email, account.locked) == ("One@example.org", False)

    await accounts.accounts.LogOut(pb.LogOutRequest(token=signed_in.token))
    with pytest.raises(Unauthenticated) as refused:
        await accounts.resolve(signed_in.token)
    assert refused.value.reason == "BAD_TOKEN"
    await accounts.accounts.LogOut(pb.LogOutRequest(token=signed_in.token))

    again = await accounts.log_in("ONE@example.ORG")
    assert again.token != signed_in.token and again.principal.account_id == principal.account_id
    told = await accounts.until_told(2)
    assert [kind for kind, _ in told] == ["accounts.account.registered", "accounts.session.ended"]
    registered = events_pb2.AccountRegistered.FromString(told[0][1])
    assert (registered.account_id, registered.registered_from) == (principal.account_id, GUEST)
    assert events_pb2.SessionEnded.FromString(told[1][1]).credential_id == principal.session_id


async def test_an_email_registers_once_whatever_its_case(accounts):
    answers = await asyncio.gather(
        *(accounts.register(email) for email in ("one@example.org", "ONE@example.org") * 3), return_exceptions=True
    )
    refused = [answer for answer in answers if not isinstance(answer, pb.SignedIn)]
    assert len(refused) == 5 and all(isinstance(each, AlreadyExists) for each in refused)
    assert {each.reason for each in refused} == {"ACCOUNT_EXISTS"}


async def test_what_cannot_be_registered_names_each_field(accounts):
    with pytest.raises(InvalidArgument) as refused:
        await accounts.register("nobody", "short", guest=pb.Guest(id="?"))
    assert refused.value.fields.keys() == {"email", "password", "guest"}
    with pytest.raises(InvalidArgument) as refused:
        await accounts.register(password="1234567890")
    assert "common" in refused.value.fields["password"]


@pytest.mark.parametrize("credential", ["", "mcs_", "mck_x", "mcs_" + "a" * 43, "x" * 10_000, "mcs_\0", "ü"])
async def test_what_is_no_credential(accounts, credential):
    assert await reason(accounts.resolve(credential)) == "BAD_TOKEN"


async def test_an_unknown_email_costs_what_a_wrong_password_does(accounts):
    """The answers are equal, and so is the work that takes nearly all of the time: one verification each."""
    await accounts.register()
    locked = await accounts.register("locked@example.org")
    await accounts.operator.LockAccount(_locking(locked.principal.account_id))

    async def tried(email: str, password: str):
        before = _verified()
        with pytest.raises(Unauthenticated) as refused:
            await accounts.log_in(email, password)
        return refused.value.reason, refused.value.message, _verified() - before

    answers = {
        await tried("one@example.org", "wrong password"),
        await tried("nobody@example.org", "wrong password"),
        await tried("no e-mail at all", "wrong password"),
        await tried("one@example.org", "x" * 5000),
        await tried("locked@example.org", PASSWORD),
    }
    assert len(answers) == 1
    assert answers.pop()[::2] == ("BAD_CREDENTIALS", 1)


async def test_sessions_are_listed_and_ended_by_their_owner_only(accounts):
    first = await accounts.register(client=pb.Client(user_agent="A browser"))
    second, other = await accounts.log_in(), await accounts.register("two@example.org")
    owner, stranger = first.principal.account_id, other.principal.account_id
    listed = (await accounts.accounts.ListSessions(pb.ListSessionsRequest(account_id=owner))).sessions
    assert {each.id for each in listed} == {first.principal.session_id, second.principal.session_id}
    assert "A browser" in {each.user_agent for each in listed}

    def ending(account_id: str, session_id: str):
        return accounts.accounts.EndSession(pb.EndSessionRequest(account_id=account_id, session_id=session_id))

    assert await reason(ending(stranger, first.principal.session_id)) == "NOT_FOUND"
    assert await reason(ending(owner, first.principal.session_id)) == ""
    assert await reason(accounts.resolve(first.token)) == "BAD_TOKEN"
    third = await accounts.log_in()
    request = pb.EndOtherSessionsRequest(account_id=owner, except_session_id=third.principal.session_id)
    assert (await accounts.accounts.EndOtherSessions(request)).ended == 1
    assert await reason(accounts.resolve(second.token)) == "BAD_TOKEN"
    assert (await accounts.resolve(third.token)).account_id == owner
    assert (await accounts.resolve(other.token)).account_id == stranger


async def test_a_session_ends_unused_and_after_its_days(accounts):
    unused, used = await accounts.register(), await accounts.log_in()
    for _ in range(2):
        accounts.clock.ahead_ms += 13 * DAY_MS
        await accounts.resolve(used.token)
    assert await reason(accounts.resolve(unused.token)) == "BAD_TOKEN"
    accounts.clock.ahead_ms += 5 * DAY_MS
    assert await reason(accounts.resolve(used.token)) == "BAD_TOKEN"


async def test_api_keys(accounts):
    owner = (await accounts.register()).principal.account_id
    other = (await accounts.register("two@example.org")).principal.account_id

    def create(days: int = 0, scopes=("codes", "search"), name="script"):
        request = pb.CreateApiKeyRequest(account_id=owner, name=name, scopes=scopes, expires_in_days=days)
        return accounts.accounts.CreateApiKey(request)

    lasting, ending = await create(), await create(days=1)
    principal = await accounts.resolve(lasting.key)
    assert (principal.account_id, list(principal.scopes)) == (owner, ["codes", "search"])
    assert (principal.api_key_id, principal.session_id) == (lasting.api_key.id, "")
    assert lasting.key.startswith(lasting.api_key.prefix)
    listed = (await accounts.accounts.ListApiKeys(pb.ListApiKeysRequest(account_id=owner))).api_keys
    assert {each.id: each.last_used_at_ms > 0 for each in listed} == {
        lasting.api_key.id: True,
        ending.api_key.id: False,
    }
    accounts.clock.ahead_ms += DAY_MS
    assert await reason(accounts.resolve(ending.key)) == "BAD_TOKEN"
    assert await reason(create(scopes=["admin"])) == "INVALID_ARGUMENT"

    def revoke(account_id: str):
        return accounts.accounts.RevokeApiKey(
            pb.RevokeApiKeyRequest(account_id=account_id, api_key_id=lasting.api_key.id)
        )

    assert await reason(revoke(other)) == "NOT_FOUND"
    assert await reason(revoke(owner)) == ""
    assert await reason(accounts.resolve(lasting.key)) == "BAD_TOKEN"
    for _ in range(19):
        await create()
    assert await reason(create()) == "TOO_MANY"


async def test_too_many_failures_for_one_email_are_throttled_known_or_not(tmp_path, nats_server):
    clock = Clock()
    async with running(tmp_path, nats_server.url, clock, login_failures_per_email=3) as accounts:
        await accounts.register()
        for email in ("one@example.org", "nobody@example.org"):
            tries = [await reason(accounts.log_in(email, "wrong password")) for _ in range(5)]
            assert tries == ["BAD_CREDENTIALS"] * 3 + ["THROTTLED"] * 2
        with pytest.raises(ResourceExhausted) as refused:
            await accounts.log_in()
        assert 890 <= int(refused.value.metadata["retry_after_seconds"]) <= 900
        clock.ahead_ms += 15 * 60 * 1000
        # A right password forgives what was wrong before.
        for _ in range(3):
            assert [await reason(accounts.log_in(password="wrong password")) for _ in range(2)] == [
                "BAD_CREDENTIALS"
            ] * 2
            await accounts.log_in()


async def test_one_password_for_many_emails_is_throttled_by_the_network(tmp_path, nats_server):
    async with running(tmp_path, nats_server.url, login_failures_per_network=5) as accounts:
        await accounts.register()

        def spray(number: int):
            return accounts.log_in(f"u{number}@example.org", "Spring-2026-Spring", network="n1")

        tries = await asyncio.gather(*(reason(spray(number)) for number in range(9)))
        assert sorted(tries) == ["BAD_CREDENTIALS"] * 5 + ["THROTTLED"] * 4
        assert await reason(accounts.log_in(network="n1")) == "THROTTLED"
        # Successes do not count against a network that many people share.
        assert [await reason(accounts.log_in(network="n2")) for _ in range(8)] == [""] * 8


async def test_registrations_are_throttled_by_the_network(tmp_path, nats_server):
    async with running(tmp_path, nats_server.url, registrations_per_network=2) as accounts:
        tries = [
            await reason(accounts.register(f"u{number}@example.org", client=pb.Client(network="n")))
            for number in range(3)
        ]
        assert tries == ["", "", "THROTTLED"]
        assert await reason(accounts.register("other@example.org", client=pb.Client(network="m"))) == ""


async def test_a_password_is_hashed_anew_when_the_settings_ask_for_more(tmp_path, nats_server):
    async with running(tmp_path, nats_server.url) as accounts:
        await accounts.register()
    async with running(tmp_path, nats_server.url, argon2_passes=3) as accounts:
        before = _hashed()
        await accounts.log_in()
        await accounts.log_in()
        assert _hashed() - before == 1


async def test_a_plan_that_is_gone_from_the_file_is_the_first_one(tmp_path, nats_server):
    plans = tmp_path / "plans.toml"
    plans.write_text('[[plan]]\nname="old"\ntitle="Old"\nviews=9\n')
    async with running(tmp_path, nats_server.url, plans_file=plans) as accounts:
        token = (await accounts.register()).token
        assert (await accounts.resolve(token)).plan.views == 9
    plans.write_text('[[plan]]\nname="new"\ntitle="New"\nviews="unlimited"\n')
    async with running(tmp_path, nats_server.url, plans_file=plans) as accounts:
        plan = (await accounts.resolve(token)).plan
        assert (plan.name, plan.HasField("views")) == ("new", False)
        listed = (await call(accounts.accounts.ListPlans(pb.ListPlansRequest()))).plans
        assert [each.name for each in listed] == ["new"]


def _verified() -> float:
    return REGISTRY.get_sample_value("accounts_passwords_hashed_total", {"what": "verify"}) or 0.0


def _hashed() -> float:
    return REGISTRY.get_sample_value("accounts_passwords_hashed_total", {"what": "hash"}) or 0.0


def _locking(account_id: str):
    from medcodes.accounts.v1.operator_pb2 import LockAccountRequest

    return LockAccountRequest(account_id=account_id)
