"""`medcodes accounts ...`: what operators do with accounts, over gRPC to the service that runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from services.common.errors import NotFound, ServiceError

if TYPE_CHECKING:
    from medcodes.accounts.v1.accounts_pb2 import Account
    from medcodes.accounts.v1.operator_pb2_grpc import OperatorServiceAsyncStub

    from .settings import AccountsSettings

WIDE = 500

T = TypeVar("T")
Who = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its e-mail or its id.")]
accounts = typer.Typer(help="Accounts and their plans.", no_args_is_help=True)


@accounts.command()
def find(
    text: Annotated[str, typer.Argument(help="A part of the e-mail, or a whole id; all without it.")] = "",
    plan: Annotated[str, typer.Option(help="Only accounts with this plan.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many, newest first.")] = 50,
) -> None:
    """List accounts, newest first."""
    from medcodes.accounts.v1 import operator_pb2 as pb

    async def work(operator: OperatorServiceAsyncStub) -> pb.FindAccountsResponse:
        return await operator.FindAccounts(pb.FindAccountsRequest(text=text, plan=plan, limit=limit))

    found = _run(work)
    _print(found.accounts)
    if found.next_cursor:
        typer.echo("There are more; give a longer part of the e-mail, or a higher --limit.", err=True)


@accounts.command()
def show(account: Who) -> None:
    """Show one account."""

    async def work(operator: OperatorServiceAsyncStub) -> Account:
        return await _one(operator, account)

    _print([_run(work)])


@accounts.command()
def grant_plan(account: Who, plan: Annotated[str, typer.Argument(help="A plan's name in the plans' file.")]) -> None:
    """Give an account another plan."""
    from medcodes.accounts.v1 import operator_pb2 as pb

    async def work(operator: OperatorServiceAsyncStub) -> Account:
        request = pb.GrantPlanRequest(account_id=(await _one(operator, account)).id, plan=plan)
        return (await operator.GrantPlan(request)).account

    _print([_run(work)])


@accounts.command()
def lock(account: Who) -> None:
    """Let nobody in: its sessions end, its API keys are refused."""
    from medcodes.accounts.v1 import operator_pb2 as pb

    async def work(operator: OperatorServiceAsyncStub) -> Account:
        request = pb.LockAccountRequest(account_id=(await _one(operator, account)).id)
        return (await operator.LockAccount(request)).account

    _print([_run(work)])


@accounts.command()
def unlock(account: Who) -> None:
    """Let its owner in again."""
    from medcodes.accounts.v1 import operator_pb2 as pb

    async def work(operator: OperatorServiceAsyncStub) -> Account:
        request = pb.UnlockAccountRequest(account_id=(await _one(operator, account)).id)
        return (await operator.UnlockAccount(request)).account

    _print([_run(work)])


@accounts.command()
def reset(account: Who) -> None:
    """Mail a link to set a new password, and end every session."""
    from medcodes.accounts.v1 import operator_pb2 as pb

    async def work(operator: OperatorServiceAsyncStub) -> Account:
        request = pb.ResetAccountRequest(account_id=(await _one(operator, account)).id)
        return (await operator.ResetAccount(request)).account

    _print([_run(work)])


@accounts.command()
def backup(file: Annotated[Path, typer.Argument(help="Where the copy goes; must not exist.")]) -> None:
    """Copy the SQLite database while it is used. (PostgreSQL has pg_dump.)"""
    from .adapters.sql.backup import BackupError
    from .adapters.sql.backup import backup as copy
    from .settings import AccountsSettings

    settings = AccountsSettings()
    try:
        rows = copy(settings.accounts_database_url.get_secret_value(), settings.accounts_dir, file)
    except BackupError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{file} holds {rows} accounts, and is sound.")


async def _one(operator: OperatorServiceAsyncStub, who: str) -> Account:
    """The account of an e-mail or id. Raises `NotFound`."""
    from medcodes.accounts.v1 import operator_pb2 as pb

    found = (await operator.FindAccounts(pb.FindAccountsRequest(text=who, limit=200))).accounts
    for account in found:
        if who in (account.id, account.email) or who.lower() == account.email.lower():
            return account
    raise NotFound(f"There is no account {who}; `medcodes accounts find` takes a part of the e-mail.")


def _run(work: Callable[[OperatorServiceAsyncStub], Awaitable[T]]) -> T:
    """Runs it on the running service, or ends with a sentence."""
    import grpc
    from medcodes.accounts.v1.operator_pb2_grpc import OperatorServiceStub

    from services.common import grpc_client
    from services.common.errors import from_rpc

    from .settings import AccountsSettings

    address = _address(AccountsSettings())

    async def connected() -> T:
        async with grpc_client.connect(address) as channel:
            return await work(OperatorServiceStub(channel))

    try:
        return asyncio.run(connected())
    except grpc.aio.AioRpcError as error:
        problem: ServiceError = from_rpc(error)
        away = error.code() == grpc.StatusCode.UNAVAILABLE and problem.reason == "UNAVAILABLE"
        said = f"Accounts does not answer at {address}; is Medcodes running?" if away else _sentence(problem)
    except NotFound as error:
        said = error.message
    typer.echo(said, err=True)
    raise typer.Exit(1)


def _address(settings: AccountsSettings) -> str:
    """Where accounts listens: by the settings, on the state folder's instance, or where it would by default."""
    from services.common import endpoints

    running = endpoints.load(settings.state_dir).get("accounts")
    return settings.accounts_address or (running["url"] if running else settings.accounts_listen)


def _sentence(error: ServiceError) -> str:
    fields = "; ".join(f"{name} {why}" for name, why in error.fields.items())
    return f"{error.message[:1].upper()}{error.message[1:]}{f': {fields}' if fields else ''}."


def _print(found: Sequence[Account]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD)
    for name in ("e-mail", "verified", "plan", "registered", "locked", "id"):
        table.add_column(name, overflow="fold", no_wrap=name == "registered")
    for account in found:
        registered = datetime.fromtimestamp(account.created_at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
        said = ["yes" if value else "no" for value in (account.email_verified, account.locked)]
        table.add_row(account.email, said[0], account.plan.name, registered, said[1], account.id)
    # Nothing is folded where a program reads it.
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)
