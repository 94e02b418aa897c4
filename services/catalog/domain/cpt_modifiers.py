"""CPT modifiers: numbers with wording of the project's own, since there is no public file of them.

HCPCS Level II modifiers (LT, RT, AS, TC, XE, ...) come with the HCPCS file; those that the rules here name have a short
wording too, for releases without that file.
"""

from __future__ import annotations

WORDING: dict[str, str] = {
    "22": "more work than usual",
    "24": "unrelated visit within a postoperative period",
    "25": "significant, separate visit on the day of a procedure",
    "26": "professional component",
    "50": "both sides",
    "51": "several procedures on the same day",
    "52": "reduced service",
    "53": "procedure stopped before its end",
    "54": "surgical care only",
    "55": "postoperative care only",
    "56": "preoperative care only",
    "57": "visit that decides on surgery",
    "58": "planned or related procedure within the postoperative period",
    "59": "distinct procedural service",
    "62": "two surgeons",
    "66": "surgical team",
    "76": "repeated by the same physician",
    "77": "repeated by another physician",
    "78": "unplanned return to the operating room for a related procedure",
    "79": "unrelated procedure within the postoperative period",
    "80": "assistant surgeon",
    "81": "minimum assistant surgeon",
    "82": "assistant surgeon, no qualified resident available",
    "91": "repeated laboratory test",
    "AS": "assistant at surgery who is not a physician",
    "LT": "left side",
    "RT": "right side",
    "TC": "technical component",
    "XE": "separate encounter",
    "XP": "separate practitioner",
    "XS": "separate structure",
    "XU": "unusual non-overlapping service",
}
