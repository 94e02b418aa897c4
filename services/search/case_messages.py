"""What a case look-up found, as gRPC messages."""

from __future__ import annotations

from medcodes.search.v1 import search_pb2 as pb

from .case_lookup import CodedCase
from .domain.documents import Hit
from .domain.notes.findings import Confidence, Mention, Place, Question, Setting, Status, SuggestedCode

SETTINGS: dict[int, str] = {
    pb.CASE_SETTING_UNSPECIFIED: "",
    pb.CASE_SETTING_OUTPATIENT: Setting.OUTPATIENT.value,
    pb.CASE_SETTING_INPATIENT: Setting.INPATIENT.value,
}
_SETTINGS = {
    Setting.OUTPATIENT: pb.CASE_SETTING_OUTPATIENT,
    Setting.INPATIENT: pb.CASE_SETTING_INPATIENT,
}
_STATUSES = {
    Status.PRESENT: pb.MENTION_STATUS_PRESENT,
    Status.NEGATED: pb.MENTION_STATUS_NEGATED,
    Status.FAMILY: pb.MENTION_STATUS_FAMILY,
    Status.HYPOTHETICAL: pb.MENTION_STATUS_HYPOTHETICAL,
    Status.HISTORY: pb.MENTION_STATUS_HISTORY,
    Status.UNCERTAIN: pb.MENTION_STATUS_UNCERTAIN,
}
_CONFIDENCES = {
    Confidence.LOW: pb.CONFIDENCE_LOW,
    Confidence.MEDIUM: pb.CONFIDENCE_MEDIUM,
    Confidence.HIGH: pb.CONFIDENCE_HIGH,
}


def mention_message(mention: Mention) -> pb.CaseMention:
    return pb.CaseMention(
        place=_place(mention.place),
        section=mention.section.value,
        status=_STATUSES[mention.status],
        trigger=_place(mention.trigger) if mention.trigger else None,
        candidates=[
            pb.CaseCandidate(code=_code(each.hit), confidence=_CONFIDENCES[each.confidence])
            for each in mention.candidates
        ],
    )


def coded_case(found: CodedCase) -> pb.CodedCase:
    return pb.CodedCase(
        codes=[_suggested(code) for code in found.codes],
        not_coded=[
            pb.NotCoded(
                place=_place(each.place),
                status=_STATUSES[each.status],
                why=each.why,
                code=_code(each.hit) if each.hit else None,
            )
            for each in found.not_coded
        ],
        nothing_found=[_place(place) for place in found.nothing_found],
        setting=_SETTINGS[found.setting],
        release=found.release,
    )


def _suggested(code: SuggestedCode) -> pb.SuggestedCode:
    return pb.SuggestedCode(
        code=_code(code.hit),
        confidence=_CONFIDENCES[code.confidence],
        evidence=[_place(place) for place in code.evidence],
        why=code.why,
        alternatives=[_code(hit) for hit in code.alternatives],
        questions=[_question(question) for question in code.questions],
    )


def _question(question: Question) -> pb.CaseQuestion:
    answers = [pb.CaseAnswer(text=said, code=_code(hit)) for said, hit in question.options]
    return pb.CaseQuestion(text=question.text, answers=answers)


def _code(hit: Hit) -> pb.CaseCode:
    return pb.CaseCode(
        system=hit.system, code=hit.code, display=hit.display, description=hit.description, billable=hit.billable
    )


def _place(place: Place) -> pb.CasePlace:
    return pb.CasePlace(start=place.start, end=place.end)
