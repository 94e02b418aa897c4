"""XML of official files, element by element; hostile documents are refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, cast

from lxml import etree

from .errors import FileError
from .files import SourceFile

Event = tuple[Literal["start", "end"], "etree._Element"]

_CHUNK = 64 << 10


def events(source: SourceFile, root: str, tags: Sequence[str]) -> Iterator[Event]:
    """Yields ("start" or "end", element) for `root` and the elements named in `tags`.

    At "end" an element is whole; the caller clears what it is done with, so that memory stays bounded. Entities are
    never expanded and nothing outside the file is read. Raises FileError for XML that is not well-formed (so also for a
    truncated file), for another root element, and for any document type declaration: official files have none, and
    entity bombs and external entities need one.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"), tag=(root, *tags), resolve_entities=False, no_network=True, huge_tree=False
    )
    first = True
    for event, element in _pulled(source, parser):
        if first:
            _refuse_unsafe(source.name, element, root)
            first = False
        yield event, element
    if first:
        raise FileError(source.name, 0, f"the root element is not <{root}>")


def text_of(element: etree._Element | None) -> str:
    """All text inside, elements within it flattened, white space made single; "" for no element."""
    if element is None:
        return ""
    whole = "".join(map(str, element.itertext())) if len(element) else element.text or ""
    return " ".join(whole.split())


def line_of(element: etree._Element) -> int:
    """The line on which an element without elements inside begins. Of one that holds others, the parser knows it only
    up to line 65,535; beyond, it gives the line of the first element inside.
    """
    # None for an element that was not parsed from a file; the stubs know of neither.
    line: Any = element.sourceline
    return line or 0


def _pulled(source: SourceFile, parser: etree.XMLPullParser) -> Iterator[Event]:
    with source.open_binary() as stream:
        ended = False
        while not ended:
            chunk = stream.read(_CHUNK)
            try:
                if chunk:
                    parser.feed(chunk)
                else:
                    parser.close()
                    ended = True
            except etree.XMLSyntaxError as error:
                raise FileError(source.name, error.lineno or 0, f"not well-formed XML: {error.msg}") from None
            yield from cast(Iterator[Event], parser.read_events())


def _refuse_unsafe(name: str, element: etree._Element, root: str) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        raise FileError(name, 1, "holds a document type declaration, which an official file never does")
    if element.tag != root or element.getparent() is not None:
        raise FileError(name, line_of(element), f"the root element is not <{root}>")
