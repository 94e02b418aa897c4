"""Accounts over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import TypeVar

import grpc
from medcodes.accounts.v1 import accounts_pb2 as pb
from medcodes.accounts.v1 import accounts_pb2_grpc

from services.common.errors import from_rpc

T = TypeVar("T")

NAME = "medcodes.accounts.v1.AccountsService"
IDEMPOTENT = [
    f"{NAME}/{method}"
    for method in ("Resolve", "GetAccount", "ListSessions", "ListApiKeys", "ListPlans", "GetDeletion", "LogOut")
]
EXPORT_SECONDS = 60.0


async def answered(call: Awaitable[T]) -> T:
    """What a call answers; its error as one of the services' own."""
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        raise from_rpc(error) from None


class AccountsClient:
    """Fills the port `Accounts`, over a channel that belongs to `AccountsChannel`."""

    def __init__(self) -> None:
        self._stub: accounts_pb2_grpc.AccountsServiceAsyncStub

    def use(self, channel: grpc.aio.Channel) -> None:
        self._stub = accounts_pb2_grpc.AccountsServiceStub(channel)

    async def resolve(self, credential: str) -> pb.Principal:
        return (await answered(self._stub.Resolve(pb.ResolveRequest(credential=credential)))).principal

    async def register(self, request: pb.RegisterRequest) -> pb.SignedIn:
        return (await answered(self._stub.Register(request))).signed_in

    async def log_in(self, request: pb.LogInRequest) -> pb.SignedIn:
        return (await answered(self._stub.LogIn(request))).signed_in

    async def log_out(self, token: str) -> None:
        await answered(self._stub.LogOut(pb.LogOutRequest(token=token)))

    async def get_account(self, account_id: str) -> pb.Account:
        return (await answered(self._stub.GetAccount(pb.GetAccountRequest(account_id=account_id)))).account

    async def change_password(self, request: pb.ChangePasswordRequest) -> None:
        await answered(self._stub.ChangePassword(request))

    async def list_sessions(self, account_id: str) -> Sequence[pb.Session]:
        return (await answered(self._stub.ListSessions(pb.ListSessionsRequest(account_id=account_id)))).sessions

    async def end_session(self, account_id: str, session_id: str) -> None:
        await answered(self._stub.EndSession(pb.EndSessionRequest(account_id=account_id, session_id=session_id)))

    async def end_other_sessions(self, account_id: str, session_id: str) -> int:
        request = pb.EndOtherSessionsRequest(account_id=account_id, except_session_id=session_id)
        return (await answered(self._stub.EndOtherSessions(request))).ended

    async def send_verification(self, account_id: str) -> None:
        await answered(self._stub.SendVerification(pb.SendVerificationRequest(account_id=account_id)))

    async def verify_email(self, token: str) -> None:
        await answered(self._stub.VerifyEmail(pb.VerifyEmailRequest(token=token)))

    async def request_password_reset(self, email: str, client: pb.Client) -> None:
        await answered(self._stub.RequestPasswordReset(pb.RequestPasswordResetRequest(email=email, client=client)))

    async def reset_password(self, token: str, new_password: str) -> None:
        await answered(self._stub.ResetPassword(pb.ResetPasswordRequest(token=token, new_password=new_password)))

    async def create_api_key(self, request: pb.CreateApiKeyRequest) -> pb.CreateApiKeyResponse:
        return await answered(self._stub.CreateApiKey(request))

    async def list_api_keys(self, account_id: str) -> Sequence[pb.ApiKey]:
        return (await answered(self._stub.ListApiKeys(pb.ListApiKeysRequest(account_id=account_id)))).api_keys

    async def revoke_api_key(self, account_id: str, api_key_id: str) -> None:
        await answered(self._stub.RevokeApiKey(pb.RevokeApiKeyRequest(account_id=account_id, api_key_id=api_key_id)))

    async def list_plans(self) -> Sequence[pb.Plan]:
        return (await answered(self._stub.ListPlans(pb.ListPlansRequest()))).plans

    async def export(self, account_id: str) -> AsyncIterator[bytes]:
        try:
            pieces = self._stub.ExportAccount(pb.ExportAccountRequest(account_id=account_id), timeout=EXPORT_SECONDS)
            async for found in pieces:
                yield found.piece
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None

    async def delete_account(self, request: pb.DeleteAccountRequest) -> pb.Deletion:
        return (await answered(self._stub.DeleteAccount(request))).deletion

    async def get_deletion(self, deletion_id: str) -> pb.Deletion:
        return (await answered(self._stub.GetDeletion(pb.GetDeletionRequest(deletion_id=deletion_id)))).deletion
