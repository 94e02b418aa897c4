"""The search for secrets in logs finds them, and says no secret itself."""

from __future__ import annotations

import json

import pytest
from medcodes.metering.v1 import metering_pb2

from services.accounts.domain import tokens
from services.gateway.visitors.guests import GuestCookies
from services.gateway.visitors.receipts import Receipts, entry
from tests import secrets_in_logs

KEY = b"k" * 32


def a_receipt(subject: bytes) -> str:
    view = metering_pb2.ViewResult(granted_at_ms=1_795_000_000_000, meter=metering_pb2.Meter(limit=1, used=1))
    made = entry("icd10cm", "S73005A", view, "r-1", 1_795_000_000)
    return Receipts([KEY], secure=False).single(subject, b"", view, made).decode()


GUEST, COOKIE = GuestCookies(KEY, secure=False).issue(1_795_000_000)
SECRETS = {
    "session": tokens.new_session_token(),
    "API key": tokens.new_api_key()[0],
    "link": tokens.new_link_token(),
    "guest cookie": COOKIE.partition(b";")[0].partition(b"=")[2].decode(),
    "cookie header": str({"set-cookie": COOKIE.decode()}),
    "guest's receipt": a_receipt(b"g." + GUEST.id.encode()),
    "account's receipt": a_receipt(b"a." + b"0" * 32),
    "hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
    "key": "-----BEGIN PRIVATE KEY-----",
    "password": "quiet river stone",
    "form": "email=x&password=quiet+river+stone",
    "query": "password=another%20river%20stone",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_found_wherever_it_stands(tmp_path, secret):
    for line in (secret, f"before {secret} behind", json.dumps({"event": "request", "path": f"/x?y={secret}&z=1"})):
        log = tmp_path / "gateway.txt"  # this is no log of the run, in which it would be found
        log.write_text(f'{{"event": "ready"}}\n{line}\n')
        found = secrets_in_logs.in_files([log])
        assert found
        assert all(each.startswith(f"{log}:2 holds ") for each in found)
        assert secret not in str(found)


def test_the_logs_are_found_wherever_a_machine_keeps_them(tmp_path):
    kept = [tmp_path / name for name in ("state.up.log", "state/logs/gateway.log", "state/nats/nats-server.log.1")]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("ready\n")
    (tmp_path / "state" / "accounts.db").write_text("mcs_")
    assert secrets_in_logs.logs_in(tmp_path) == sorted(kept)


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "request", "path": "/verify", "status": 200, "request_id": "5011e11716464ea391821dee5230996a"}',
        f'{{"event": "guest", "id": "{GUEST.id}"}}',
        f'{{"event": "API key revoked", "prefix": "{tokens.new_api_key()[1]}"}}',
        "mcs_ mck_ mcl_",
    ],
    ids=["a request", "a guest's name", "a key's beginning", "the beginnings alone"],
)
def test_what_a_log_may_hold_is_no_secret(line):
    assert list(secrets_in_logs.in_text(line)) == []
