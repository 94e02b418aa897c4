"""Changes in words: "Work RVU 1.30 -> 1.35, PFS 2026-Q1"."""

from __future__ import annotations

from medcodes.catalog.v1 import catalog_pb2

from ..members.changes import Change
from . import names

KIND: dict[int, str] = {
    value: name.removeprefix("CHANGE_KIND_").lower() for name, value in catalog_pb2.ChangeKind.items()
}
SECTIONS = {"common_language_description": "Plain-language description", **names.SECTIONS}


def kind(value: int) -> str:
    """A kind that this gateway does not know yet reads as changed."""
    return KIND.get(value, "changed") if value else "changed"


def section(name: str) -> str:
    return SECTIONS.get(name, name)


def headline(change: Change) -> str:
    """What happened, in a few words and without any value."""
    changed = change.found.changed
    what = kind(changed.kind)
    parts = [] if what == "changed" else [{"added": "new code", "removed": "no longer listed"}.get(what, what)]
    parts += ["description changed"] if changed.description_changed else []
    parts += [section(name) for name in changed.sections]
    return ", ".join(parts) or "changed"


def fact(found: catalog_pb2.FactChange) -> str:
    """One fact with what it was and is."""
    edition = f", {names.short_edition(found.edition)}" if found.edition else ""
    return f"{found.label}: {found.before or 'none'} \N{RIGHTWARDS ARROW} {found.after or 'none'}{edition}"
