"""Puts the gateway together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from medcodes.catalog.v1 import catalog_pb2

from services.common import telemetry
from services.common.clock import new_york_today
from services.common.events import Bus
from services.common.health import Health
from services.common.lifecycle import Component, Service, Task

from .adapters.accounts_channel import AccountsChannel
from .adapters.catalog_client import CatalogClient
from .adapters.dns_client import DnsClient
from .adapters.http_server import HttpServer
from .adapters.metering_client import MeteringClient
from .adapters.release_watch import follow_release
from .adapters.robots_file import load_robots
from .adapters.search_client import SearchClient
from .adapters.session_watch import SessionWatch
from .answers import security_headers
from .front import App, Front
from .members.code_shelves import CodeShelves
from .members.history import History
from .members.plans import Plans
from .members.sessions import SessionCookies, Sessions
from .page_cache import Access, PageCache, PageKey
from .problem_answers import ProblemAnswers
from .readiness import Readiness
from .rendering import code_html, code_json, teaser_html
from .rendering.splice import Marks, Spliced
from .rendering.templates import Templates
from .robots.crawlers import Crawlers
from .robots.guest_meter import GuestMeter
from .robots.robot import Robots
from .routes.codes import CodeRoute
from .routes.parts import Parts
from .routes.robots import RobotRoute
from .service import CodePages, Views
from .settings import MIB, GatewaySettings
from .shedding import Door, Refusal
from .static_files import StaticFiles
from .usage import Usage
from .visitors.guests import GuestCookies, load_key
from .visitors.networks import Networks, dns_servers, networks
from .visitors.receipts import Receipts
from .web import web_app


def build(settings: GatewaySettings, today: Callable[[], date] = new_york_today) -> Service:
    health = Health("gateway")
    catalog = CatalogClient(settings.catalog_address, settings.catalog_timeout)
    search = SearchClient(settings.search_address, settings.search_timeout, settings.case_timeout)
    metering = MeteringClient(
        settings.metering_address,
        settings.metering_timeout,
        calls=settings.metering_calls,
        queue=settings.metering_queue,
        patience=settings.metering_wait_seconds,
    )
    channel = AccountsChannel(settings.accounts_address, settings.accounts_timeout)

    bus = Bus(settings.nats_url, "gateway")
    cache = PageCache(settings.rendered_pages_mib * MIB)
    watch = Task("follow the current release", partial(follow_release, bus, cache.use_release))
    session_watch = SessionWatch(bus)
    sessions = Sessions(channel.accounts, session_watch.is_watching)
    plans, history = Plans(channel.accounts), History(channel.shelf)
    health.add_check("catalog", catalog.answers)
    health.add_check("accounts", partial(_accounts_are_there, channel, plans))
    health.add_check("metering", metering.answers)
    background = [Task("ask for the plans", plans.keep_fresh), Task("record history", history.record)]

    static, marks = StaticFiles(), Marks()
    templates = Templates(static.addresses, {"public_url": settings.site_url})
    key = load_key(settings.guest_secret.get_secret_value(), settings.state_dir)
    shelves = CodeShelves(channel.shelf, templates, session_watch.is_watching, settings.shelf_seconds)
    channel.shelf.on_change = shelves.forget
    session_watch.tell(sessions, shelves)
    cookies = GuestCookies(key, secure=settings.https)
    session_cookies = SessionCookies(secure=settings.https)
    receipts = Receipts(settings.receipt_keys(key), secure=settings.https)
    guests: Access = "open" if settings.sections_for_guests == "open" else "register"
    pages = CodePages(catalog, cache, partial(_render, marks, templates), guests, today)
    usage = Usage(metering)
    views = Views(metering, receipts, cookies, sessions, session_cookies, usage)
    code_route = CodeRoute(pages, views, plans, shelves, history, lambda: "catalog" in health.failing)
    robot_route = RobotRoute(
        Robots(load_robots(settings.robots_file)), _crawlers(settings), GuestMeter(metering), code_route
    )
    parts = Parts(
        settings=settings,
        catalog=catalog,
        metering=metering,
        search=search,
        accounts=channel.accounts,
        shelf=channel.shelf,
        sessions=sessions,
        session_cookies=session_cookies,
        receipts=receipts,
        plans=plans,
        history=history,
        views=views,
        code_route=code_route,
        templates=templates,
        static=static,
        ready=Readiness(health),
    )
    problems = ProblemAnswers(templates, marks, plans)
    front = Front(
        code_route=code_route,
        robot_route=robot_route,
        others=web_app(parts, problems),
        cookies=cookies,
        sessions=sessions,
        session_cookies=session_cookies,
        networks=Networks(key, networks(settings.trusted_proxies)),
        problems=problems,
        headers=security_headers(https=settings.https),
        public_url=settings.public_url,
        max_body_bytes=settings.max_body_bytes,
        access_log=settings.access_log,
    )
    door = Door(metering.is_behind, max_lag=settings.max_lag_seconds, max_requests=settings.max_requests)
    server = HttpServer(
        _traced(front),
        settings.http_host,
        settings.http_port,
        health,
        door=door,
        refusal=Refusal(templates, security_headers(https=settings.https)),
        drain_seconds=settings.drain_seconds,
        request_seconds=settings.request_seconds,
    )
    clients: list[Component] = [catalog, search, metering, channel]
    background.append(Task("watch the load", door.watch))
    return Service("gateway", [*clients, bus, watch, session_watch, *background, usage, server], health)


def _traced(app: App) -> App:
    """The same application; where traces are recorded, a span around every request."""
    if not telemetry.traced():
        return app
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

    # The addresses in mails hold tokens, which no trace may keep.
    return OpenTelemetryMiddleware(app, excluded_urls="/reset,/verify,/feed.atom")


async def _accounts_are_there(channel: AccountsChannel, plans: Plans) -> bool:
    """Also what registering gives is known: who comes first is told the same as everybody after."""
    return await channel.answers() and plans.first is not None


def _crawlers(settings: GatewaySettings) -> Crawlers | None:
    if not settings.verify_crawlers:
        return None
    seconds = settings.crawler_dns_seconds
    return Crawlers(DnsClient(dns_servers(settings.crawler_dns_servers), seconds), seconds)


def _render(marks: Marks, templates: Templates, page: catalog_pb2.CodePage, key: PageKey) -> Spliced:
    locked = key.access == "register"
    if key.format == "teaser":
        return teaser_html.page(page, marks=marks, templates=templates)
    if key.format == "json":
        return code_json.page(page, locked=locked, dated=key.dated, marks=marks)
    return code_html.page(page, locked=locked, dated=key.dated, marks=marks, templates=templates)
