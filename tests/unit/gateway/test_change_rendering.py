"""Changes in words and as Atom: what is in them, what is not, and hostile text."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st
from medcodes.catalog.v1 import catalog_pb2 as pb

from services.gateway.members.changes import Change
from services.gateway.rendering import atom, change_words

ATOM = "{http://www.w3.org/2005/Atom}"
SITE = "https://codes.example.org"


def change(description: str = "A visit", kind: int = pb.CHANGE_KIND_CHANGED, facts=(), **changed) -> Change:
    code = pb.CodeRef(system="cpt", code="99213", display="99213", description=description, has_page=True)
    found = pb.CodeChange(release="a" * 64, published_at_ms=1_800_000_000_000)
    found.changed.CopyFrom(pb.ChangedCode(code=code, kind=kind, **changed))
    return Change(found, facts, bool(facts))


def test_a_change_reads_as_a_coder_would_say_it():
    fact = pb.FactChange(label="Work RVU", before="1.30", after="1.35", edition="Physician Fee Schedule 2026-Q1")
    assert change_words.fact(fact) == "Work RVU: 1.30 \N{RIGHTWARDS ARROW} 1.35, PFS 2026-Q1"
    assert change_words.fact(pb.FactChange(label="MUE", after="2")) == "MUE: none \N{RIGHTWARDS ARROW} 2"
    both = change(sections=["ncci_edits", "medicare_coverage"], description_changed=True)
    assert change_words.headline(both) == "description changed, NCCI Edits, Medicare Coverage"
    assert change_words.headline(change(kind=pb.CHANGE_KIND_RETIRED)) == "retired"
    assert change_words.headline(change(kind=pb.CHANGE_KIND_REMOVED)) == "no longer listed"
    assert change_words.headline(change(kind=99)) == "changed"


def test_an_empty_feed_is_a_feed_with_the_same_id_each_time():
    root = ET.fromstring(atom.feed(SITE, "one", []))
    assert [root.findtext(ATOM + name) for name in ("id", "updated")] == ["urn:medcodes:feed:one", atom.NEVER]
    assert root.findall(ATOM + "entry") == []


@given(st.text())
def test_any_text_makes_a_feed_that_parses_and_keeps_its_entries(description):
    root = ET.fromstring(atom.feed(SITE, "one", [change(description.encode("utf-8", "ignore").decode())]))
    (entry,) = root.findall(ATOM + "entry")
    assert entry.findtext(ATOM + "title") == "99213: changed"
    assert entry.find(ATOM + "link").get("href") == f"{SITE}/codes/cpt/99213"
    assert entry.findtext(ATOM + "updated") == root.findtext(ATOM + "updated") == "2027-01-15T08:00:00.000+00:00"
