"""Puts the accounts service together."""

from __future__ import annotations

from collections.abc import Callable

from medcodes.accounts.v1.accounts_pb2_grpc import add_AccountsServiceServicer_to_server
from medcodes.accounts.v1.operator_pb2_grpc import add_OperatorServiceServicer_to_server
from medcodes.accounts.v1.shelf_pb2_grpc import add_ShelfServiceServicer_to_server

from services.common.clock import now_ms
from services.common.events import Bus
from services.common.grpc_server import GrpcServer
from services.common.health import Health
from services.common.lifecycle import Service, Task

from .adapters.announcements import Announcements
from .adapters.argon2_hasher import Argon2Hasher
from .adapters.common_passwords import common_passwords
from .adapters.mailers import FolderMailer, SmtpMailer
from .adapters.plans_file import load_plans
from .adapters.sql.database import Database
from .adapters.sql.store import MAILS, SqlStore
from .api_keys import ApiKeys
from .domain.throttling import Limit
from .erasure import Erasure
from .feeds import Feeds
from .housekeeping import Housekeeping
from .mail_room import MailRoom
from .operating import Operating
from .password_changes import PasswordChanges
from .password_check import LoginLimits, PasswordCheck
from .ports import Mailer
from .registration import Registration
from .servicers import accounts_servicer, operator_servicer, shelf_servicer
from .sessions import Sessions
from .settings import AccountsSettings
from .shelf import Shelves
from .throttling import MINUTE_MS, Throttle


def build(settings: AccountsSettings, clock: Callable[[], int] = now_ms) -> Service:
    health, bus = Health("accounts"), Bus(settings.nats_url, "accounts")
    plans, common = load_plans(settings.plans_file), common_passwords()
    database, hasher = build_database(settings), build_hasher(settings)
    store = SqlStore(database, health.refresh)
    throttle = Throttle(store, clock)
    limits = LoginLimits.of(settings.login_failures_per_email, settings.login_failures_per_network)
    registrations = Limit("registrations", settings.registrations_per_network, 60 * MINUTE_MS)
    mails = Limit("mails", settings.mails_per_email, 60 * MINUTE_MS)
    network_mails = Limit("network_mails", settings.mails_per_network, 60 * MINUTE_MS)

    check = PasswordCheck(store, hasher, throttle, limits, clock)
    sessions = Sessions(store, plans, clock, days=settings.session_days, idle_days=settings.session_idle_days)
    registration = Registration(
        store, hasher, sessions, throttle, check, plans, clock, common=common, limit=registrations
    )
    passwords = PasswordChanges(
        store, hasher, throttle, check, clock, common=common, mails=mails, network_mails=network_mails
    )
    erasure = Erasure(store, check, clock)
    use = accounts_servicer.UseCases(store, plans, registration, sessions, passwords, ApiKeys(store, clock), erasure)
    accounts = accounts_servicer.AccountsServicer(use)
    operator = operator_servicer.OperatorServicer(Operating(store, plans, clock), plans)
    shelf = shelf_servicer.ShelfServicer(Shelves(store, clock), Feeds(store, sessions, clock))

    mail_room = MailRoom(
        store,
        build_mailer(settings),
        clock,
        public_url=settings.link_url,
        tries=settings.mail_tries,
        wait=store.signal(MAILS).wait,
    )
    announcements = Announcements(bus, database, store, erasure.on_subject_erased)
    housekeeping = Housekeeping(store, clock, idle_ms=sessions.idle_ms)
    tasks = [
        Task("mails", mail_room.run),
        Task("events", announcements.tell),
        Task("erasures", announcements.listen),
        Task("housekeeping", housekeeping.run),
    ]
    health.add_check("database", store.answers)
    server = GrpcServer(
        domain="accounts.medcodes",
        listen=settings.accounts_listen,
        register=[
            lambda server: add_AccountsServiceServicer_to_server(accounts, server),
            lambda server: add_OperatorServiceServicer_to_server(operator, server),
            lambda server: add_ShelfServiceServicer_to_server(shelf, server),
        ],
        names=[module.SERVICE_NAME for module in (accounts_servicer, operator_servicer, shelf_servicer)],
        health=health,
        drain_seconds=settings.drain_seconds,
        max_calls=settings.grpc_max_calls,
    )
    return Service("accounts", [bus, hasher, store, *tasks, server], health)


def build_database(settings: AccountsSettings) -> Database:
    return Database(
        settings.accounts_database_url.get_secret_value(),
        folder=settings.accounts_dir,
        seconds=settings.accounts_database_seconds,
        connections=settings.accounts_database_connections,
    )


def build_hasher(settings: AccountsSettings) -> Argon2Hasher:
    return Argon2Hasher(
        memory_kib=settings.argon2_memory_kib,
        passes=settings.argon2_passes,
        lanes=settings.argon2_lanes,
        threads=settings.password_threads,
        waiting=settings.password_waiting,
    )


def build_mailer(settings: AccountsSettings) -> Mailer:
    url = settings.smtp_url.get_secret_value()
    if url:
        return SmtpMailer(url, settings.mail_from)
    return FolderMailer(settings.accounts_dir / "mail", settings.mail_from)
