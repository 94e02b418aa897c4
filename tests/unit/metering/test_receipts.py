"""Receipts to keep: what they say, how they are signed, and that nothing in them can be altered."""

from __future__ import annotations

import base64
import contextlib
import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from services.common.errors import NotFound
from services.metering.adapters.receipt_keys import ReceiptKeyFolder, is_signed_by, public_key_id
from services.metering.domain.receipts import NoReceipt, canonical, document, parsed, unsigned
from services.metering.domain.views import Grant, Subject, SubjectKind
from services.metering.receipts import Receipts, verify
from services.metering.receipts_cli import receipts as command

MEMBER = Subject(SubjectKind.ACCOUNT, "account-one-000000")
GRANT = Grant("icd10cm", "S73005A", 1_764_086_400_123, "request", 1_766_678_400_000)


@pytest.fixture
def folder(tmp_path) -> ReceiptKeyFolder:
    return ReceiptKeyFolder(tmp_path / "metering" / "receipt-keys")


@pytest.fixture
async def receipt(folder) -> bytes:
    return await Receipts(folder, clock=lambda: 1_764_090_000.5).sign(MEMBER, [GRANT], "icd10cm", "S73005A")


def known(folder: ReceiptKeyFolder) -> dict[str, bytes]:
    return {key.id: key.public_key for key in folder.public_keys()}


async def test_what_a_receipt_says(folder, receipt):
    [key] = folder.public_keys()
    found = json.loads(receipt)
    signature = found.pop("signature")
    assert found == {
        "format": "medcodes-receipt-1",
        "subject": {"kind": "account", "id": "account-one-000000"},
        "system": "icd10cm",
        "code": "S73005A",
        "granted_at": "2025-11-25T16:00:00.123Z",
        "ends_at": "2025-12-25T16:00:00.000Z",
        "issued_at": "2025-11-25T17:00:00.500Z",
        "key": key.id,
    }
    assert key.current
    assert key.id == public_key_id(key.public_key)
    # As the documentation says, with nothing but a JSON library and Ed25519.
    signed = json.dumps(found, sort_keys=True, separators=(",", ":")).encode()
    assert is_signed_by(key.public_key, signed, base64.urlsafe_b64decode(signature + "=="))
    verdict = verify(receipt, known(folder), is_signed_by)
    assert verdict.genuine
    assert "account account-one-000000 was granted icd10cm S73005A on 2025-11-25T16:00:00.123Z" in verdict.said


async def test_layout_does_not_matter_and_every_word_does(folder, receipt):
    keys, found = known(folder), json.loads(receipt)
    shuffled = dict(reversed(found.items()))
    assert verify(json.dumps(shuffled).encode(), keys, is_signed_by).genuine
    for name, value in found.items():
        for altered in (None, "", [value], f"{value}0", {"kind": "account", "id": "another"}):
            assert not verify(json.dumps({**found, name: altered}).encode(), keys, is_signed_by).genuine
        assert not verify(
            json.dumps({key: each for key, each in found.items() if key != name}).encode(), keys, is_signed_by
        ).genuine
    assert not verify(json.dumps({**found, "more": 1}).encode(), keys, is_signed_by).genuine
    twice = receipt.replace(b'"system"', b'"code": "S73005B", "system"')
    assert not verify(twice, keys, is_signed_by).genuine


@given(st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode)))
def test_anything_else_is_no_receipt(content):
    with pytest.raises(NoReceipt):
        parsed(content)
    assert not verify(content, {}, is_signed_by).genuine


@given(st.integers(0, 4_000_000_000_000), st.integers(0, 4_000_000_000_000), st.binary(min_size=64, max_size=64))
def test_a_receipt_is_read_as_it_was_written(granted, ends, signature):
    grant = GRANT._replace(granted_at_ms=granted, ends_at_ms=ends)
    receipt = unsigned(MEMBER, grant, issued_at_ms=granted, key_id="k")
    found, read = parsed(document(receipt, signature))
    assert (canonical(found), read) == (canonical(receipt), signature)
    assert (found["ends_at"] is None) == (ends == 0)


async def test_only_a_grant_has_a_receipt(folder):
    for system, code in (("icd10cm", "S73005B"), ("cpt", "S73005A")):
        with pytest.raises(NotFound) as caught:
            await Receipts(folder).sign(MEMBER, [GRANT], system, code)
        assert caught.value.reason == "NO_GRANT"


