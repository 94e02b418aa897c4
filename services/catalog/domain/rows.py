"""The logical rows of a release: what importers yield, what the store keeps, what pages are made of.

Every row is a named tuple of plain values in the order of its table's columns. `line` is the 1-based line of the source
file (the row of the sheet for xlsx). Dates are ISO strings, "" where not stated; figures are kept as filed ("3.82",
"000") so that what is shown is what was published. The edition and the file of a row are added by the build.
"""

from __future__ import annotations

from typing import NamedTuple


class TabularCode(NamedTuple):
    """ICD-10-CM tabular list: a category, subcategory or code, seventh-character codes expanded."""

    code: str
    title: str
    parent: str  # the code above, or the block for a category
    chapter: str  # "1" to "22"
    leaf: int  # 1: nothing below it, so it is billable
    line: int


class TabularGroup(NamedTuple):
    """ICD-10-CM chapter or block: can be browsed, has no code page."""

    group_id: str  # "19" or "S70-S79"
    title: str
    parent: str  # the chapter of a block, "" for a chapter
    line: int


class TabularNote(NamedTuple):
    """A note of the tabular list. `owner` is a code, block or chapter; descendants inherit it."""

    owner: str
    kind: str  # includes, inclusion_term, excludes1, excludes2, code_first, use_additional, code_also,
    #            seventh_character, note
    position: int  # order within the owner
    text: str
    line: int


class OrderCode(NamedTuple):
    """ICD-10-CM order file."""

    code: str
    order_number: int
    valid: int  # 1 billable, 0 header
    short_title: str
    long_title: str
    line: int


class ProcedureCode(NamedTuple):
    """ICD-10-PCS order file: a code of seven characters, or a table of three."""

    code: str
    order_number: int
    valid: int  # 1 billable, 0 the header of a table
    short_title: str
    long_title: str
    line: int


class ProcedureValue(NamedTuple):
    """ICD-10-PCS tables: what a character means at a position of the codes of one table."""

    table: str  # the first three characters: "0SR"
    position: int  # 1 to 7
    value: str  # the character
    axis: str  # what the position is about: "Body Part"
    label: str  # "Hip Joint, Right"
    definition: str  # of an operation, else ""
    line: int


class Icd9Code(NamedTuple):
    """ICD-9-CM titles. The data set says whether of diagnoses or of procedures."""

    code: str
    title: str
    line: int


class Gem(NamedTuple):
    """One row of the General Equivalence Mappings: from a code of one code system to one of another, in one direction.

    A row of a combination says a part only: within a scenario, one code of each choice list is needed.
    """

    system: str
    code: str
    other_system: str
    other: str  # "" where no code is equivalent
    flags: str  # as filed, five digits: approximate, no map, combination, scenario, choice list
    line: int

    @property
    def is_approximate(self) -> bool:
        return self.flags[0] == "1"

    @property
    def is_part(self) -> bool:
        return self.flags[2] == "1"

    @property
    def scenario(self) -> str:
        return self.flags[3]

    @property
    def choice_list(self) -> str:
        return self.flags[4]


class IndexTerm(NamedTuple):
    """A term of an ICD-10-CM index or table. Its sub-terms inherit its words: what it is about is told by its path."""

    number: int  # from 1 in the order of the file; a term stands before those below it
    parent: int  # the number of the term above, 0 for a main term
    letter: str  # that the main term stands under: "A", or "#" for digits
    title: str  # without nonessential modifiers
    modifiers: str  # nonessential modifiers as filed: "(lichen) (macular)"
    shown: str  # as filed: "vein (peripheral) NEC"
    key: str  # the title in lower case, to look terms up by
    see: str  # another term to look under instead: "Pain, abdominal"
    see_also: str
    see_category: str  # a category or subcategory to look into: "M01"
    line: int


class IndexCode(NamedTuple):
    """A code that an index names for a term; a table names one in each column."""

    term: int  # number of the term
    position: int  # the column of the table as filed, 1 in an index
    column: str  # its fixed name (`domain/indexes.py`), "" in an index
    code: str
    more: int  # 1: filed with a "-" behind it, so that a code with more characters has to be chosen
    manifestation: str  # the code to be reported with it, "" for none
    manifestation_more: int
    line: int


