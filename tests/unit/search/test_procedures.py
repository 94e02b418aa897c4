"""Whether a query names a procedure, and what procedures are called in ICD-10-PCS."""

from __future__ import annotations

import pytest

from services.search.domain.query import understand
from services.search.domain.vocabulary import key, vocabulary


@pytest.mark.parametrize(
    "typed",
    [
        "hip replacement",
        "colonoscopy",
        "left knee arthroplasty",
        "removal of gallbladder",
        "chest tube left",
        "mri brain",
    ],
)
def test_procedures_are_looked_for_in_icd10pcs(typed):
    assert understand(typed).favored == ("icd10pcs", "cpt")


@pytest.mark.parametrize(
    "typed",
    [
        "hip pain",
        "hip popped out",
        "history of hip replacement",
        "hip replacement failed",
        "screening colonoscopy",
        "appy",
        "draining",
        "",
    ],
)
def test_what_is_left_of_a_procedure_is_a_diagnosis(typed):
    assert understand(typed).favored == ()


@pytest.mark.parametrize(
    ("term", "meaning"),
    [
        ("lumbar puncture", "drainage spinal canal"),
        ("gallbladder removal", "resection gallbladder"),
        ("mastectomy", "resection breast"),
        ("CPR", "performance cardiac output manual"),
        ("laparoscopic", "percutaneous endoscopic"),
    ],
)
def test_operations_are_known_by_their_everyday_names(term, meaning):
    assert meaning in vocabulary().meanings[key(term)]
