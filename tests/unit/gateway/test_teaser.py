"""Teasers and the data that previews are made from: what search shows freely, and harmless whatever the files hold."""

from __future__ import annotations

import re

from services.gateway.rendering import code_html, teaser_html
from tests.unit.gateway import sample_pages
from tests.unit.gateway.test_code_rendering import FILLED, HOSTILE, MARKS, TEMPLATES


def teaser(page) -> str:
    spliced = teaser_html.page(page, marks=MARKS, templates=TEMPLATES)
    assert spliced.gaps == ()
    return spliced.fill({}).decode()


def metas(text: str) -> dict[str, str]:
    return dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):\w+|description)" content="([^"]*)">', text))


def test_a_teaser_names_the_code_and_its_description():
    page = sample_pages.hip_page()
    page.title = "Closed treatment of hip dislocation"
    assert metas(teaser(page)) == {
        "description": "27250: Closed treatment of hip dislocation",
        "og:type": "article",
        "og:site_name": "Medcodes",
        "og:title": "27250 · CPT",
        "og:description": "Closed treatment of hip dislocation",
        "og:url": "https://codes.example.org/codes/cpt/27250",
        "twitter:card": "summary",
    }


def test_a_code_page_has_the_same_for_previews():
    page = sample_pages.hip_page()
    page.title = "Closed treatment of hip dislocation"
    whole = code_html.page(page, locked=True, dated=False, marks=MARKS, templates=TEMPLATES).fill(FILLED).decode()
    assert metas(whole) == metas(teaser(page))


def test_hostile_text_stays_text():
    page = sample_pages.hip_page()
    page.title = page.display = HOSTILE
    shown = teaser(page)
    assert "<script>alert" not in shown
    assert "<img" not in shown
    assert "49" not in metas(shown)["og:description"]
    assert metas(shown)["og:description"].startswith("&lt;script&gt;")


def test_a_teaser_is_made_of_nothing_else():
    """Whatever else a page holds, or will hold one day, changes nothing of its teaser."""
    page = sample_pages.hip_page()
    before = teaser(page)
    page.common_language_description.text = page.official_description.copyright = "PROTECTED"
    for section in page.sections:
        section.summary = "PROTECTED"
    for ref in page.hierarchy.siblings:
        ref.description = "PROTECTED"
    assert teaser(page) == before