class HcpcsCode(NamedTuple):
    """HCPCS Level II, ANWEB: a procedure or supply code (record id 3)."""

    code: str
    long_description: str
    short_description: str
    pricing: str  # up to four pricing indicators, space separated
    multiple_pricing: str
    coverage: str  # C carrier judgment, D special coverage instructions, I not payable, M non-covered, S statute
    statute: str
    cross_references: str  # space separated codes
    lab_certification: str
    processing_note: str
    betos: str
    type_of_service: str
    anesthesia_units: str
    manual_references: str  # CIM and MCM paragraphs, "; " separated
    added: str
    effective: str
    terminated: str
    action: str
    line: int


class Modifier(NamedTuple):
    """HCPCS Level II modifier, ANWEB record id 7."""

    modifier: str
    long_description: str
    short_description: str
    coverage: str
    added: str
    effective: str
    terminated: str
    line: int


class Rvu(NamedTuple):
    """One row of the Physician Fee Schedule relative value file (PPRRVU), as filed."""

    code: str
    modifier: str  # "", 26, TC, 53
    description: str
    status: str
    not_used_for_medicare: str
    work: str
    pe_non_facility: str
    na_non_facility: str  # "NA" or ""
    pe_facility: str
    na_facility: str
    mp: str
    total_non_facility: str
    total_facility: str
    pc_tc: str
    global_days: str
    pre_op: str
    intra_op: str
    post_op: str
    multiple: str
    bilateral: str
    assistant: str
    co_surgeon: str
    team: str
    endoscopic_base: str
    conversion_factor: str
    supervision: str
    calculation_flag: str
    imaging_family: str
    line: int


class Gpci(NamedTuple):
    """Geographic practice cost indices of one locality."""

    mac: str
    state: str
    locality: str
    name: str  # without footnote stars
    work: str
    pe: str
    mp: str
    line: int


class Locality(NamedTuple):
    """A Medicare locality and the counties in it (LOCCO)."""

    mac: str
    locality: str
    state: str
    area: str
    counties: str
    line: int


class Ptp(NamedTuple):
    """One NCCI procedure-to-procedure edit. The data set says which setting's table it stands in."""

    column_one: str
    column_two: str
    before_1996: str  # "*" or ""
    effective: str
    deleted: str  # "" for none
    indicator: str  # 0 1 9
    rationale: str
    line: int


class Mue(NamedTuple):
    """One medically unlikely edit. The data set says which setting's table it stands in."""

    code: str
    value: str
    mai: str  # 1 line, 2 date of service (policy), 3 date of service (clinical)
    mai_text: str
    rationale: str
    line: int


class AddOn(NamedTuple):
    """One row of the NCCI add-on code table. Dates are ISO here (YYYYDDD in the file)."""

    edit_type: str  # 1 2 3
    add_on: str
    add_on_deleted: str
    primary: str  # "CCCCC": the contractor's list
    primary_deleted: str
    effective: str
    deleted: str
    note: str
    line: int


class CptDescriptor(NamedTuple):
    """A CPT descriptor from the licensee's own file."""

    code: str
    descriptor: str
    line: int


class PlainWording(NamedTuple):
    """The project's own wording for a code: a short name for lists and a plain-language description."""

    system: str
    code: str
    short: str
    text: str
    line: int


Row = (
    TabularCode
    | TabularGroup
    | TabularNote
    | OrderCode
    | ProcedureCode
    | ProcedureValue
    | Icd9Code
    | Gem
    | IndexTerm
    | IndexCode
    | HcpcsCode
    | Modifier
    | Rvu
    | Gpci
    | Locality
    | Ptp
    | Mue
    | AddOn
    | CptDescriptor
    | PlainWording
)
ROW_TYPES: tuple[type[Row], ...] = (
    TabularCode,
    TabularGroup,
    TabularNote,
    OrderCode,
    ProcedureCode,
    ProcedureValue,
    Icd9Code,
    Gem,
    IndexTerm,
    IndexCode,
    HcpcsCode,
    Modifier,
    Rvu,
    Gpci,
    Locality,
    Ptp,
    Mue,
    AddOn,
    CptDescriptor,
    PlainWording,
)
