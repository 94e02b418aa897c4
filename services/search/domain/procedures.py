"""Whether somebody looks for a procedure: then ICD-10-PCS comes before diagnoses that only mention one.

What a word names is taken from the operations of ICD-10-PCS and from the endings that surgeons use (cholecystectomy,
colonoscopy). Who asks what is left of a procedure ("history of", "complication of") looks for a diagnosis.
"""

from __future__ import annotations

SYSTEM = "icd10pcs"
# In points of BM25, as all preferences are.
WEIGHT = 20.0

_NAMES = frozenset(
    (
        *(
            "ablation",
            "amputation",
            "anastomosis",
            "angiogram",
            "angioplasty",
            "arthrodesis",
            "biopsy",
            "bypass",
            "cabg",
        ),
        *("catheterization", "cesarean", "circumcision", "debridement", "decompression", "delivery", "dialysis"),
        *(
            "dilation",
            "drainage",
            "egd",
            "ercp",
            "excision",
            "exploration",
            "extraction",
            "fixation",
            "fusion",
            "graft",
        ),
        *(
            "hemodialysis",
            "implantation",
            "incision",
            "insertion",
            "inspection",
            "intubation",
            "laparoscopic",
            "ligation",
        ),
        *("lithotripsy", "operation", "paracentesis", "pci", "placement", "procedure", "ptca", "reattachment"),
        *("reconstruction", "removal", "removed", "repair", "replacement", "reposition", "resection", "revision"),
        *(
            "shunt",
            "stenting",
            "surgery",
            "taken",
            "tap",
            "transfusion",
            "transplant",
            "transplantation",
            "ventilation",
        ),
    )
)
_ENDINGS = ("ectomy", "otomy", "ostomy", "oscopy", "plasty", "desis", "centesis", "rrhaphy", "pexy", "tripsy")
_WHAT_IS_LEFT = frozenset(
    (
        *(
            "absence",
            "acquired",
            "aftercare",
            "after",
            "complication",
            "complications",
            "encounter",
            "failed",
            "failure",
        ),
        *("fitting", "following", "history", "hx", "infection", "had", "leak", "malfunction", "old", "pain", "past"),
        *("postop", "postoperative", "presence", "previous", "prior", "screening", "sp", "status", "test"),
    )
)


def is_asked_for(typed: frozenset[str]) -> bool:
    """Whether the words, as typed in lower case, name a procedure."""
    named = any(word in _NAMES or word.endswith(_ENDINGS) for word in typed)
    return named and not typed & _WHAT_IS_LEFT
