"""Pages and JSON of the indexes: links to the terms meant, codes by column, and nothing that a file could break."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from medcodes.catalog.v1 import catalog_pb2 as pb

from services.gateway.rendering import index_view
from tests.unit.gateway import sample_indexes
from tests.unit.gateway.test_code_rendering import HOSTILE, TEMPLATES, Tags, assert_harmless


def html(found: pb.GetIndexEntriesResponse, letter: str = "") -> str:
    rendered = TEMPLATES.render(
        "index.html",
        nav="",
        index=found.index,
        path=found.path,
        items=found.items,
        letter=letter,
        known=index_view.by_code(found.codes),
        next_cursor=found.next_cursor,
    )
    return rendered.decode()


def links(text: str) -> set[str]:
    return {str(attributes["href"]) for tag, attributes in Tags(text).found if tag == "a"}


def test_main_terms_by_letter():
    text = html(sample_indexes.entries([]), "H")
    assert_harmless(text)
    assert {
        "/index/diseases?letter=%23",
        "/index/diseases?letter=H",
        "/index/diseases?term=Hip",
        "/index/diseases?letter=H&cursor=n%26x",
        "/codes/icd10cm/S730",
    } <= links(text)
    assert "Hip (old)" in text
    assert "S73.0-</a> [<span" in text.replace("\n", "")
    assert "out of date since Oct 1, 2026" in text
    assert "incomplete" in text


def test_below_a_term_references_lead_to_the_term_meant():
    text = html(sample_indexes.entries(["Hip"]))
    assert_harmless(text)
    found = links(text)
    assert {"/index/neoplasms?term=Neoplasm%2C+any&term=hip", "/index/diseases", "/codes/icd10cm/S730"} <= found
    assert "out &amp; away" in text
    assert "condition" in text
    # Neither a code that the release does not know nor words that are no term are links.
    assert not [link for link in found if "Q999" in link or "condition" in link]
    assert "the term itself" in text


def test_a_table_has_its_columns():
    text = html(sample_indexes.table())
    assert_harmless(text)
    row = text[text.index("Neoplasm, any") :]
    assert row.index("<td></td>") < row.index("D36.7")
    assert text.count('<th scope="col">') == 3


def test_the_list_of_indexes():
    text = TEMPLATES.render("indexes.html", nav="", indexes=sample_indexes.INDEXES).decode()
    assert_harmless(text)
    assert {"/index/diseases", "/index/neoplasms"} <= links(text)
    empty = TEMPLATES.render("indexes.html", nav="", indexes=[]).decode()
    assert "holds no index" in empty


@pytest.mark.parametrize("field", ["title", "shown", "modifiers", "see", "letter"])
def test_hostile_words_are_harmless(field):
    found = sample_indexes.entries([])
    words = {"title": "Hip", "shown": "Hip", "modifiers": "", field: HOSTILE}
    found.items[0].path[0].CopyFrom(pb.IndexTitle(**{name: words[name] for name in ("title", "shown", "modifiers")}))
    found.items[0].see.CopyFrom(pb.IndexReference(text=HOSTILE, index="diseases", path=[HOSTILE]))
    assert_harmless(html(found, HOSTILE if field == "letter" else ""))


@given(st.lists(st.text(), max_size=4), st.text(max_size=3))
@settings(max_examples=50)
def test_any_title_makes_an_address(path, letter):
    link = index_view.href("diseases", path, letter)
    assert link.isascii()
    assert not set(link) & set(" \"'<>")


def test_json_of_terms():
    document = index_view.entries(sample_indexes.entries(["Hip"]))
    out, growth = document["items"]
    assert document["path"][0]["codes"] == [
        {
            "column": None,
            "code": "S730",
            "display": "S73.0-",
            "more": True,
            "manifestation": {"code": "M905", "display": "M90.5-", "more": True},
        }
    ]
    assert out["path"] == ["Hip", "out & away"]
    assert out["see_also"] == {"text": "Neoplasm, hip", "index": "neoplasms", "path": ["Neoplasm, any", "hip"]}
    assert (out["see"], out["see_category"], growth["see"]["index"]) == (None, "S73.0", None)
    assert document["next_cursor"] is None
    assert [one["code"] for one in document["codes"]] == ["S730"]
    assert document["index"]["edition"]["outdated_since"] == "2026-10-01"
