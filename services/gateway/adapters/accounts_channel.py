"""The one connection to accounts, which its two clients share."""

from __future__ import annotations

from typing import Any

from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.common.grpc_client import connect

from . import accounts_client, shelf_client
from .accounts_client import AccountsClient
from .shelf_client import ShelfClient

HEALTH_TIMEOUT_SECONDS = 1.0


class AccountsChannel:
    """A component; `accounts` and `shelf` fill the ports of the same names."""

    def __init__(self, address: str, timeout: float) -> None:
        self._address, self._timeout = address, timeout
        self.accounts, self.shelf = AccountsClient(), ShelfClient()

    async def start(self) -> None:
        idempotent = [*accounts_client.IDEMPOTENT, shelf_client.NAME]
        self._channel = connect(self._address, idempotent=idempotent, timeout=self._timeout)
        self._health: Any = health_pb2_grpc.HealthStub(self._channel)
        self.accounts.use(self._channel)
        self.shelf.use(self._channel)

    async def stop(self) -> None:
        await self._channel.close(None)

    async def answers(self) -> bool:
        """The service's own health."""
        request = health_pb2.HealthCheckRequest(service=accounts_client.NAME)
        found = await self._health.Check(request, timeout=HEALTH_TIMEOUT_SECONDS)
        return bool(found.status == health_pb2.HealthCheckResponse.SERVING)
