"""Guessing passwords, registering in masses, and pretending to come from elsewhere."""

from __future__ import annotations

import re
import secrets

import httpx
import pytest

from services.gateway.visitors.guests import COOKIE
from tests.e2e.attackers import from_network
from tests.e2e.people import CODES, PASSWORD, email, register, somebody, view

JSON_SESSIONS, JSON_ACCOUNTS = "/api/v1/sessions", "/api/v1/accounts"


@pytest.fixture
def network():
    """A number of a network that nobody else comes from."""
    return secrets.randbelow(2**16 - 16) + 8


def log_in(client, address: str, password: str, headers: dict[str, str]) -> httpx.Response:
    return client.post(JSON_SESSIONS, json={"email": address, "password": password}, headers=headers)


def is_told_to_wait(answer: httpx.Response) -> bool:
    return answer.status_code == 429 and 1 <= int(answer.headers["Retry-After"]) <= 3600


def member_of(guarded) -> str:
    with somebody(guarded) as client:
        return register(client)


def test_one_account_is_guessed_at_four_times_from_wherever(guarded, network):
    victim, other = member_of(guarded), member_of(guarded)
    with somebody(guarded) as client:
        tries = [log_in(client, victim, f"guess {number}", from_network(network + number)) for number in range(6)]
        assert [answer.status_code for answer in tries] == [401] * 4 + [429] * 2
        assert is_told_to_wait(tries[-1])
        assert tries[-1].json()["type"] == "/problems/too-many-requests"
        right = log_in(client, victim, PASSWORD, from_network(network + 9))
        assert right.status_code == 429
        assert not right.cookies
        assert log_in(client, other, PASSWORD, from_network(network)).status_code == 201


def test_one_password_is_tried_on_many_accounts_six_times_from_a_network(guarded, network):
    victims = [member_of(guarded) for _ in range(9)]
    with somebody(guarded) as client:
        tries = [
            log_in(client, victim, "summer of rivers", from_network(network, host))
            for host, victim in enumerate(victims, 1)
        ]
        assert [answer.status_code for answer in tries] == [401] * 6 + [429] * 3
        assert is_told_to_wait(tries[-1])
        page = client.post("/login", data={"email": victims[0], "password": "x"}, headers=from_network(network))
        assert is_told_to_wait(page)
        assert page.headers["Content-Type"].startswith("text/html")
        assert log_in(client, victims[8], PASSWORD, from_network(network + 1)).status_code == 201


def test_what_a_client_says_before_the_proxy_is_not_believed(guarded, network):
    real = from_network(network)["X-Forwarded-For"]
    with somebody(guarded) as client:
        tries = [
            log_in(client, email(), "guess", {"X-Forwarded-For": f"2001:db8:{number + 1:x}::1, {real}"})
            for number in range(8)
        ]
        assert [answer.status_code for answer in tries] == [401] * 6 + [429] * 2
        others = {"X-Real-IP": "192.0.2.1", "Forwarded": "for=192.0.2.1", "X-Client-IP": "192.0.2.1"}
        assert log_in(client, email(), "guess", {**others, "X-Forwarded-For": real}).status_code == 429


def test_without_a_trusted_proxy_nobody_is_where_they_say(medcodes):
    """More failures than a network may have, in the name of one: it is not blamed for what others did."""
    with somebody(medcodes) as client:
        statuses = {
            log_in(client, email(), "guess", {"X-Forwarded-For": "198.51.100.7"}).status_code for _ in range(55)
        }
    assert statuses == {401}


def test_three_accounts_are_registered_from_a_network(guarded, network):
    def registered(number: int, way: str) -> httpx.Response:
        with somebody(guarded, headers=from_network(network, number + 1)) as client:
            if way == "form":
                return client.post("/register", data={"email": email(), "password": PASSWORD})
            return client.post(JSON_ACCOUNTS, json={"email": email(), "password": PASSWORD})

    answers = [registered(number, "form" if number % 2 else "json") for number in range(5)]
    assert [answer.status_code for answer in answers] == [201, 303, 201, 429, 429]
    assert all(is_told_to_wait(answer) for answer in answers[3:])
    with somebody(guarded, headers=from_network(network + 1)) as client:
        assert client.post(JSON_ACCOUNTS, json={"email": email(), "password": PASSWORD}).status_code == 201


def test_a_network_of_new_guests_is_bounded(guarded, network):
    answers = []
    for host in range(1, 6):
        with somebody(guarded, headers=from_network(network, host)) as client:
            answers.append(view(client, CODES[0]))
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert "sections" not in answers[-1].json()


def test_mails_to_somebody_are_bounded_and_tell_nothing(guarded):
    known, unknown = member_of(guarded), email()
    with somebody(guarded) as client:
        asked = {
            address: [client.post("/forgot", data={"email": address}) for _ in range(4)] for address in (known, unknown)
        }
    for answers in asked.values():
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    said = [[answer.text.replace(address, "") for answer in answers] for address, answers in asked.items()]
    assert _without_seconds(said[0]) == _without_seconds(said[1])


def test_a_network_asks_for_five_mails_whoever_they_are_to(guarded, network):
    with somebody(guarded) as client:
        tries = [
            client.post("/forgot", data={"email": email()}, headers=from_network(network, host)) for host in range(1, 8)
        ]
        assert [answer.status_code for answer in tries] == [200] * 5 + [429] * 2
        assert is_told_to_wait(tries[-1])
        assert client.post("/forgot", data={"email": email()}, headers=from_network(network + 1)).status_code == 200


def _without_seconds(pages: list[str]) -> list[str]:
    return [re.sub(r"\d+ seconds", "", page) for page in pages]


def verified(guarded) -> float:
    """How many passwords accounts has compared so far."""
    port = int(guarded.environment["MEDCODES_METRICS_PORT"]) + 1
    found = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
    return float(re.search(r'^accounts_passwords_hashed_total\{what="verify"\} (\S+)', found, re.MULTILINE)[1])


def test_an_unknown_account_is_answered_alike_and_after_the_same_work(guarded, network):
    known = member_of(guarded)
    answers, work = [], []
    with somebody(guarded) as client:
        for number, address in enumerate((known, email(), "no address")):
            before = verified(guarded)
            answers.append(log_in(client, address, "guess", from_network(network + number)))
            work.append(verified(guarded) - before)
    assert work == [1, 1, 1]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    headers = [sorted(set(answer.headers) - {"x-request-id", "date"}) for answer in answers]
    assert headers[0] == headers[1] == headers[2]


def test_a_wrong_password_of_any_size_costs_the_same(guarded, network):
    with somebody(guarded) as client:
        for number, size in enumerate((1, 900)):
            before = verified(guarded)
            assert log_in(client, email(), "p" * size, from_network(network + number)).status_code == 401
            assert verified(guarded) - before == 1
        assert log_in(client, email(), "p" * 2000, from_network(network)).status_code == 422


@pytest.mark.parametrize("password", ["password123", "1234567890", "medcodesmedcodes", "aaaaaaaaaaaa", "short"])
def test_a_password_that_is_tried_first_is_not_taken(medcodes, password):
    with somebody(medcodes) as client:
        answer = client.post(JSON_ACCOUNTS, json={"email": email(), "password": password})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["password"]
    assert password not in answer.text
    assert COOKIE not in answer.cookies
