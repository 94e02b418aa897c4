"""Backup and restore: everything else is lost, and accounts, grants and receipts are as they were."""

from __future__ import annotations

import json
import shutil
import stat

import pytest

from tests.e2e.people import CODES, PASSWORD, log_in, meter, own, register, somebody, view
from tests.machine import Machine, copy_state

SESSION = "medcodes_session"


@pytest.fixture(scope="module")
def installation(seed_state, tmp_path_factory) -> Machine:
    """A machine, not started yet."""
    folder = tmp_path_factory.mktemp("backup")
    machine = Machine(copy_state(seed_state, folder / "state"))
    yield machine
    machine.stop()


def test_all_is_lost_but_a_backup(installation, tmp_path_factory):
    backup, receipt = tmp_path_factory.mktemp("kept") / "backup", tmp_path_factory.mktemp("kept") / "receipt.json"
    installation.start()
    with somebody(installation) as member, somebody(installation) as guest:
        view(member, CODES[0])
        address = register(member)
        for code in CODES[1:3]:
            view(member, code)
        member.post("/api/v1/account/lists", json={"name": "kept"}, headers=own(member))
        receipt.write_bytes(member.get(f"/api/v1/account/views/icd10cm/{CODES[0]}/receipt").content)
        view(guest, CODES[3])
        was = member.get("/api/v1/account/views").json()["items"]

        done = installation.command("backup", str(backup))
        assert done.returncode == 0, done.stderr
        assert "1 accounts, " in done.stdout
        _is_secret(backup)

        view(member, CODES[4])  # after the backup, and so lost with the rest
        assert installation.stop() == 0
        shutil.rmtree(installation.state_dir)
        done = installation.command("restore", str(backup))
        assert done.returncode == 0, done.stderr
        installation.start()

        assert meter(member) == ("account", 6, 3, 3)  # the session of before
        assert member.get("/api/v1/account/views").json()["items"] == was
        assert [one["name"] for one in member.get("/api/v1/account/lists").json()["items"]] == ["kept"]
        assert meter(guest) == ("guest", 1, 1, 0)
        assert view(guest, CODES[3]).status_code == 200
        with somebody(installation) as elsewhere:
            log_in(elsewhere, address)
            assert view(elsewhere, CODES[1]).json()["meter"]["charged"] is False
            assert view(elsewhere, CODES[5]).json()["meter"]["charged"] is True
    assert installation.command("receipts", "verify", str(receipt)).returncode == 0
    assert installation.command("metering", "verify").returncode == 0
    body = {"email": address, "password": PASSWORD}
    with somebody(installation) as again:
        assert again.post("/api/v1/accounts", json=body).status_code == 409
        register(again)
        assert meter(again) == ("account", 5, 0, 5)
    assert installation.command("restore", str(backup)).returncode == 1


def _is_secret(backup) -> None:
    """Nobody else may read it, and it is whole."""
    files = {path.relative_to(backup).as_posix(): path for path in backup.rglob("*") if path.is_file()}
    listed = json.loads((backup / "manifest.json").read_text())["files"]
    assert set(listed) == set(files) - {"manifest.json"}
    assert {"accounts.db", "ledger.jsonl", "gateway/guest.key"} <= set(listed)
    assert any(name.endswith(".key") and name.startswith("metering/") for name in listed)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700


def test_what_cannot_be_backed_up_or_restored_is_a_sentence(installation, tmp_path):
    idle = Machine(tmp_path / "state")
    for arguments, said in (
        (("backup", str(tmp_path / "backup")), "No instance runs"),
        (("restore", str(tmp_path / "nothing")), "is no backup"),
    ):
        done = idle.command(*arguments)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "backup").exists()
    assert not idle.state_dir.exists()


def test_a_damaged_backup_is_not_restored(tmp_path):
    backup, idle = tmp_path / "backup", Machine(tmp_path / "state")
    backup.mkdir()
    (backup / "ledger.jsonl").write_text("[]\n")
    (backup / "manifest.json").write_text(json.dumps({"format": 1, "accounts": 0, "files": {"ledger.jsonl": "0" * 64}}))
    done = idle.command("restore", str(backup))
    assert done.returncode == 1
    assert "ledger.jsonl is not as it was written" in done.stderr
    assert not idle.state_dir.exists()
