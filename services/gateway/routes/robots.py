"""Code pages for robots: search crawlers that DNS has shown to be genuine, and what makes previews of links.

Neither costs a view, or gets a cookie or a grant. Robots with a credential are what their credential says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from medcodes.metering.v1 import metering_pb2
from prometheus_client import Counter

from .. import meters
from ..answers import HTML, PRIVATE, Answer, Header
from ..asks import CodeAsk
from ..page_cache import RenderedPage
from ..rendering.navigation import GUEST
from ..rendering.splice import Gap
from ..robots.crawlers import Crawlers
from ..robots.guest_meter import GuestMeter
from ..robots.robot import LinkPreview, Robot, Robots, SearchCrawler
from ..visitors.visitor import Visitor
from .codes import METERED, STALE, STALE_NOTE, CodeRoute, canonical_link

# For caches that keep private answers all the same: people get another page.
VARY: Header = (b"vary", b"user-agent")
# A search engine's own copy of a metered page would be one without a meter.
NO_ARCHIVE: Header = (b"x-robots-tag", b"noarchive")

_pages = Counter("gateway_robot_pages", "Code pages asked for by robots.", ["agent", "outcome"])


@dataclass(frozen=True, slots=True)
class RobotRoute:
    """`crawlers` is None where no crawler is let in."""

    robots: Robots
    crawlers: Crawlers | None
    guest_meter: GuestMeter
    code_route: CodeRoute

    def claimed(self, ask: CodeAsk, visitor: Visitor) -> Robot | None:
        """The robot that asks for a page, by what it says of itself. The API is not for them."""
        return self.robots.claimed(visitor.scope["headers"]) if ask.format == "html" else None

    async def answer(self, robot: Robot, ask: CodeAsk, visitor: Visitor) -> Answer | None:
        """None where the visitor is a guest like others. Raises what the catalog raises."""
        if isinstance(robot, LinkPreview):
            return await self._teaser(robot, ask, visitor)
        if not await self._is_genuine(robot, visitor):
            _pages.labels(robot.agent, "not_verified").inc()
            return None
        return await self._page(robot, ask, visitor)

    async def _is_genuine(self, robot: SearchCrawler, visitor: Visitor) -> bool:
        if self.crawlers is None:
            return False
        address = visitor.networks.address(visitor.scope)
        return address is not None and await self.crawlers.is_genuine(robot, address)

    async def _teaser(self, robot: LinkPreview, ask: CodeAsk, visitor: Visitor) -> Answer:
        visitor.guest_cookie = None
        page = await self.code_route.pages.get(replace(ask, format="teaser"), "register")
        _pages.labels(robot.agent, "teaser").inc()
        return Answer(200, HTML, b"" if visitor.is_head else page.body.fill({}), _headers(ask, page))

    async def _page(self, robot: SearchCrawler, ask: CodeAsk, visitor: Visitor) -> Answer:
        """What a guest with a grant sees."""
        guest, visitor.guest_cookie = visitor.subject(), None
        page = await self.code_route.pages.get(ask, self.code_route.pages.access(visitor))
        meter = await self.guest_meter.get(guest)
        is_away = self.code_route.catalog_is_away()
        headers = [*_headers(ask, page), *([STALE] if is_away else []), *([NO_ARCHIVE] if _is_metered(meter) else [])]
        _pages.labels(robot.agent, "verified").inc()
        if visitor.is_head:
            return Answer(200, HTML, b"", headers)
        gaps = {
            Gap.ON: ask.on.encode(),
            Gap.NOTICE: STALE_NOTE if is_away else b"",
            Gap.METER: meters.line(meter, None, self.code_route.plans.offer).encode() if meter else b"",
            Gap.NAV: GUEST.encode(),
            Gap.METERED: METERED if _is_metered(meter) else b"",
            Gap.SHELF: b"",
        }
        return Answer(200, HTML, page.body.fill(gaps), headers)


def _headers(ask: CodeAsk, page: RenderedPage) -> list[Header]:
    return [PRIVATE, VARY, *canonical_link(ask, page)]


def _is_metered(meter: metering_pb2.Meter | None) -> bool:
    """Unless metering has said that guests may view everything."""
    return meter is None or meter.HasField("limit")
