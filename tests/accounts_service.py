"""A running accounts service for tests, called over gRPC, with a clock that the test moves."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
from medcodes.accounts.v1 import accounts_pb2 as pb
from medcodes.accounts.v1.accounts_pb2_grpc import AccountsServiceStub
from medcodes.accounts.v1.operator_pb2_grpc import OperatorServiceStub
from medcodes.accounts.v1.shelf_pb2_grpc import ShelfServiceStub

from services.accounts.adapters.sql.store import SqlStore
from services.accounts.app import build
from services.accounts.settings import AccountsSettings
from services.common import grpc_client
from services.common.clock import now_ms
from services.common.errors import ServiceError, from_rpc
from services.common.events import ACCOUNTS_STREAM, Bus

PASSWORD = "correct horse battery"
# Hashing as the settings have it by default would take most of the tests' time.
CHEAP = {"argon2_memory_kib": 8, "argon2_passes": 1}
# A database on a disk that tests share.
PATIENT = {"accounts_database_seconds": 20.0}
DAY_MS = 24 * 3600 * 1000


class Clock:
    """The time, and whatever a test has added to it."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms


class RunningAccounts:
    """The service's stubs: `accounts`, `operator`, `shelf`; a call that fails raises the `ServiceError` by `call`."""

    def __init__(self, state_dir: Path, nats_url: str, clock: Clock, **settings: Any) -> None:
        self.clock = clock
        self.settings = AccountsSettings(
            state_dir=state_dir, nats_url=nats_url, accounts_listen="127.0.0.1:0", **{**CHEAP, **PATIENT, **settings}
        )
        self.service = build(self.settings, clock)
        self.bus: Bus = self.service.components[0]
        self.store = next(each for each in self.service.components if isinstance(each, SqlStore))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.service.components[-1].port}"

    async def start(self) -> None:
        await self.service.start()
        channel = self._channel = grpc_client.connect(self.address, timeout=60)
        self.accounts, self.operator = AccountsServiceStub(channel), OperatorServiceStub(channel)
        self.shelf = ShelfServiceStub(channel)
        await eventually(lambda: self.service.health.ready)

    async def stop(self) -> None:
        await self._channel.close()
        await self.service.stop()

    async def register(self, email: str = "one@example.org", password: str = PASSWORD, **more: Any) -> pb.SignedIn:
        request = pb.RegisterRequest(email=email, password=password, **more)
        return (await call(self.accounts.Register(request))).signed_in

    async def log_in(self, email: str = "one@example.org", password: str = PASSWORD, network: str = "") -> pb.SignedIn:
        request = pb.LogInRequest(email=email, password=password, client=pb.Client(network=network))
        return (await call(self.accounts.LogIn(request))).signed_in

    async def resolve(self, credential: str) -> pb.Principal:
        return (await call(self.accounts.Resolve(pb.ResolveRequest(credential=credential)))).principal

    async def mail(self, subject: str) -> str:
        """The text of the newest mail with that in its subject, once there is one that was not read before; it is
        removed."""
        found: list[tuple[Path, str]] = []

        def arrived() -> bool:
            for path in sorted((self.settings.accounts_dir / "mail").glob("*.eml"), reverse=True):
                message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                if subject in message["Subject"]:
                    found.append((path, message.get_content()))
                    return True
            return False

        await eventually(arrived)
        found[0][0].unlink()
        return found[0][1]

    async def token(self, subject: str) -> str:
        """The token of the link in such a mail."""
        return re.findall(r"token=(\S+)", await self.mail(subject))[0]

    async def told(self) -> list[tuple[str, bytes]]:
        """Type and payload of every event on the stream."""
        info = await self.bus.js.stream_info(ACCOUNTS_STREAM)
        messages = [await self.bus.js.get_msg(ACCOUNTS_STREAM, each + 1) for each in range(info.state.last_seq)]
        return [(message.headers["ce-type"], message.data) for message in messages]

    async def until_told(self, count: int) -> list[tuple[str, bytes]]:
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(Exception):
                    if len(told := await self.told()) >= count:
                        return told
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def running(state_dir: Path, nats_url: str, clock: Clock | None = None, **settings: Any) -> AsyncIterator[Any]:
    service = RunningAccounts(state_dir, nats_url, clock or Clock(), **settings)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


async def call(request: Awaitable[Any]) -> Any:
    """The answer; raises the error as the service raised it."""
    try:
        return await request
    except grpc.aio.AioRpcError as error:
        raise from_rpc(error) from None


async def reason(request: Awaitable[Any]) -> str:
    """The reason that a call fails with; "" if it does not."""
    try:
        await call(request)
    except ServiceError as error:
        return error.reason
    return ""


async def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)
