"""ICD-10-CM tabular list: `icd10cm-tabular-*.xml` (also `icd10c-tabular-*`, `icd10cm_tabular_2026.xml`), by NCHS.

Root `ICD10CM.tabular`, then chapter > section (a block) > diag > diag. Codes with a seventh character are not listed
but defined at an ancestor; here they are expanded, each with the line of the code that it extends. The root's
`version` is the fiscal year of the edition, also in an April update.

The tabular list and the order file are two forms of one list of codes. Either makes the edition complete, so each is
a part of its own and expects no other. The tabular list has chapters, blocks and notes besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from services.catalog.domain.editions import DataSet, fiscal_year
from services.catalog.domain.rows import Row, TabularCode, TabularGroup

from .base import FileError, Importer, Recognised, Rejected, Root
from .file_names import is_cut
from .files import SourceFile
from .rejections import Rejections
from .seventh_characters import SeventhCharacters
from .tabular_notes import notes_of
from .xml_stream import events, line_of, text_of

PART = "tabular"
# In rows of all kinds. FY2026 (April) has 98,186 codes, 319 groups and 26,966 notes; FY2016 had 91,700 codes. A file
# that is cut off is no XML, so the floor guards only against one that was edited.
FLOOR = 125_000
FLOOR_BEFORE_2026 = 110_000

_NAME = re.compile(r"icd10cm?[-_]tabular[-_].*\.xml(\.txt)?", re.IGNORECASE)
_HEAD = re.compile(rb"<ICD10CM\.tabular(?P<attributes>[^>]*)>\s*<version>\s*(?P<year>20\d\d)\s*</version>")
_CODE = re.compile(r"[A-Z][0-9A-Z]{2}(\.[0-9A-Z]{1,4})?")
_CHAPTER = re.compile(r"[1-9][0-9]?")

_BUNDLING_PACKAGE = "simple_icd_10_cm"


def bundled_icd10cm_root() -> Root:
    """The folder of the installed package simple-icd-10-cm that holds the tabular list. The package is not imported."""
    spec = find_spec(_BUNDLING_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{_BUNDLING_PACKAGE} is not installed; install the project's dependencies")
    return Root(Path(spec.submodule_search_locations[0]) / "data", "simple-icd-10-cm")


def recognise(source: SourceFile) -> Recognised | None:
    if not _NAME.fullmatch(source.name):
        return None
    head = _HEAD.search(source.head())
    # An addenda file has the same root, but lists changes.
    if head is None or b"isAddenda" in head["attributes"]:
        return None
    year = int(head["year"])
    floor = FLOOR if year >= 2026 else FLOOR_BEFORE_2026
    return Recognised(fiscal_year(DataSet.ICD10CM, year), floor, PART, (PART,), is_cut(source.name))


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields codes, groups and notes, category by category; a group comes after what is in it."""
    tabular, line = _Tabular(source.name), 0
    for event, element in events(source, "ICD10CM.tabular", ("chapter", "section", "diag")):
        if event == "start":
            continue
        line = max(line, _line(element))
        parent = element.getparent()
        if element.tag == "diag" and parent is not None and parent.tag == "section":
            yield from tabular.category(element, parent)
            element.clear()
        elif element.tag == "section":
            yield from tabular.block(element)
            element.clear()
        elif element.tag == "chapter":
            yield from tabular.chapter(element)
            element.clear()
    tabular.rejections.close(line, tabular.codes)


