"""NATS killed, the database killed, operators, secrets in logs, backups."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time

import asyncpg
from medcodes.accounts.v1 import accounts_pb2 as pb
from medcodes.accounts.v1 import operator_pb2
from medcodes.events.v1.events_pb2 import AccountRegistered, PlanChanged
from typer.testing import CliRunner

from services.accounts.adapters.migrations.upgrade import ADVISORY_LOCK
from services.accounts.cli import accounts as command
from services.common import endpoints
from tests.accounts_service import Clock, RunningAccounts, call, eventually, reason, running
from tests.postgres import Postgres


async def test_events_wait_for_nats_and_arrive_once_and_in_order(accounts, nats_server):
    ids = [(await accounts.register(f"u{number}@example.org")).principal.account_id for number in range(5)]
    await accounts.until_told(5)
    nats_server.kill()
    await nats_server.wait()
    for number in range(5, 10):
        ids.append((await accounts.register(f"u{number}@example.org")).principal.account_id)
    assert await accounts.resolve((await accounts.log_in("u9@example.org")).token)
    await nats_server.start()
    await accounts.until_told(10)
    await asyncio.sleep(0.5)
    told = await accounts.told()
    assert [AccountRegistered.FromString(payload).account_id for _, payload in told] == ids


async def test_a_service_that_starts_again_tells_nothing_twice(tmp_path, nats_server, database_url):
    settings = {"accounts_database_url": database_url}
    for number in range(3):
        async with (
            running(tmp_path, nats_server.url, **settings) as accounts,
            running(tmp_path, nats_server.url, **settings) as replica,
        ):
            await accounts.register(f"a{number}@example.org")
            await replica.register(f"b{number}@example.org")
            told = await accounts.until_told(2 * number + 2)
            assert len(told) == 2 * number + 2


async def test_nothing_is_asked_of_a_database_before_its_tables_are_there(tmp_path, nats_server, postgres, capfd):
    url = await postgres.new_database()
    another = await asyncpg.connect(url)
    await another.execute(f"SELECT pg_advisory_lock({ADVISORY_LOCK})")
    service = RunningAccounts(tmp_path, nats_server.url, Clock(), accounts_database_url=url)
    starting = asyncio.create_task(service.start())
    await asyncio.sleep(1)
    await another.close()
    await starting
    await service.register()
    await service.until_told(1)
    await service.stop()
    said = "".join(capfd.readouterr())
    assert "started" in said and "task failed" not in said


async def test_a_database_that_is_away_is_unavailable_and_comes_back(tmp_path, nats_server):
    postgres = Postgres()
    try:
        postgres.start()
        url = await postgres.new_database()
        # As by default, because this is about the time.
        settings = {"accounts_database_url": url, "accounts_database_seconds": 3.0}
        async with running(tmp_path, nats_server.url, **settings) as accounts:
            token = (await accounts.register()).token
            postgres.kill()
            began = time.monotonic()
            refused = [
                await reason(accounts.resolve(token)),
                await reason(accounts.log_in()),
                await reason(accounts.register("two@example.org")),
            ]
            assert refused == ["STORE_UNAVAILABLE"] * 3
            assert time.monotonic() - began < 15
            await eventually(lambda: not accounts.service.health.ready)
            postgres.start()
            await eventually(lambda: accounts.service.health.ready)
            assert (await accounts.resolve(token)).plan.name == "registered"
    finally:
        postgres.stop()


async def test_operators_find_lock_unlock_and_grant(accounts):
    signed_in = await accounts.register()
    account_id = signed_in.principal.account_id
    key = await accounts.accounts.CreateApiKey(
        pb.CreateApiKeyRequest(account_id=account_id, name="script", scopes=["codes"])
    )
    operator = accounts.operator
    for number in range(3):
        await accounts.register(f"u{number}@example.org")
    first = await operator.FindAccounts(operator_pb2.FindAccountsRequest(text="@example.org", limit=3))
    rest = await operator.FindAccounts(
        operator_pb2.FindAccountsRequest(text="@example.org", limit=3, cursor=first.next_cursor)
    )
    found = [each.email for each in [*first.accounts, *rest.accounts]]
    assert sorted(found) == ["one@example.org", "u0@example.org", "u1@example.org", "u2@example.org"]
    assert not rest.next_cursor

    assert (await operator.LockAccount(operator_pb2.LockAccountRequest(account_id=account_id))).account.locked
    refused = [await reason(accounts.resolve(each)) for each in (signed_in.token, key.key)]
    assert refused == ["BAD_TOKEN"] * 2
    assert await reason(accounts.log_in()) == "BAD_CREDENTIALS"
    await operator.UnlockAccount(operator_pb2.UnlockAccountRequest(account_id=account_id))
    assert await reason(accounts.resolve(signed_in.token)) == "BAD_TOKEN"
    assert (await accounts.resolve(key.key)).api_key_id == key.api_key.id
    assert await reason(accounts.log_in()) == ""

    granting = operator_pb2.GrantPlanRequest(account_id=account_id, plan="professional")
    assert (await operator.GrantPlan(granting)).account.plan.views == 200
    await operator.GrantPlan(granting)
    unknown = operator.GrantPlan(operator_pb2.GrantPlanRequest(account_id=account_id, plan="gold"))
    assert await reason(unknown) == "INVALID_ARGUMENT"
    told = [PlanChanged.FromString(data) for kind, data in await accounts.until_told(6) if kind.endswith("changed")]
    assert [(each.account_id, each.plan.name) for each in told] == [(account_id, "professional")]


async def test_the_operators_command(tmp_path, nats_server, monkeypatch):
    monkeypatch.setenv("MEDCODES_STATE_DIR", str(tmp_path))

    async def run(*arguments: str) -> tuple[int, str]:
        found = await asyncio.to_thread(CliRunner().invoke, command, arguments)
        return found.exit_code, found.output

    async with running(tmp_path, nats_server.url) as accounts:
        endpoints.save(tmp_path, {"accounts": endpoints.Endpoint(url=accounts.address, pid=1)})
        token = (await accounts.register()).token
        code, said = await run("find", "example.org")
        assert code == 0 and "one@example.org" in said and "registered" in said
        assert (await accounts.resolve(token)).account_id in said
        code, said = await run("grant-plan", "One@example.org", "professional")
        assert code == 0 and (await accounts.resolve(token)).plan.name == "professional"
        code, said = await run("grant-plan", "one@example.org", "gold")
        assert code == 1 and "registered, professional, unlimited" in said
        assert (await run("show", "two@example.org"))[0] == 1
        assert (await run("reset", "one@example.org"))[0] == 0
        await accounts.mail("new password")
        assert await reason(accounts.resolve(token)) == "BAD_TOKEN"
        assert (await run("lock", "one@example.org"))[0] == 0
        assert await reason(accounts.log_in()) == "BAD_CREDENTIALS"
        assert (await run("unlock", "one@example.org"))[0] == 0
        assert await reason(accounts.log_in()) == ""
        code, said = await run("backup", str(tmp_path / "copy.db"))
        assert code == 0 and "1 accounts" in said
        with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
            assert copy.execute("SELECT email FROM accounts").fetchall() == [("one@example.org",)]
        assert (tmp_path / "copy.db").stat().st_mode & 0o077 == 0
        assert (await run("backup", str(tmp_path / "copy.db")))[0] == 1
    code, said = await run("find")
    assert code == 1 and "is Medcodes running?" in said


async def test_no_secret_is_logged(tmp_path, nats_server, capfd, database_url):
    async with running(tmp_path, nats_server.url, accounts_database_url=database_url) as accounts:
        signed_in = await accounts.register()
        await reason(accounts.register())
        await reason(accounts.log_in(password="a secret that is wrong"))
        await accounts.accounts.RequestPasswordReset(pb.RequestPasswordResetRequest(email="one@example.org"))
        link = await accounts.token("new password")
        await reason(accounts.accounts.ResetPassword(pb.ResetPasswordRequest(token=link, new_password="short")))
        await call(accounts.accounts.LogOut(pb.LogOutRequest(token=signed_in.token)))
    said = "".join(capfd.readouterr())
    assert "started" in said
    secrets = (signed_in.token, link, "a secret that is wrong", "correct horse", "one@example.org", "argon2id")
    assert [secret for secret in secrets if secret in said] == []
