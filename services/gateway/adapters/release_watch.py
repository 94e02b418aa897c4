"""Follows the current release, so that pages of another one are not kept."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from services.common.current_release import current_release
from services.common.events import CURRENT_RELEASE_BUCKET, CURRENT_RELEASE_KEY, Bus

log = structlog.get_logger(__name__)


async def follow_release(bus: Bus, use_release: Callable[[str | None], None]) -> None:
    """Tells every change of the current release, the present one first; None while there is none. Run it as a `Task`.

    While NATS is away nothing is told: nothing can be published then either.
    """
    async for value in bus.watch_key(CURRENT_RELEASE_BUCKET, CURRENT_RELEASE_KEY):
        release = current_release(value) if value else None
        log.info("current release", release=release)
        use_release(release)
