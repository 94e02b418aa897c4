"""The JSON of case look-ups, for the OpenAPI document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Setting = Literal["outpatient", "inpatient"]
Status = Literal["present", "negated", "family", "hypothetical", "history", "uncertain"]
Confidence = Literal["low", "medium", "high"]


class CaseText(BaseModel):
    """A note. It is neither stored nor logged."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="At most 20,000 bytes of UTF-8.")
    setting: Setting = Field(
        "outpatient", description="Uncertain diagnoses are coded for an inpatient stay only (guidelines II.H, IV.H)."
    )
    on: str = Field("", description="Only codes in force on this date (2025-11-01); empty: all.")


class CasePlace(BaseModel):
    """Part of the text, in characters (Unicode code points) from 0; `end` is not included."""

    start: int
    end: int


class CaseCode(BaseModel):
    system: str
    code: str
    display: str
    description: str
    billable: bool | None


class CaseAnswer(BaseModel):
    text: str
    code: CaseCode


class CaseQuestion(BaseModel):
    """What the text would have to say for a more specific code, and the codes that the answers lead to."""

    text: str
    answers: list[CaseAnswer]


class SuggestedCode(CaseCode):
    confidence: Confidence = Field(description="How much of the code's label the text says: a band, no probability.")
    evidence: list[CasePlace] = Field(description="What the code stands on, at least one place.")
    why: str | None = Field(description="The rule that decided, where one did.")
    alternatives: list[CaseCode]
    questions: list[CaseQuestion]


class NotCoded(BaseModel):
    """A mention that is not coded, with the reason, and the code that it would have had."""

    place: CasePlace
    status: Status
    why: str
    code: CaseCode | None


class CodedCase(BaseModel):
    codes: list[SuggestedCode] = Field(description="Diagnoses first, in the order of the text.")
    not_coded: list[NotCoded]
    nothing_found: list[CasePlace] = Field(description="What looks like a problem and has no code that fits.")
    setting: Setting
    release: str
