"""Accounts, metering and a catalog over real gRPC, in memory and obedient.

For what the real ones do only when something breaks, or cannot be made to do at a given moment. Whatever can be tested
against the real services is tested there."""

from __future__ import annotations

import asyncio
import secrets
import time

from medcodes.accounts.v1 import accounts_pb2 as pb
from medcodes.accounts.v1 import accounts_pb2_grpc, shelf_pb2, shelf_pb2_grpc
from medcodes.catalog.v1 import catalog_pb2, catalog_pb2_grpc
from medcodes.metering.v1 import metering_pb2, metering_pb2_grpc

from services.common import errors
from services.common.grpc_server import GrpcServer
from services.common.health import Health
from tests.unit.gateway import sample_indexes, sample_pages

SERVICES = ("accounts.v1.AccountsService", "metering.v1.MeteringService", "catalog.v1.CatalogService")

FREE = pb.Plan(name="free", title="Free", views=5)


def now_ms() -> int:
    return int(time.time() * 1000)


class WireAccounts(accounts_pb2_grpc.AccountsServiceServicer):
    """`delay` holds back every Resolve; `resolved` counts them."""

    def __init__(self) -> None:
        self.accounts: dict[str, pb.Account] = {}
        self.passwords: dict[str, str] = {}
        self.credentials: dict[str, pb.Principal] = {}
        self.plans = [FREE]
        self.registrations: list[pb.RegisterRequest] = []
        self.resolved, self.delay, self.failure = 0, 0.0, None

    def _begin(self, account: pb.Account) -> pb.SignedIn:
        principal = pb.Principal(
            account_id=account.id,
            plan=account.plan,
            session_id=secrets.token_urlsafe(12),
            expires_at_ms=now_ms() + 86_400_000,
            email_verified=account.email_verified,
        )
        if account.HasField("registered_from"):
            principal.registered_from.CopyFrom(account.registered_from)
        token = "mcs_" + secrets.token_urlsafe(24)
        self.credentials[token] = principal
        return pb.SignedIn(token=token, expires_at_ms=principal.expires_at_ms, principal=principal)

    def _fail(self) -> None:
        if self.failure:
            raise self.failure

    async def Register(self, request, context):
        self._fail()
        self.registrations.append(request)
        if any(one.email == request.email for one in self.accounts.values()):
            raise errors.AlreadyExists("the e-mail has an account", reason="ACCOUNT_EXISTS")
        if "@" not in request.email:
            raise errors.InvalidArgument("no e-mail", fields={"email": "is not an e-mail address"})
        if len(request.password) < 8:
            raise errors.InvalidArgument("too short", fields={"password": "has less than 8 characters"})
        account = pb.Account(
            id=secrets.token_urlsafe(16), email=request.email, plan=self.plans[0], created_at_ms=now_ms()
        )
        if request.HasField("guest"):
            account.registered_from.CopyFrom(request.guest)
        self.accounts[account.id], self.passwords[account.id] = account, request.password
        return pb.RegisterResponse(signed_in=self._begin(account))

    async def LogIn(self, request, context):
        self._fail()
        for account in self.accounts.values():
            if (account.email, self.passwords[account.id]) == (request.email, request.password):
                return pb.LogInResponse(signed_in=self._begin(account))
        raise errors.Unauthenticated("E-mail and password do not belong together", reason="BAD_CREDENTIALS")

    async def Resolve(self, request, context):
        self.resolved += 1
        await asyncio.sleep(self.delay)
        self._fail()
        principal = self.credentials.get(request.credential)
        if principal is None:
            raise errors.Unauthenticated("not a token", reason="BAD_TOKEN")
        return pb.ResolveResponse(principal=principal)

    async def LogOut(self, request, context):
        self.credentials.pop(request.token, None)
        return pb.LogOutResponse()

    async def GetAccount(self, request, context):
        return pb.GetAccountResponse(account=self.accounts[request.account_id])

    async def ListPlans(self, request, context):
        self._fail()
        return pb.ListPlansResponse(plans=self.plans)

    async def ListSessions(self, request, context):
        found = [one for one in self.credentials.values() if one.account_id == request.account_id and one.session_id]
        sessions = [pb.Session(id=one.session_id, created_at_ms=now_ms(), user_agent="A browser") for one in found]
        return pb.ListSessionsResponse(sessions=sessions)

    async def CreateApiKey(self, request, context):
        if not request.scopes:
            raise errors.InvalidArgument("no scopes", fields={"scopes": "are missing"})
        key = "mck_" + secrets.token_urlsafe(24)
        api_key = pb.ApiKey(id=secrets.token_urlsafe(8), name=request.name, prefix=key[:10], scopes=request.scopes)
        self.credentials[key] = pb.Principal(
            account_id=request.account_id, plan=self.plans[0], api_key_id=api_key.id, scopes=request.scopes
        )
        return pb.CreateApiKeyResponse(key=key, api_key=api_key)

    async def ListApiKeys(self, request, context):
        found = [one for one in self.credentials.values() if one.account_id == request.account_id and one.api_key_id]
        return pb.ListApiKeysResponse(api_keys=[pb.ApiKey(id=one.api_key_id, scopes=one.scopes) for one in found])