class _Tabular:
    """Makes rows of the elements, and keeps what is known across them."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._enclosing: list[str] = []  # blocks of the chapter that hold blocks and no category, outermost first
        self.rejections = Rejections(file)
        self.codes = 0

    def category(self, diag: etree._Element, section: etree._Element) -> Iterator[Row | Rejected]:
        chapter = section.getparent()
        number = self._chapter_number(chapter)
        seventh = SeventhCharacters()
        for above in (chapter, section):
            if above is not None:
                seventh, _ = seventh.at(above)
        yield from self._diag(diag, _block_id(section) or number, number, seventh)

    def block(self, section: etree._Element) -> Iterator[Row | Rejected]:
        block, line = _block_id(section), _line(section)
        if not block:
            yield self.rejections.add(line, "a section without id; its categories stand directly in the chapter")
            return
        while self._enclosing and not _holds(self._enclosing[-1], block):
            self._enclosing.pop()
        parent = self._enclosing[-1] if self._enclosing else self._chapter_number(section.getparent())
        if section.find("diag") is None:
            self._enclosing.append(block)
        yield from self._group(section, block, parent)

    def chapter(self, chapter: etree._Element) -> Iterator[Row | Rejected]:
        self._enclosing.clear()
        yield from self._group(chapter, self._chapter_number(chapter), "")

    def _group(self, element: etree._Element, group: str, parent: str) -> Iterator[Row | Rejected]:
        if repeated := self.rejections.repeats(group, _line(element)):
            yield repeated
            return
        yield from self._faults(SeventhCharacters().at(element)[1])
        yield TabularGroup(group, text_of(element.find("desc")), parent, _line(element))
        yield from notes_of(element, group)

    def _diag(
        self, diag: etree._Element, parent: str, chapter: str, inherited: SeventhCharacters
    ) -> Iterator[Row | Rejected]:
        filed, title, line = text_of(diag.find("name")), text_of(diag.find("desc")), _line(diag)
        below = diag.findall("diag")
        if fault := _fault(filed, title, parent):
            lost = sum(1 for _ in diag.iter("diag")) - 1
            yield self.rejections.add(line, f"{fault}; left out with the {lost} entries below it" if lost else fault)
            return
        code = filed.replace(".", "")
        if repeated := self.rejections.repeats(code, line):
            yield repeated
            return
        seventh, faults = inherited.at(diag)
        yield from self._faults(faults)
        expands = not below and seventh.apply_to(code)
        self.codes += 1
        yield TabularCode(code, title, parent, chapter, int(not below and not expands), line)
        yield from notes_of(diag, code)
        for child in below:
            yield from self._diag(child, code, chapter, seventh)
        if expands:
            yield from self._expanded(code, title, chapter, line, seventh)

    def _expanded(
        self, code: str, title: str, chapter: str, line: int, seventh: SeventhCharacters
    ) -> Iterator[TabularCode]:
        for full, full_title in seventh.expand(code, title):
            self.codes += 1
            yield TabularCode(full, full_title, code, chapter, 1, line)

    def _faults(self, faults: list[tuple[int, str]]) -> Iterator[Rejected]:
        for line, reason in faults:
            yield self.rejections.add(line, reason)

    def _chapter_number(self, chapter: etree._Element | None) -> str:
        number = text_of(chapter.find("name")) if chapter is not None else ""
        if not _CHAPTER.fullmatch(number):
            line = _line(chapter) if chapter is not None else 0
            raise FileError(self._file, line, f"a chapter with the number {number!r}")
        return number


def _line(element: etree._Element) -> int:
    """The line on which a chapter, block or code is named."""
    return line_of(next(element.iterchildren("name", "desc"), element))


def _block_id(section: etree._Element) -> str:
    """ "S70-S79". A block of one category is filed under the category's own code; here it is "B20-B20", to differ."""
    filed = section.get("id", "").strip()
    return f"{filed}-{filed}" if filed and "-" not in filed else filed


def _holds(outer: str, inner: str) -> bool:
    first, _, last = outer.partition("-")
    inner_first, _, inner_last = inner.partition("-")
    return first <= inner_first and inner_last <= last


def _fault(filed: str, title: str, parent: str) -> str:
    """Why an entry is no code; "" for a good one."""
    if not _CODE.fullmatch(filed):
        return f"{filed!r} is no ICD-10-CM code" if filed else "an entry without a code"
    if not title:
        return f"{filed} has no description"
    if parent.isalnum() and not parent.isdigit() and not filed.replace(".", "").startswith(parent):
        return f"{filed} stands below {parent}"
    return ""


IMPORTER = Importer("ICD-10-CM tabular list", recognise, rows)
