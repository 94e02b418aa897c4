"""How much of a bare handler's speed is left once a view is metered.

Topology: one gateway process, one process with catalog, search, accounts and metering, Valkey (`appendfsync always`),
NATS with the ledger; the baselines run on the same uvicorn in one process beside them and return the same bytes; wrk
with one thread and 32 connections. Visitors are made beforehand:

- first views: guest cookies, each used once;
- repeated views: guests with the receipts cookie that their first view gave, each used many times;
- members' views: accounts and their sessions, written to the accounts database by its own code. A member views five
  codes by one session. At the first one the gateway asks accounts whose session it is and what is on the shelf
  (`member_first_page_vs_bare`), at the other four, within half a minute, it remembers that (`member_view_vs_bare`). The
  receipts cookie is not sent back, as wrk keeps no cookies.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import bare, load, visitors
from benchmarks.report import Figure
from tests.machine import Machine, running

SECONDS = 4
CONNECTIONS = 32
GUESTS_A_ROUND = 40_000
MEMBERS_A_ROUND = 5_000
# So long that the next pages of those who have come by then last for the second time.
FIRST_PAGES_SECONDS, NEXT_PAGES_SECONDS = 16, 2
RETURNING_GUESTS = 500
HOW = "1 gateway, 1 services process, 32 connections, visitors made beforehand"


def measure(rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "state") as medcodes:
        medcodes.until_search_answers()  # the index is built, so nothing else runs on this machine
        return [
            *_first_views(medcodes, Path(name), rounds),
            *_repeated_views(medcodes, Path(name), rounds),
            *_members_views(medcodes, Path(name), rounds),
        ]


def page(medcodes: Machine, requests: Path, path: str = visitors.PATH) -> bytes:
    """What the first visitor of a file is answered under a path; the view is used up."""
    cookie = requests.read_text().partition("\n")[0].partition(" ")[2]
    with medcodes.client() as client:
        answer = client.get(path, headers={"Cookie": cookie})
        answer.raise_for_status()
        return answer.content


def _first_views(medcodes: Machine, folder: Path, rounds: int) -> list[Figure]:
    against_bare, against_limits = [], []
    body = page(medcodes, visitors.guests(medcodes, folder / "one", 1))
    with bare.running(folder, [body], medcodes.endpoint("valkey")) as baseline:

        def guests() -> Path:
            return visitors.guests(medcodes, folder / "guests", GUESTS_A_ROUND)

        _warm_up(medcodes, guests(), baseline)
        for _ in range(rounds):
            views = _peak(medcodes.url, guests())
            plain = _peak(baseline, visitors.to(guests(), "/bare/0"), repeat=True)
            limited = _peak(baseline, visitors.to(guests(), "/limits"))
            print(f"  first view {views:,.0f}/s, bare {plain:,.0f}/s, limits {limited:,.0f}/s", flush=True)
            against_bare.append(views / plain)
            against_limits.append(views / limited)
    return [
        Figure("first_view_vs_bare", against_bare, 0.5, HOW + "; a bare FastAPI handler on uvicorn"),
        Figure("first_view_vs_limits", against_limits, 1.5, HOW + "; the handler behind limits' fixed window"),
    ]


def _repeated_views(medcodes: Machine, folder: Path, rounds: int) -> list[Figure]:
    requests = visitors.returning_guests(medcodes, folder / "returning", RETURNING_GUESTS)
    how = HOW + f", {RETURNING_GUESTS} guests with the receipts of their first view; a bare FastAPI handler"
    with bare.running(folder, [page(medcodes, requests)], medcodes.endpoint("valkey")) as baseline:
        _warm_up(medcodes, requests, baseline)
        ratios = _ratios(
            "repeated view",
            lambda: _peak(medcodes.url, requests, repeat=True),
            lambda: _peak(baseline, visitors.to(requests, "/bare/0"), repeat=True),
            rounds,
        )
    return [Figure("repeat_view_vs_bare", ratios, 0.8, how)]


def _members_views(medcodes: Machine, folder: Path, rounds: int) -> list[Figure]:
    paths = visitors.MEMBER_PATHS
    one = visitors.members(medcodes, folder / "one", 1)[0]
    with bare.running(folder, [page(medcodes, one, path) for path in paths], medcodes.endpoint("valkey")) as baseline:
        _warm_up(medcodes, visitors.members(medcodes, folder / "members", 500)[0], baseline)
        first, following = [], []
        for _ in range(rounds):
            opening, *others = visitors.members(medcodes, folder / "members", MEMBERS_A_ROUND)
            pages = _peak(medcodes.url, opening, seconds=FIRST_PAGES_SECONDS)
            opened = min(int(pages * FIRST_PAGES_SECONDS), MEMBERS_A_ROUND) - CONNECTIONS
            views = _peak(medcodes.url, visitors.of_first(others, opened), seconds=NEXT_PAGES_SECONDS)
            plain = _peak(baseline, visitors.to_bare(opening, paths), repeat=True)
            print(f"  member's first page {pages:,.0f}/s, next {views:,.0f}/s, bare {plain:,.0f}/s", flush=True)
            first.append(pages / plain)
            following.append(views / plain)
    how = HOW + ", five codes a member by one session; bare FastAPI handlers of the same bytes"
    return [
        Figure("member_view_vs_bare", following, 0.5, how + "; session and shelf are known to the gateway"),
        Figure("member_first_page_vs_bare", first, None, how + "; accounts is asked for both"),
    ]


def _ratios(what: str, views: Callable[[], float], plain: Callable[[], float], rounds: int) -> list[float]:
    found = []
    for _ in range(rounds):
        ours, bares = views(), plain()
        print(f"  {what} {ours:,.0f}/s, bare {bares:,.0f}/s", flush=True)
        found.append(ours / bares)
    return found


def _warm_up(medcodes: Machine, requests: Path, baseline: str) -> None:
    load.wrk(medcodes.url, requests, seconds=1, connections=CONNECTIONS)
    load.wrk(baseline, visitors.to(requests, "/bare/0"), seconds=1, connections=CONNECTIONS)


def _peak(url: str, requests: Path, *, seconds: int = SECONDS, repeat: bool = False) -> float:
    return load.peak(url, requests, seconds=seconds, connections=CONNECTIONS, repeat=repeat)
