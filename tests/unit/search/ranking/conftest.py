"""The texts of a few codes as an index keeps them."""

from __future__ import annotations

import io

import pytest

from services.search.adapters.ranking.opinion import Opinion, word_vectors
from services.search.adapters.ranking.texts import Texts, TextsBuilder
from services.search.adapters.tantivy_schema import Analyzers
from services.search.domain.documents import IndexedCode

CODES = (
    ("S730", "Subluxation and dislocation of hip", (), ("Dislocation, hip",), False),
    ("S73005", "Unspecified dislocation of left hip", ("Dislocation of hip NOS",), (), False),
    ("S73005A", "Unspecified dislocation of left hip, initial encounter", (), (), True),
    ("I728", "Aneurysm of other specified arteries", (), ("Aneurysm, splenic", "Aneurysm, celiac"), True),
    ("J189", "Pneumonia, unspecified organism", (), ("Pneumonia",), True),
    ("J180", "Bronchopneumonia, unspecified organism", (), (), True),
    ("E119", "Type 2 diabetes mellitus without complications", (), ("Diabetes, diabetic",), True),
    ("E1140", "Type 2 diabetes mellitus with diabetic neuropathy, unspecified", (), (), True),
)


def codes():
    for code, description, terms, phrases, billable in CODES:
        yield IndexedCode("icd10cm", code, code, description, billable, terms, None, None, "", phrases)
    yield IndexedCode("hcpcs", "E0143", "E0143", "Walker, folding, wheeled", True, (), None, None, "")
    yield IndexedCode("icd9cm", "8350", "835.0", "Closed dislocation of hip", None, (), None, None, "")


@pytest.fixture(scope="session")
def analyzers():
    return Analyzers.create()


@pytest.fixture(scope="session")
def texts(analyzers):
    builder, file = TextsBuilder(analyzers.stems), io.BytesIO()
    for code in codes():
        builder.add(code)
    builder.write(file, word_vectors())
    file.seek(0)
    return Texts(file)


@pytest.fixture(scope="session")
def opinion(texts, analyzers):
    return Opinion(texts, analyzers.stems)
