"""Puts the metering service together."""

from __future__ import annotations

from medcodes.metering.v1.metering_pb2_grpc import add_MeteringServiceServicer_to_server

from services.common.events import Bus
from services.common.grpc_server import GrpcServer
from services.common.health import Health
from services.common.lifecycle import Service, Task

from .account_events import AccountEvents
from .adapters.announcer import JetStreamAnnouncer
from .adapters.ledger import JetStreamLedger
from .adapters.receipt_keys import ReceiptKeyFolder
from .adapters.valkey_store import ValkeyStore
from .adapters.valkey_usage import ValkeyUsage
from .receipts import Receipts
from .recovery import Recovery
from .relay import Relay
from .service import Metering
from .servicer import SERVICE_NAME, MeteringServicer
from .settings import MeteringSettings
from .usage import Usage
from .usage_page import UsagePage


def build(settings: MeteringSettings) -> Service:
    health = Health("metering")
    bus = Bus(settings.nats_url, "metering")
    ledger = JetStreamLedger(bus, replicas=settings.ledger_replicas)
    store = build_store(settings)
    recovery = Recovery(store, ledger, health.refresh)
    relay = Relay(store, ledger, JetStreamAnnouncer(bus))
    health.add_check("store verified", recovery.is_verified)
    metering = Metering(store, guest_limit=settings.guest_limit, on_unverified=recovery.suspect)
    usage_store = build_usage_store(settings)
    usage = Usage(usage_store)
    servicer = MeteringServicer(metering, Receipts(ReceiptKeyFolder(settings.receipt_keys_folder)), usage)
    server = GrpcServer(
        domain="metering.medcodes",
        listen=settings.metering_listen,
        register=[lambda server: add_MeteringServiceServicer_to_server(servicer, server)],
        names=[SERVICE_NAME],
        health=health,
        drain_seconds=settings.drain_seconds,
        max_calls=settings.grpc_max_calls,
    )
    accounts = AccountEvents(bus, metering)
    tasks = [Task("recovery", recovery.run), Task("relay", relay.run), *accounts.tasks()]
    return Service("metering", [bus, store, usage_store, UsagePage(usage), *tasks, server], health)


def build_store(settings: MeteringSettings) -> ValkeyStore:
    return ValkeyStore(
        settings.valkey_url,
        timeout=settings.valkey_timeout_seconds,
        connections=settings.valkey_connections,
        synced_replicas=settings.valkey_synced_replicas,
        network_cap=settings.guest_grants_per_prefix_per_day,
    )


def build_usage_store(settings: MeteringSettings) -> ValkeyUsage:
    return ValkeyUsage(settings.valkey_url, timeout=settings.valkey_timeout_seconds)
