"""What a guest may view, as a page says it that is shown without a view."""

from __future__ import annotations

import time

from medcodes.metering.v1 import metering_pb2

from services.common.errors import ServiceError

from ..ports import Metering

FRESH_SECONDS = 60.0


class GuestMeter:
    """A new guest's meter, asked for at most once a minute."""

    def __init__(self, metering: Metering) -> None:
        self._metering = metering
        self._kept: metering_pb2.Meter | None = None
        self._fresh_until = 0.0

    async def get(self, guest: metering_pb2.Subject) -> metering_pb2.Meter | None:
        """`guest` is one that has viewed nothing. None where metering has never answered."""
        if time.monotonic() >= self._fresh_until:
            # Also while metering is away, when a call would end with its time-out.
            self._fresh_until = time.monotonic() + FRESH_SECONDS
            try:
                self._kept = await self._metering.get_meter(guest)
            except ServiceError:
                return self._kept
        return self._kept
