"""The codes of a note as JSON."""

from __future__ import annotations

from typing import Any

from medcodes.search.v1 import search_pb2

SETTINGS = {
    "outpatient": search_pb2.CASE_SETTING_OUTPATIENT,
    "inpatient": search_pb2.CASE_SETTING_INPATIENT,
}
_SETTING_NAMES = {number: name for name, number in SETTINGS.items()}
STATUSES = {
    search_pb2.MENTION_STATUS_PRESENT: "present",
    search_pb2.MENTION_STATUS_NEGATED: "negated",
    search_pb2.MENTION_STATUS_FAMILY: "family",
    search_pb2.MENTION_STATUS_HYPOTHETICAL: "hypothetical",
    search_pb2.MENTION_STATUS_HISTORY: "history",
    search_pb2.MENTION_STATUS_UNCERTAIN: "uncertain",
}
CONFIDENCES = {
    search_pb2.CONFIDENCE_LOW: "low",
    search_pb2.CONFIDENCE_MEDIUM: "medium",
    search_pb2.CONFIDENCE_HIGH: "high",
}


def document(found: search_pb2.CodedCase) -> dict[str, Any]:
    return {
        "codes": [_suggested(code) for code in found.codes],
        "not_coded": [
            {
                "place": _place(each.place),
                "status": STATUSES[each.status],
                "why": each.why,
                "code": _code(each.code) if each.HasField("code") else None,
            }
            for each in found.not_coded
        ],
        "nothing_found": [_place(place) for place in found.nothing_found],
        "setting": _SETTING_NAMES[found.setting],
        "release": found.release,
    }


def _suggested(code: search_pb2.SuggestedCode) -> dict[str, Any]:
    return {
        **_code(code.code),
        "confidence": CONFIDENCES[code.confidence],
        "evidence": [_place(place) for place in code.evidence],
        "why": code.why or None,
        "alternatives": [_code(each) for each in code.alternatives],
        "questions": [
            {
                "text": question.text,
                "answers": [{"text": answer.text, "code": _code(answer.code)} for answer in question.answers],
            }
            for question in code.questions
        ],
    }


def _code(code: search_pb2.CaseCode) -> dict[str, Any]:
    return {
        "system": code.system,
        "code": code.code,
        "display": code.display,
        "description": code.description,
        "billable": code.billable if code.HasField("billable") else None,
    }


def _place(place: search_pb2.CasePlace) -> dict[str, int]:
    return {"start": place.start, "end": place.end}