class WireShelf(shelf_pb2_grpc.ShelfServiceServicer):
    def __init__(self) -> None:
        self.viewed: list[tuple[str, str]] = []
        self.searched: list[str] = []
        self.saved: list[tuple[str, str]] = []
        self.note = ""

    async def GetShelf(self, request, context):
        codes = [shelf_pb2.SavedCode(list_id="l1", system=system, code=code) for system, code in self.saved]
        lists = [shelf_pb2.SavedList(id="l1", name="Hips & knees", codes=codes)] if codes else []
        return shelf_pb2.GetShelfResponse(shelf=shelf_pb2.Shelf(lists=lists))

    async def GetCodeShelf(self, request, context):
        saved = (request.system, request.code) in self.saved
        found = shelf_pb2.CodeShelf(
            lists=[shelf_pb2.SavedList(id="l1", name="Hips & knees")] if self.saved else [],
            saved_in=["l1"] if saved else [],
            note=shelf_pb2.Note(text=self.note),
        )
        return shelf_pb2.GetCodeShelfResponse(code_shelf=found)

    async def SaveCode(self, request, context):
        self.saved.append((request.system, request.code))
        return shelf_pb2.SaveCodeResponse()

    async def SetNote(self, request, context):
        self.note = request.text
        return shelf_pb2.SetNoteResponse()

    async def RecordViews(self, request, context):
        self.viewed += [(view.system, view.code) for view in request.views]
        return shelf_pb2.RecordViewsResponse()

    async def ListRecentViews(self, request, context):
        views = [shelf_pb2.RecentView(system=one, code=two, viewed_at_ms=now_ms()) for one, two in self.viewed]
        return shelf_pb2.ListRecentViewsResponse(views=views)

    async def ListSearches(self, request, context):
        searches = [shelf_pb2.Search(query=query, searched_at_ms=now_ms()) for query in self.searched]
        return shelf_pb2.ListSearchesResponse(searches=searches)

    async def RecordSearch(self, request, context):
        self.searched.append(request.query)
        return shelf_pb2.RecordSearchResponse()


