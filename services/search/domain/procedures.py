"""Whether somebody looks for a procedure: then ICD-10-PCS and CPT come before diagnoses that only mention one.

What a word names is taken from the operations of ICD-10-PCS, from the endings that surgeons use (cholecystectomy,
colonoscopy), and from what the vocabulary says: "spinal tap" stands for a drainage. Who asks what is left of a
procedure ("history of", "complication of") looks for a diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterable

from .query_words import Word, word_set

SYSTEMS = ("icd10pcs", "cpt")
# In points of BM25, as all preferences are.
WEIGHT = 30.0

_NAMES = word_set(
    """
    ablation amputation anastomosis angiogram angioplasty arthrodesis biopsy bypass cabg catheterization
    cesarean circumcision debridement decompression delivery dialysis dilation drainage egd ercp excision
    exploration extraction fixation fusion graft hemodialysis implantation incision insertion inspection
    intubation laparoscopic ligation lithotripsy operation paracentesis pci placement procedure ptca
    reattachment reconstruction removal removed repair replacement reposition resection revision shunt stenting
    surgery taken tap transfusion transplant transplantation ventilation
    """
)
_ENDINGS = ("ectomy", "otomy", "ostomy", "scopy", "plasty", "desis", "centesis", "rrhaphy", "pexy", "tripsy")
# What a procedure begins with in ICD-10-PCS, and no diagnosis or service of another code system does.
_OPERATIONS = word_set(
    """
    alteration assistance computerized detachment drainage excision extirpation extracorporeal extraction
    fluoroscopy fragmentation inspection introduction irrigation magnetic measurement performance plain
    reattachment reposition resection restoration restriction transfusion transplantation ultrasonography
    """
)
_WHAT_IS_LEFT = word_set(
    """
    absence acquired after aftercare complication complications encounter failed failure fitting following had
    history hx infection leak malfunction old pain past postop postoperative presence previous prior screening
    sp status test
    """
)


def is_asked_for(typed: frozenset[str], words: Iterable[Word]) -> bool:
    """Whether the words, as typed in lower case and with what they stand for, name a procedure."""
    named = any(word in _NAMES or word.endswith(_ENDINGS) for word in typed) or any(map(_stands_for_one, words))
    return named and not typed & _WHAT_IS_LEFT


def _stands_for_one(word: Word) -> bool:
    """An operation and what is operated on; "drainage" by itself is a symptom, too."""
    others = [other.split() for other in word.others]
    return bool(others) and all(len(other) > 1 and other[0] in _OPERATIONS for other in others)
