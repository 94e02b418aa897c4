"""The memory of sessions: short, bounded, asked for once, and never longer than what it was told."""

from __future__ import annotations

import asyncio

import pytest
from medcodes.accounts.v1 import accounts_pb2 as pb

from services.common import errors
from services.gateway.members.sessions import KEPT_SECONDS, SessionCookies, Sessions

NOW = 1_790_000_000.0


class Asked:
    """Accounts as far as sessions need it, a clock, and whether events are heard of."""

    def __init__(self) -> None:
        self.answers: dict[str, pb.Principal | Exception] = {}
        self.count, self.now, self.watching = 0, NOW, True
        self.gate = asyncio.Event()
        self.gate.set()

    async def resolve(self, credential: str) -> pb.Principal:
        self.count += 1
        await self.gate.wait()
        found = self.answers.get(credential, errors.Unauthenticated("unknown"))
        if isinstance(found, Exception):
            raise found
        return found

    def sessions(self, **options) -> Sessions:
        return Sessions(self, lambda: self.watching, lambda: self.now, **options)


@pytest.fixture
def asked():
    asked = Asked()
    asked.answers["one"] = pb.Principal(account_id="account-1", session_id="session-1", plan=pb.Plan(views=5))
    asked.answers["two"] = pb.Principal(account_id="account-1", session_id="session-2", plan=pb.Plan(views=5))
    asked.answers["key"] = pb.Principal(account_id="account-2", api_key_id="key-1", scopes=["codes"])
    return asked


async def test_an_answer_holds_for_half_a_minute(asked):
    sessions = asked.sessions()
    for age in (0, 1, KEPT_SECONDS - 1):
        asked.now = NOW + age
        assert (await sessions.resolve(b"one")).account_id == "account-1"
    assert asked.count == 1
    asked.now = NOW + KEPT_SECONDS
    await sessions.resolve(b"one")
    assert asked.count == 2


async def test_it_holds_no_longer_than_the_session(asked):
    asked.answers["one"].expires_at_ms = int((NOW + 5) * 1000)
    sessions = asked.sessions()
    await sessions.resolve(b"one")
    asked.now = NOW + 5
    assert sessions.known(b"one") is None


async def test_all_who_ask_at_once_share_one_call(asked):
    sessions = asked.sessions()
    asked.gate.clear()
    asking = [asyncio.create_task(sessions.resolve(b"one")) for _ in range(50)]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.sleep(0)
    asked.gate.set()
    found = await asyncio.gather(*asking[1:])
    assert {member.session_id for member in found} == {"session-1"}
    assert asked.count == 1


async def test_what_is_forgotten_while_it_is_asked_for_is_not_kept(asked):
    sessions = asked.sessions()
    asked.gate.clear()
    asking = asyncio.create_task(sessions.resolve(b"one"))
    while not asked.count:
        await asyncio.sleep(0)
    sessions.forget("account-1")
    asked.gate.set()
    await asking
    assert sessions.known(b"one") is None


async def test_one_credential_is_forgotten_or_all_of_an_account(asked):
    sessions = asked.sessions()
    for credential in (b"one", b"two", b"key"):
        await sessions.resolve(credential)
    sessions.forget("account-1", "session-1")
    assert [sessions.known(one) is not None for one in (b"one", b"two", b"key")] == [False, True, True]
    sessions.forget("account-1")
    assert [sessions.known(one) is not None for one in (b"two", b"key")] == [False, True]
    sessions.forget_all()
    assert len(sessions) == 0


async def test_without_events_accounts_is_asked_every_time(asked):
    sessions = asked.sessions()
    asked.watching = False
    for count in (1, 2, 3):
        await sessions.resolve(b"one")
        assert asked.count == count


@pytest.mark.parametrize("watching", [True, False])
@pytest.mark.parametrize("error", [errors.Unavailable("x"), errors.DeadlineExceeded("x"), errors.Internal("x")])
async def test_while_accounts_is_away_what_is_known_goes_on_for_half_a_minute(asked, error, watching):
    sessions = asked.sessions()
    await sessions.resolve(b"one")
    asked.answers = {"one": error, "two": error}
    asked.watching = watching
    asked.now = NOW + KEPT_SECONDS - 1
    assert (await sessions.resolve(b"one")).session_id == "session-1"
    with pytest.raises(errors.Unavailable):
        await sessions.resolve(b"two")
    asked.now = NOW + KEPT_SECONDS
    with pytest.raises(errors.Unavailable):
        await sessions.resolve(b"one")


async def test_an_ended_session_is_forgotten_and_said(asked):
    sessions = asked.sessions()
    await sessions.resolve(b"one")
    del asked.answers["one"]
    asked.watching = False
    with pytest.raises(errors.Unauthenticated):
        await sessions.resolve(b"one")
    asked.watching = True
    assert sessions.known(b"one") is None


async def test_the_memory_is_bounded_least_recently_used_first_out(asked):
    sessions = asked.sessions(max_entries=2)
    await sessions.resolve(b"one")
    await sessions.resolve(b"two")
    await sessions.resolve(b"one")
    await sessions.resolve(b"key")
    assert [sessions.known(one) is not None for one in (b"one", b"two", b"key")] == [True, False, True]
    sessions.forget("account-1")
    assert len(sessions) == 1


async def test_the_memory_holds_no_credential(asked):
    sessions = asked.sessions()
    await sessions.resolve(b"one")
    assert b"one" not in b"".join(sessions._kept)


@pytest.mark.parametrize("credential", [b"", b"x" * 257, b"\xff", "é".encode()])
async def test_what_has_not_the_form_of_a_credential_is_not_asked_for(asked, credential):
    with pytest.raises(errors.Unauthenticated):
        await asked.sessions().resolve(credential)
    assert asked.count == 0


def test_the_cookie_of_a_session():
    cookies = SessionCookies(secure=True)
    made = cookies.set("mcs_token", int(NOW + 100) * 1000, NOW)
    assert made == b"__Host-medcodes_session=mcs_token; Path=/; Max-Age=100; HttpOnly; SameSite=Lax; Secure"
    assert cookies.read(b"a=b; " + made.partition(b";")[0]) == b"mcs_token"
    assert cookies.clear().startswith(b"__Host-medcodes_session=; Path=/; Max-Age=0; HttpOnly")
    # A neighbour under the same domain can plant the second, and no browser the first over http.
    assert cookies.read(b"x__Host-medcodes_session=x; medcodes_session=y") == b""
    assert SessionCookies(secure=False).read(b"medcodes_sessions=x; xmedcodes_session=y") == b""
