"""gRPC in and out of accounts: what operators do."""

from __future__ import annotations

from typing import Any

import grpc
from medcodes.accounts.v1 import accounts_pb2, operator_pb2_grpc
from medcodes.accounts.v1 import operator_pb2 as pb

from ..domain.people import Account
from ..domain.plans import Plans
from ..messages import account_message
from ..operating import Operating

SERVICE_NAME = "medcodes.accounts.v1.OperatorService"
Context = grpc.aio.ServicerContext[Any, Any]


class OperatorServicer(operator_pb2_grpc.OperatorServiceServicer):
    def __init__(self, operating: Operating, plans: Plans) -> None:
        self._operating, self._plans = operating, plans

    async def FindAccounts(self, request: pb.FindAccountsRequest, context: Context) -> pb.FindAccountsResponse:  # noqa: N802
        page = await self._operating.find(request.text, request.plan, request.cursor, request.limit)
        return pb.FindAccountsResponse(
            accounts=[self._message(each) for each in page.accounts], next_cursor=page.next_cursor
        )

    async def GrantPlan(self, request: pb.GrantPlanRequest, context: Context) -> pb.GrantPlanResponse:  # noqa: N802
        account = await self._operating.grant_plan(request.account_id, request.plan)
        return pb.GrantPlanResponse(account=self._message(account))

    async def LockAccount(self, request: pb.LockAccountRequest, context: Context) -> pb.LockAccountResponse:  # noqa: N802
        return pb.LockAccountResponse(account=self._message(await self._operating.lock(request.account_id)))

    async def UnlockAccount(self, request: pb.UnlockAccountRequest, context: Context) -> pb.UnlockAccountResponse:  # noqa: N802
        return pb.UnlockAccountResponse(account=self._message(await self._operating.unlock(request.account_id)))

    async def ResetAccount(self, request: pb.ResetAccountRequest, context: Context) -> pb.ResetAccountResponse:  # noqa: N802
        return pb.ResetAccountResponse(account=self._message(await self._operating.reset(request.account_id)))

    def _message(self, account: Account) -> accounts_pb2.Account:
        return account_message(account, self._plans)
