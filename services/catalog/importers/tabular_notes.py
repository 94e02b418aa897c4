"""The notes of a chapter, block, category or code of the ICD-10-CM tabular list."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from services.catalog.domain.rows import TabularNote

from .xml_stream import line_of, text_of

# The element's name in the XML, and what its notes are called here.
KINDS = {
    "includes": "includes",
    "inclusionTerm": "inclusion_term",
    "excludes1": "excludes1",
    "excludes2": "excludes2",
    "codeFirst": "code_first",
    "useAdditionalCode": "use_additional",
    "codeAlso": "code_also",
    "sevenChrNote": "seventh_character",
    "sevenChrDef": "seventh_character",
    "notes": "note",
    "visualImpairment": "note",
}


def notes_of(element: etree._Element, owner: str) -> Iterator[TabularNote]:
    """Yields the notes that stand directly at `element` in the file's order; empty ones are left out.

    A seventh character reads "A - initial encounter"; a note among the seventh characters belongs to the one before it.
    """
    position = 0
    for block in element:
        kind = KINDS.get(str(block.tag))
        if kind is None:
            continue
        for line, text in _texts(block):
            if text:
                position += 1
                yield TabularNote(owner, kind, position, text, line)


def _texts(block: etree._Element) -> Iterator[tuple[int, str]]:
    if block.tag == "visualImpairment":
        yield from _visual_impairment(block)
        return
    for note in block.iterchildren("note", "extension"):
        text = text_of(note)
        yield line_of(note), f"{note.get('char', '')} - {text}" if note.tag == "extension" else text


def _visual_impairment(table: etree._Element) -> Iterator[tuple[int, str]]:
    """A line for each row of the table under H54: its heading row names the columns, and only their first cells.

    "Category of visual impairment 1: maximum less than 6/18, 3/10(0.3), 20/70; minimum equal to or better than 6/60".
    """
    name, limits = "", {"visMax": "", "visMin": ""}
    for category in table.iterchildren("visCategory"):
        value = text_of(category.find("value"))
        if not value:
            name = text_of(category.find("heading"))
            limits = {tag: text_of(category.find(f"visRange/{tag}/heading")).rstrip(":").lower() for tag in limits}
            continue
        cells = {tag: [text_of(cell) for cell in category.iterfind(f"visRange/{tag}/value")] for tag in limits}
        if len(cells["visMax"]) == 1 and not cells["visMin"]:
            yield line_of(category), f"{name} {value}: {cells['visMax'][0]}"
            continue
        stated = "; ".join(f"{limits[tag]} {', '.join(found)}" for tag, found in cells.items() if found)
        yield line_of(category), f"{name} {value}: {stated}"
