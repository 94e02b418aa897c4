"""People with accounts, for tests through HTTP."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator

import httpx

PASSWORD = "quiet river stone"

SYSTEM = "icd10cm"
CODES = ("S73005A", "S73006A", "S73014A", "S73015A", "S73016A", "S73024A", "S73025A", "S73026A")


def email() -> str:
    return f"{secrets.token_hex(6)}@example.org"


def register(client: httpx.Client, address: str = "") -> str:
    """Registers whoever has the client's cookies; the e-mail address. The client is logged in afterwards."""
    address = address or email()
    answer = client.post("/api/v1/accounts", json={"email": address, "password": PASSWORD}, headers=own(client))
    assert answer.status_code == 201, answer.text
    return address


def log_in(client: httpx.Client, address: str) -> str:
    """The token of the new session, which is in the client's cookies too."""
    answer = client.post("/api/v1/sessions", json={"email": address, "password": PASSWORD}, headers=own(client))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def log_out(client: httpx.Client) -> None:
    assert client.delete("/api/v1/sessions/current", headers=own(client)).status_code == 204


def own(client: httpx.Client) -> dict[str, str]:
    """What a browser says of a form on a page of the server."""
    return {"Sec-Fetch-Site": "same-origin"}


def view(client: httpx.Client, code: str, **options) -> httpx.Response:
    return client.get(f"/api/v1/codes/{SYSTEM}/{code}", **options)


def meter(client: httpx.Client) -> tuple[str, int, int, int]:
    """(subject, limit, used, remaining)."""
    answer = client.get("/api/v1/meter")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["subject"], found["limit"], found["used"], found["remaining"]


@contextlib.contextmanager
def somebody(machine, **options) -> Iterator[httpx.Client]:
    """A visitor in a browser of their own."""
    with machine.client(**options) as client:
        yield client