async def test_rotation_keeps_what_was_signed_genuine(folder, receipt):
    first = folder.current().id
    second = folder.rotate()
    assert second != first
    assert [(key.id, key.current) for key in folder.public_keys()] == [(first, False), (second, True)]
    assert verify(receipt, known(folder), is_signed_by).genuine
    later = await Receipts(folder).sign(MEMBER, [GRANT], "icd10cm", "S73005A")
    assert json.loads(later)["key"] == second
    assert not verify(later, {first: known(folder)[first]}, is_signed_by).genuine


async def test_private_keys_are_for_the_owner_and_gone_once_replaced(folder, tmp_path):
    folder.rotate()
    folder.rotate()
    [private] = (tmp_path / "metering" / "receipt-keys").glob("*.key")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(private.parent.stat().st_mode) == 0o700
    assert len(list(private.parent.iterdir())) == 3


async def test_replicas_that_begin_together_sign_what_all_can_check(folder, tmp_path):
    others = [ReceiptKeyFolder(tmp_path / "metering" / "receipt-keys") for _ in range(4)]
    for each in others:
        each.rotate()
    assert len({each.current().id for each in [folder, *others]}) == 1
    assert len(await Receipts(folder).public_keys()) == 4


async def test_there_is_a_key_before_the_first_receipt(folder):
    [key] = await Receipts(folder).public_keys()
    assert key.current


# Commands


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDCODES_STATE_DIR", str(tmp_path))
    return lambda *arguments, **more: CliRunner().invoke(command, [str(each) for each in arguments], **more)


async def test_verify_command(invoke, receipt, tmp_path):
    file = tmp_path / "receipt.json"
    file.write_bytes(receipt)
    genuine = invoke("verify", file)
    assert genuine.exit_code == 0
    assert genuine.output.startswith("Genuine: ")
    assert len(genuine.output.splitlines()) == 1
    assert invoke("verify", "-", input=receipt).exit_code == 0
    file.write_bytes(receipt.replace(b"S73005A", b"S73005D"))
    forged = invoke("verify", file)
    assert forged.exit_code == 1
    assert forged.output == "Not genuine: its signature does not belong to what it says.\n"
    for missing in (invoke("verify", tmp_path / "nothing.json"), invoke("verify", file, "--url", "ftp://example.org")):
        assert missing.exit_code == 1
        assert "Not checked" in missing.output


async def test_keys_in_a_file(invoke, receipt, tmp_path, monkeypatch):
    file, keys = tmp_path / "receipt.json", tmp_path / "keys.json"
    file.write_bytes(receipt)
    keys.write_text(invoke("keys", "--json").output)
    monkeypatch.setenv("MEDCODES_STATE_DIR", str(tmp_path / "another"))
    assert "there are no keys" in invoke("verify", file).output
    assert invoke("verify", file, "--keys", keys).exit_code == 0
    altered = json.loads(keys.read_text())
    altered["items"][0]["public_key"] = base64.b64encode(bytes(32)).decode()
    keys.write_text(json.dumps(altered))
    result = invoke("verify", file, "--keys", keys)
    assert result.exit_code == 1
    assert "does not belong to its id" in result.output
    keys.write_text("[]")
    assert "no list of keys" in invoke("verify", file, "--keys", keys).output


async def test_keys_that_an_instance_publishes(invoke, receipt, tmp_path, monkeypatch):
    file, listed = tmp_path / "receipt.json", invoke("keys", "--json").output.encode()
    file.write_bytes(receipt)
    monkeypatch.setenv("MEDCODES_STATE_DIR", str(tmp_path / "another"))
    with publishing({"/api/v1/receipt-keys": listed, "/keys.json": listed}) as url:
        assert invoke("verify", file, "--url", url).exit_code == 0
        assert invoke("verify", file, "--url", url + "/keys.json").exit_code == 0
        away = invoke("verify", file, "--url", url + "/elsewhere")
    assert away.exit_code == 1
    assert "Not checked: HTTP Error 404" in away.output
    assert "Not checked" in invoke("verify", file, "--url", url).output


@contextlib.contextmanager
def publishing(files: dict[str, bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in files else 404)
            self.end_headers()
            self.wfile.write(files.get(self.path, b""))

        def log_message(self, *arguments) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


async def test_keys_and_rotate_commands(invoke):
    assert "no key yet" in invoke("keys").output
    first = invoke("rotate").output.split()[5]
    second = invoke("rotate").output.split()[5]
    lines = invoke("keys").output.splitlines()
    assert [line.split()[0] for line in lines] == [first, second]
    assert [line.endswith("current") for line in lines] == [False, True]
