"""What a member has saved of a code, as the code page shows it."""

from __future__ import annotations

import asyncio

from markupsafe import Markup

from services.common.errors import ServiceError

from .members import Member
from .ports import Shelf
from .rendering.templates import Templates

PATIENCE_SECONDS = 0.5


class CodeShelves:
    """Asked for with every page of a member, so that it is right wherever it was saved; a page never fails by it."""

    def __init__(self, shelf: Shelf, templates: Templates) -> None:
        self._shelf, self._templates = shelf, templates

    async def rendered(self, member: Member, system: str, code: str) -> bytes:
        """The forms to save the code and to note something; a sentence where accounts cannot be asked."""
        if member.api_key_id and "shelf" not in member.scopes:
            return b""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._shelf.get_code_shelf(member.account_id, system, code)
        except (ServiceError, TimeoutError):
            return self._templates.render("code_shelf.html", found=None, path=_path(system, code))
        return self._templates.render("code_shelf.html", found=found, path=_path(system, code))


def _path(system: str, code: str) -> Markup:
    # Both are of letters and digits.
    return Markup("/codes/{}/{}").format(system, code)
