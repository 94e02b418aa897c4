"""The feed of changes as Atom (RFC 4287)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote
from xml.etree import ElementTree as ET

from ..members.changes import Change
from ..moments import iso
from . import change_words

NAMESPACE = "http://www.w3.org/2005/Atom"
CONTENT_TYPE = b"application/atom+xml; charset=utf-8"
NEVER = "1970-01-01T00:00:00.000+00:00"

# What XML 1.0 cannot hold, in any writing.
_NOT_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535, *range(55296, 57344)))


def feed(site: str, feed_id: str, changes: Sequence[Change]) -> bytes:
    """`site` is the public address of the server; `feed_id` stays the same when the feed's address is replaced. No
    address with a token is in the document."""
    root = ET.Element("feed", xmlns=NAMESPACE)
    _text(root, "id", f"urn:medcodes:feed:{feed_id}")
    _text(root, "title", "Changes to your saved codes \N{MIDDLE DOT} Medcodes")
    newest = max((one.found.published_at_ms for one in changes), default=0)
    _text(root, "updated", iso(newest) or NEVER)
    _text(ET.SubElement(root, "author"), "name", "Medcodes")
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=f"{site}/account/changes")
    for change in changes:
        _entry(root, site, change)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _entry(root: ET.Element, site: str, change: Change) -> None:
    found = change.found
    code = found.changed.code
    entry = ET.SubElement(root, "entry")
    _text(entry, "id", f"urn:medcodes:change:{found.release}:{code.system}:{code.code}")
    _text(entry, "title", f"{code.display}: {change_words.headline(change)}")
    _text(entry, "updated", iso(found.published_at_ms) or NEVER)
    href = f"{site}/codes/{quote(code.system)}/{quote(code.code)}"
    ET.SubElement(entry, "link", rel="alternate", type="text/html", href=href)
    lines = [code.description, *(change_words.fact(fact) for fact in change.facts)]
    _text(entry, "content", "\n".join(line for line in lines if line)).set("type", "text")


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = text.translate(_NOT_XML)
    return child
