"""When visitors may be sent to this gateway."""

from __future__ import annotations

from services.common.health import Health


class Readiness:
    """Not ready until the catalog and metering have answered once, and again from draining on.

    In between it stays ready: all gateways ask the same services, so that when one of those is away, taking every
    gateway out as well would turn kept pages and clear answers into none at all. What fails is named all the same.
    """

    def __init__(self, health: Health) -> None:
        self._health = health
        self._was_ready = False

    def state(self) -> tuple[bool, tuple[str, ...]]:
        """(ready, names of the dependencies that do not answer)."""
        failing = self._health.failing
        self._was_ready = self._was_ready or self._health.ready
        is_draining = not failing and not self._health.ready
        return self._was_ready and not is_draining, failing
