"""Answers of the catalog about its indexes, in our own wording."""

from __future__ import annotations

from medcodes.catalog.v1 import catalog_pb2 as pb

EDITION = pb.EditionRef(
    data_set="ICD-10-CM alphabetic index",
    edition="FY2026",
    begins="2025-10-01",
    ends="2026-09-30",
    outdated_since="2026-10-01",
)
DISEASES = pb.Index(index="diseases", title="ICD-10-CM alphabetic index", terms=3, letters=["#", "H"], edition=EDITION)
NEOPLASMS = pb.Index(
    index="neoplasms",
    title="ICD-10-CM table of neoplasms",
    terms=1,
    letters=["N"],
    columns=[
        pb.IndexColumn(column="malignant_primary", heading="Malignant Primary"),
        pb.IndexColumn(column="benign", heading="Benign"),
    ],
    edition=EDITION,
)
INDEXES = [DISEASES, NEOPLASMS]
SOURCE = pb.Source(file="icd10cm-index-April-1-2026.xml", edition="ICD-10-CM alphabetic index FY2026", line=5)


def title(words: str, modifiers: str = "") -> pb.IndexTitle:
    return pb.IndexTitle(title=words, modifiers=modifiers, shown=f"{words} {modifiers}".strip())


HIP = pb.IndexTerm(
    index="diseases",
    number=1,
    path=[title("Hip", "(old)")],
    codes=[
        pb.IndexCode(
            code="S730", display="S73.0-", more=True, manifestation="M905", manifestation_display="M90.5-",
            manifestation_more=True,
        )
    ],
    has_children=True,
    source=SOURCE,
)  # fmt: skip
OUT = pb.IndexTerm(
    index="diseases",
    number=2,
    path=[*HIP.path, title("out & away")],
    codes=[pb.IndexCode(code="Q999", display="Q99.9")],
    see_also=pb.IndexReference(text="Neoplasm, hip", index="neoplasms", path=["Neoplasm, any", "hip"]),
    see_category="S73.0",
    source=SOURCE,
)
GROWTH = pb.IndexTerm(
    index="diseases",
    number=3,
    path=[*HIP.path, title("growth")],
    see=pb.IndexReference(text="condition"),
    source=SOURCE,
)
CODES = [pb.CodeRef(system="icd10cm", code="S730", display="S73.0", description="Hip out of its place", has_page=True)]


def entries(path: list[str]) -> pb.GetIndexEntriesResponse:
    """Below "Hip" two terms; on top that one, and more to come."""
    if path:
        return pb.GetIndexEntriesResponse(index=DISEASES, path=[HIP], items=[OUT, GROWTH], codes=CODES, release="r1")
    return pb.GetIndexEntriesResponse(index=DISEASES, items=[HIP], codes=CODES, next_cursor="n&x", release="r1")


def table() -> pb.GetIndexEntriesResponse:
    line = pb.IndexTerm(
        index="neoplasms",
        number=1,
        path=[title("Neoplasm, any")],
        codes=[pb.IndexCode(column="benign", code="D367", display="D36.7")],
        source=SOURCE,
    )
    return pb.GetIndexEntriesResponse(index=NEOPLASMS, items=[line], release="r1")
