"""The HTML templates: compiled once, escaping everything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .. import moments
from ..members import plans
from . import change_words, index_view, names, search_json

FOLDER = Path(__file__).parent.parent / "templates"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Templates:
    """`static` are the addresses of static files by name; `site` is what every page may use."""

    def __init__(self, static: Mapping[str, str], site: Mapping[str, Any]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(
            static=static,
            site=site,
            sections=names.SECTIONS,
            system_name=names.system_name,
            status_name=names.status,
            index_href=index_view.href,
            words_matched=search_json.words_matched,
        )
        self._environment.filters.update(
            day=day,
            thousands=thousands,
            short_edition=names.short_edition,
            edition_name=names.edition_name,
            group_title=names.group_title,
            iso=moments.iso,
            minute=moments.minute,
            day_of=moments.day,
            plan_in_words=plans.in_words,
            change_headline=change_words.headline,
            change_fact=change_words.fact,
        )

    def render(self, name: str, /, **values: Any) -> bytes:
        return self._environment.get_template(name).render(values).encode()


def day(iso: str) -> str:
    """ "2025-10-01" as "Oct 1, 2025"; anything else as it is."""
    try:
        found = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{MONTHS[found.month - 1]} {found.day}, {found.year}"


def thousands(number: int) -> str:
    return f"{number:,}"
