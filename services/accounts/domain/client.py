"""Where a request comes from."""

from __future__ import annotations

from typing import NamedTuple

from .people import MAX_USER_AGENT


class Client(NamedTuple):
    """`network` names the client's network for a day, as a salted hash; "" where nothing is to be throttled by it."""

    network: str = ""
    user_agent: str = ""

    @property
    def shown_agent(self) -> str:
        """The browser's name as it is kept for the list of sessions."""
        return "".join(each for each in self.user_agent[: MAX_USER_AGENT * 2] if each.isprintable())[:MAX_USER_AGENT]
