"""gRPC in and out of accounts: who a visitor is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import grpc
from medcodes.accounts.v1 import accounts_pb2 as pb
from medcodes.accounts.v1 import accounts_pb2_grpc

from ..api_keys import ApiKeys
from ..domain.client import Client
from ..domain.people import Guest
from ..domain.plans import Plans
from ..erasure import Erasure
from ..known import account_of
from ..messages import (
    account_message,
    api_key_message,
    deletion_message,
    plan_message,
    principal_message,
    session_message,
)
from ..password_changes import PasswordChanges
from ..ports import Store
from ..registration import Registration
from ..sessions import Sessions, SignedIn

SERVICE_NAME = "medcodes.accounts.v1.AccountsService"
Context = grpc.aio.ServicerContext[Any, Any]


class UseCases(NamedTuple):
    """What the servicer passes calls on to."""

    store: Store
    plans: Plans
    registration: Registration
    sessions: Sessions
    passwords: PasswordChanges
    api_keys: ApiKeys
    erasure: Erasure


class AccountsServicer(accounts_pb2_grpc.AccountsServiceServicer):
    def __init__(self, use: UseCases) -> None:
        self._use = use

    async def Register(self, request: pb.RegisterRequest, context: Context) -> pb.RegisterResponse:  # noqa: N802
        guest = Guest(request.guest.id, request.guest.issued_at) if request.HasField("guest") else None
        signed_in = await self._use.registration.register(
            request.email, request.password, guest, _client(request.client)
        )
        return pb.RegisterResponse(signed_in=_signed_in(signed_in))

    async def LogIn(self, request: pb.LogInRequest, context: Context) -> pb.LogInResponse:  # noqa: N802
        signed_in = await self._use.registration.log_in(request.email, request.password, _client(request.client))
        return pb.LogInResponse(signed_in=_signed_in(signed_in))

    async def Resolve(self, request: pb.ResolveRequest, context: Context) -> pb.ResolveResponse:  # noqa: N802
        return pb.ResolveResponse(principal=principal_message(await self._use.sessions.resolve(request.credential)))

    async def LogOut(self, request: pb.LogOutRequest, context: Context) -> pb.LogOutResponse:  # noqa: N802
        await self._use.sessions.log_out(request.token)
        return pb.LogOutResponse()

    async def GetAccount(self, request: pb.GetAccountRequest, context: Context) -> pb.GetAccountResponse:  # noqa: N802
        async with self._use.store.reading() as transaction:
            account = await account_of(transaction, request.account_id)
        return pb.GetAccountResponse(account=account_message(account, self._use.plans))

    async def ChangePassword(self, request: pb.ChangePasswordRequest, context: Context) -> pb.ChangePasswordResponse:  # noqa: N802
        await self._use.passwords.change(
            request.account_id, request.password, request.new_password, request.session_id, _client(request.client)
        )
        return pb.ChangePasswordResponse()

    async def ListSessions(self, request: pb.ListSessionsRequest, context: Context) -> pb.ListSessionsResponse:  # noqa: N802
        found = await self._use.sessions.listed(request.account_id)
        idle_ms = self._use.sessions.idle_ms
        return pb.ListSessionsResponse(sessions=[session_message(each, idle_ms) for each in found])

    async def EndSession(self, request: pb.EndSessionRequest, context: Context) -> pb.EndSessionResponse:  # noqa: N802
        await self._use.sessions.end(request.account_id, request.session_id)
        return pb.EndSessionResponse()

    async def EndOtherSessions(  # noqa: N802
        self, request: pb.EndOtherSessionsRequest, context: Context
    ) -> pb.EndOtherSessionsResponse:
        ended = await self._use.sessions.end_others(request.account_id, request.except_session_id)
        return pb.EndOtherSessionsResponse(ended=ended)

    async def SendVerification(  # noqa: N802
        self, request: pb.SendVerificationRequest, context: Context
    ) -> pb.SendVerificationResponse:
        await self._use.passwords.send_verification(request.account_id)
        return pb.SendVerificationResponse()

    async def VerifyEmail(self, request: pb.VerifyEmailRequest, context: Context) -> pb.VerifyEmailResponse:  # noqa: N802
        await self._use.passwords.verify_email(request.token)
        return pb.VerifyEmailResponse()

    async def RequestPasswordReset(  # noqa: N802
        self, request: pb.RequestPasswordResetRequest, context: Context
    ) -> pb.RequestPasswordResetResponse:
        await self._use.passwords.request_reset(request.email, _client(request.client))
        return pb.RequestPasswordResetResponse()

    async def ResetPassword(self, request: pb.ResetPasswordRequest, context: Context) -> pb.ResetPasswordResponse:  # noqa: N802
        await self._use.passwords.reset(request.token, request.new_password)
        return pb.ResetPasswordResponse()

    async def CreateApiKey(self, request: pb.CreateApiKeyRequest, context: Context) -> pb.CreateApiKeyResponse:  # noqa: N802
        secret, key = await self._use.api_keys.create(
            request.account_id, request.name, request.scopes, request.expires_in_days
        )
        return pb.CreateApiKeyResponse(key=secret, api_key=api_key_message(key))

    async def ListApiKeys(self, request: pb.ListApiKeysRequest, context: Context) -> pb.ListApiKeysResponse:  # noqa: N802
        found = await self._use.api_keys.listed(request.account_id)
        return pb.ListApiKeysResponse(api_keys=[api_key_message(each) for each in found])

    async def RevokeApiKey(self, request: pb.RevokeApiKeyRequest, context: Context) -> pb.RevokeApiKeyResponse:  # noqa: N802
        await self._use.api_keys.revoke(request.account_id, request.api_key_id)
        return pb.RevokeApiKeyResponse()

    async def ListPlans(self, request: pb.ListPlansRequest, context: Context) -> pb.ListPlansResponse:  # noqa: N802
        return pb.ListPlansResponse(plans=[plan_message(each) for each in self._use.plans])

    async def ExportAccount(  # noqa: N802
        self, request: pb.ExportAccountRequest, context: Context
    ) -> AsyncIterator[pb.ExportAccountResponse]:
        async for piece in self._use.erasure.export(request.account_id):
            yield pb.ExportAccountResponse(piece=piece)

    async def DeleteAccount(self, request: pb.DeleteAccountRequest, context: Context) -> pb.DeleteAccountResponse:  # noqa: N802
        deletion = await self._use.erasure.delete(request.account_id, request.password, _client(request.client))
        return pb.DeleteAccountResponse(deletion=deletion_message(deletion))

    async def GetDeletion(self, request: pb.GetDeletionRequest, context: Context) -> pb.GetDeletionResponse:  # noqa: N802
        return pb.GetDeletionResponse(deletion=deletion_message(await self._use.erasure.deletion(request.deletion_id)))


def _client(client: pb.Client) -> Client:
    return Client(client.network[:200], client.user_agent)


def _signed_in(signed_in: SignedIn) -> pb.SignedIn:
    token, principal = signed_in
    return pb.SignedIn(token=token, expires_at_ms=principal.expires_at_ms, principal=principal_message(principal))