class WireMetering(metering_pb2_grpc.MeteringServiceServicer):
    """Grants everything, or answers what `next_outcome` says; `asked` keeps the views as they came, `reports` what the
    gateway has counted."""

    def __init__(self) -> None:
        self.asked: list[metering_pb2.ViewRequest] = []
        self.next_outcome: list[metering_pb2.ViewResult] = []
        self.reports: list[metering_pb2.RecordUsageRequest] = []
        self.ends_at_ms = 0
        self.failure = None

    async def ConsumeViews(self, request, context):
        if self.failure:
            raise self.failure
        self.asked += request.items
        return metering_pb2.ConsumeViewsResponse(results=[self._result(item) for item in request.items])

    def _result(self, item: metering_pb2.ViewRequest) -> metering_pb2.ViewResult:
        if self.next_outcome:
            return self.next_outcome.pop(0)
        return metering_pb2.ViewResult(
            outcome=metering_pb2.VIEW_OUTCOME_GRANTED,
            charged=True,
            meter=metering_pb2.Meter(limit=6, used=2, remaining=4, as_of_ms=now_ms()),
            granted_at_ms=now_ms(),
            ends_at_ms=self.ends_at_ms,
        )

    async def RecordUsage(self, request, context):
        if self.failure:
            raise self.failure
        self.reports.append(request)
        return metering_pb2.RecordUsageResponse()

    async def GetMeter(self, request, context):
        meter = metering_pb2.Meter(limit=6, used=2, remaining=4, as_of_ms=now_ms())
        return metering_pb2.GetMeterResponse(meter=meter)

    async def ListViews(self, request, context):
        view = metering_pb2.View(system="cpt", code="27250", granted_at_ms=now_ms(), copied=True)
        return metering_pb2.ListViewsResponse(views=[view])

    async def SignReceipt(self, request, context):
        return metering_pb2.SignReceiptResponse(receipt=b'{"receipt":"signed"}')

    async def ListReceiptKeys(self, request, context):
        key = metering_pb2.ReceiptKey(id="k1", public_key=b"k" * 32, current=True)
        return metering_pb2.ListReceiptKeysResponse(keys=[key])


class WireCatalog(catalog_pb2_grpc.CatalogServiceServicer):
    """Every code has the page of the hip code."""

    async def GetCodePage(self, request, context):
        page = sample_pages.hip_page()
        page.code = page.display = request.code
        return catalog_pb2.GetCodePageResponse(page=page)

    async def GetSection(self, request, context):
        section = next(one for one in sample_pages.hip_page().sections if one.name == request.section)
        return catalog_pb2.GetSectionResponse(code=request.code, section=section)

    async def BatchGetCodes(self, request, context):
        wanted = [one for one in request.codes if one.system == "cpt"]
        found = [sample_pages.ref(one.system, one.code, "A hip code") for one in wanted]
        return catalog_pb2.BatchGetCodesResponse(found=found)

    async def ListIndexes(self, request, context):
        return catalog_pb2.ListIndexesResponse(indexes=sample_indexes.INDEXES, release="r1")

    async def GetIndexEntries(self, request, context):
        if request.index != "diseases":
            raise errors.NotFound("There is no index of this name.", reason="INDEX_NOT_FOUND")
        return sample_indexes.entries(list(request.path))

    async def ListCodeSystems(self, request, context):
        return catalog_pb2.ListCodeSystemsResponse()


class Wire:
    """A gRPC server with all of them, and a gateway in front of it on a port of its own."""

    def __init__(self) -> None:
        self.accounts, self.shelf, self.metering = WireAccounts(), WireShelf(), WireMetering()
        self.health = Health("wire")
        self.server = GrpcServer(
            domain="wire.medcodes",
            listen="127.0.0.1:0",
            register=[
                lambda server: accounts_pb2_grpc.add_AccountsServiceServicer_to_server(self.accounts, server),
                lambda server: shelf_pb2_grpc.add_ShelfServiceServicer_to_server(self.shelf, server),
                lambda server: metering_pb2_grpc.add_MeteringServiceServicer_to_server(self.metering, server),
                lambda server: catalog_pb2_grpc.add_CatalogServiceServicer_to_server(WireCatalog(), server),
            ],
            names=[f"medcodes.{name}" for name in SERVICES],
            health=self.health,
            drain_seconds=0,
        )

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"
