"""The ICD-10-CM indexes: `icd10cm-index-*.xml`, `-eindex-`, `-drug-` and `-neoplasm-` (`icd10cm_index_2026.xml` also).

NCHS publishes them with the tabular list. They share root and layout: `ICD10CM.index`, then letter > mainTerm > term >
term, down to nine levels. A term has a `title`, in it `nemod` with the nonessential modifiers, and

- in the two indexes a `code`, with `manif` the code of the manifestation; in the tables a `cell` for each column that
  `indexHeading` names, filled with "-" or "--" where there is no code;
- `see`, `seeAlso`: another term; `seecat`, `subcat`: a category or subcategory to look into.

A "-" behind a code says that it needs more characters. The root's `version` is the fiscal year of the edition, also in
an April update. Addenda have the same root and list changes; they are left not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from services.catalog.domain.editions import fiscal_year
from services.catalog.domain.indexes import INDEXES, Index
from services.catalog.domain.rows import IndexCode, IndexTerm, Row

from .base import FileError, Importer, Recognised, Rejected
from .file_names import is_cut
from .files import SourceFile
from .rejections import Rejections
from .xml_stream import events, line_of, text_of

ROOT = "ICD10CM.index"
MOST_LEVELS = 9  # below the main term, by the schema of the files

_NAME = re.compile(r"icd10cm?[-_](?P<kind>index|eindex|drug|neoplasm)[-_].*\.xml(\.txt)?", re.IGNORECASE)
_HEAD = re.compile(rb"<ICD10CM\.index(?P<attributes>[^>]*)>\s*<version>\s*(?P<year>20\d\d)\s*</version>")
# Terms and codes that a whole file reaches. The index of FY2017 has 59,412 terms with a code besides those that only
# lead to others, that of external causes (April 2026) 6,671; the table of drugs (April 2026) makes 47,466 rows, the
# neoplasm table 10,960.
_KINDS = {
    "index": (INDEXES["diseases"], 110_000),
    "eindex": (INDEXES["external_causes"], 12_000),
    "drug": (INDEXES["drugs"], 45_000),
    "neoplasm": (INDEXES["neoplasms"], 10_500),
}
_CODE = re.compile(r"(?P<code>[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?)\.?(?P<more>-?)")
_BEFORE_COMMA = re.compile(r" ([,;:])")
_NO_CODE = re.compile("-*")


def recognise(source: SourceFile) -> Recognised | None:
    name = _NAME.fullmatch(source.name)
    head = _HEAD.search(source.head()) if name else None
    if name is None or head is None or b"isAddenda" in head["attributes"]:
        return None
    index, floor = _KINDS[name["kind"].lower()]
    return Recognised(fiscal_year(index.data_set, int(head["year"])), floor, cut=is_cut(source.name))


def rows(source: SourceFile) -> Iterator[Row | Rejected]:
    """Yields each term, then its codes, in the file's order. Raises FileError where the columns are not those that the
    name of the file stands for."""
    name = _NAME.fullmatch(source.name)
    if name is None:
        raise FileError(source.name, 0, "not the name of an ICD-10-CM index")
    index, _ = _KINDS[name["kind"].lower()]
    terms, line, headed = _Terms(source.name, index), 0, not index.columns
    for event, element in events(source, ROOT, ("indexHeading", "letter", "mainTerm")):
        if event == "start":
            continue
        if element.tag == "indexHeading":
            _check_heading(source.name, index, element)
            headed = True
        elif element.tag == "mainTerm":
            if not headed:
                raise FileError(source.name, _line(element), "no indexHeading before the first term of a table")
            line = max(line, _line(element))
            yield from terms.main_term(element)
        if element.tag in ("letter", "mainTerm"):
            element.clear()
    terms.rejections.close(line, terms.count)


class _Terms:
    """Numbers the terms, and makes rows of them and their codes."""

    def __init__(self, file: str, index: Index) -> None:
        self._columns = {number: column.name for number, column in enumerate(index.columns, 2)}
        self.rejections = Rejections(file)
        self.count = 0

    def main_term(self, element: etree._Element) -> Iterator[Row | Rejected]:
        letter = element.getparent()
        yield from self._term(element, text_of(letter.find("title")) if letter is not None else "", 0, 0)

    def _term(self, element: etree._Element, letter: str, parent: int, level: int) -> Iterator[Row | Rejected]:
        title, modifiers, shown = _title(element)
        line = _line(element)
        if fault := _fault(title, level):
            lost = sum(1 for _ in element.iter("term", "mainTerm")) - 1
            yield self.rejections.add(line, f"{fault}; left out with the {lost} terms below it" if lost else fault)
            return
        self.count += 1
        number = self.count
        see, see_also = (text_of(element.find(tag)) for tag in ("see", "seeAlso"))
        category = text_of(element.find("seecat")) or text_of(element.find("subcat"))
        yield IndexTerm(
            number, parent, letter, title, modifiers, shown, title.lower(), see, see_also, category, line
        )  # fmt: skip
        yield from self._codes(element, number)
        for child in element.iterchildren("term"):
            yield from self._term(child, letter, number, level + 1)

    def _codes(self, element: etree._Element, term: int) -> Iterator[Row | Rejected]:
        filed = element.find("manif")
        manifestation: tuple[str, int] = ("", 0)
        if filed is not None:
            try:
                manifestation = _code(text_of(filed))
            except ValueError as error:
                yield self.rejections.add(line_of(filed), f"{error}, so there is no manifestation here")
        seen: set[int] = set()
        for place in element.iterchildren("code", "cell"):
            try:
                yield from self._code_at(place, term, manifestation, seen)
            except ValueError as error:
                yield self.rejections.add(line_of(place), str(error))

    def _code_at(
        self, place: etree._Element, term: int, manifestation: tuple[str, int], seen: set[int]
    ) -> Iterator[IndexCode]:
        """One row, or none for a cell without a code. Raises ValueError for what is not in the layout."""
        text = text_of(place)
        position, column = self._column(place)
        if position in seen:
            raise ValueError(f"a second code in column {position}" if column else "a second code for one term")
        seen.add(position)
        if column and _NO_CODE.fullmatch(text):
            return
        yield IndexCode(term, position, column, *_code(text), *manifestation, line_of(place))

    def _column(self, place: etree._Element) -> tuple[int, str]:
        if place.tag == "code":
            if self._columns:
                raise ValueError("a code outside of the columns of a table")
            return 1, ""
        filed = place.get("col", "")
        number = int(filed) if len(filed) == 1 and filed.isascii() and filed.isdigit() else 0
        if number not in self._columns:
            raise ValueError(f"a cell in column {filed!r}, which has no heading")
        return number, self._columns[number]


def _check_heading(file: str, index: Index, heading: etree._Element) -> None:
    filed = tuple(text_of(head) for head in heading.iterchildren("head"))
    if [name.lower() for name in filed] != [name.lower() for name in index.headings]:
        raise FileError(file, line_of(heading), f"the columns are not those of the {index.data_set}: {list(filed)}")


def _title(element: etree._Element) -> tuple[str, str, str]:
    """(title without nonessential modifiers, those modifiers, the whole as filed), each with single blanks.

    Modifiers without a title are the title: "Shock > electric > (taser)".
    """
    filed = element.find("title")
    if filed is None:
        return "", "", ""
    pieces, modifiers, shown = [filed.text or ""], [], [filed.text or ""]
    for inner in filed:
        if inner.tag == "nemod":
            modifiers.append(text_of(inner))
            shown.append(text_of(inner))
        pieces.append(inner.tail or "")
        shown.append(inner.tail or "")
    if not (title := _joined(pieces)):
        return _joined(modifiers), "", _joined(shown)
    return title, _joined(modifiers), _joined(shown)


def _joined(pieces: list[str]) -> str:
    """Blanks around each piece, single ones, but none before the comma that goes on with a title."""
    return _BEFORE_COMMA.sub(r"\1", " ".join(" ".join(pieces).split()))


def _fault(title: str, level: int) -> str:
    """Why an element is no term; "" for a good one."""
    if not title:
        return "a term without a title"
    return f"{title!r} stands more than {MOST_LEVELS} levels below its main term" if level > MOST_LEVELS else ""


def _code(text: str) -> tuple[str, int]:
    """(stored form, 1 if it needs more characters). Raises ValueError for what is no code."""
    found = _CODE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no ICD-10-CM code")
    return found["code"].replace(".", ""), int(bool(found["more"]))


def _line(element: etree._Element) -> int:
    """The line on which a term is named."""
    return line_of(next(element.iterchildren("title"), element))


IMPORTER = Importer("ICD-10-CM indexes and tables", recognise, rows)
