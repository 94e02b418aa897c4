"""The Markdown pages of the project, and what in them can be checked against the code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("services/**/*.md")]
)

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Link(NamedTuple):
    """`target` is as written; `anchor` is what stands behind its #, or ""."""

    target: str
    file: Path
    anchor: str


def source_files() -> list[Path]:
    return [
        path for folder in ("services", "tests", "protos") for path in (ROOT / folder).rglob("*.*") if path.is_file()
    ]


@cache
def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def code(page: str) -> list[str]:
    """The code of a page: inline spans, and the lines of fenced blocks without their comments."""
    blocks = [line.split(" #")[0] for block in _FENCE.findall(text(page)) for line in block.splitlines()[1:-1]]
    return [*_SPAN.findall(_FENCE.sub("", text(page))), *blocks]


def links(page: str) -> list[Link]:
    """The links of a page to other files of the project and within itself."""
    found = []
    for target in _LINK.findall(_FENCE.sub("", text(page))):
        if "://" not in target and not target.startswith("mailto:"):
            path, _, anchor = target.partition("#")
            found.append(Link(target, (ROOT / page).parent / path if path else ROOT / page, anchor))
    return found


def anchors(file: Path) -> set[str]:
    """What the headings of a page can be linked by, as GitHub and most others name them."""
    titles = _HEADING.findall(_FENCE.sub("", file.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def section(page: str, heading: str) -> str:
    """What stands below a heading of the second level; "" where there is none."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text(page), re.MULTILINE | re.DOTALL)
    return found[1] if found else ""
