"""What the record leaves open: "unspecified severity", "unspecified as to ...", and the sentences that say so.

*Unspecified* means that the record does not say. *Other specified* means that the record does say, but that the kind
has no code of its own (ICD-10-CM guidelines I.A.9). The two are never mixed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_OPEN = r"(?:,? ?\b(?:of|with|at|by|on|in|due to|from)\b |, | )"

_NAMED = {
    "severity": "how severe it is",
    "stage": "the stage",
    "degree": "how deep it is",
    "depth": "how deep it is",
    "cause": "the cause",
    "organism": "which germ caused it",
    "organisms": "which germs caused it",
    "type": "the exact type",
    "cell type": "the cell type",
    "duration": "how long it lasted",
    "time": "when it was",
    "extent": "how far it reaches",
    "site": "the exact place",
    "sites": "the exact places",
    "stability": "how stable it is",
    "class": "the class",
    "number": "how many",
    "number of fetuses": "the number of babies",
    "episode of care": "which episode of care",
    "trimester": "which trimester",
    "weeks of gestation": "how many weeks",
    "part": "which part",
    "part and extent": "which part and how far it reaches",
    "level": "the level",
    "laterality": "which side",
    "intent": "the intent",
    "means": "by what means",
    "reason": "the reason",
    "pattern": "the pattern",
    "control": "how well it is controlled",
}
_NAMES = "|".join(sorted(map(re.escape, _NAMED), key=len, reverse=True))
_END = (
    r"(?=$|,| with\b| without\b| in\b| due\b| of\b| and\b| affecting\b| not\b| causing\b| involving\b| complicating\b)"
)

_UNSPECIFIED_NAMED = re.compile(rf"{_OPEN}unspecified ({_NAMES})\b{_END}", re.IGNORECASE)
_NAMED_UNSPECIFIED = re.compile(rf"(?:, |(?<= )|^)({_NAMES}) unspecified\b{_END}", re.IGNORECASE)
_AS_TO = re.compile(
    r",? ?\(?unspecified (?:as to|whether) (.+?)\)?(?=, antepartum|,? (?:with|without)\b|$)",
    re.IGNORECASE,
)
_TRAFFIC = re.compile(r",? unspecified whether traffic or nontraffic accident", re.IGNORECASE)
_PLACE_OF = re.compile(
    r"\bunspecified (site|parts?|part\(s\)|level|portion|area|region|type|number) of (?:the )?", re.IGNORECASE
)
_CHRONIC_OR = re.compile(r"\b(chronic|acute) or unspecified ", re.IGNORECASE)
_NOT_SPECIFIED = re.compile(r",? (?:not (?:otherwise )?specified|NOS)\b(?: as ([\w -]+))?")

_AS_TO_WORDS = {
    "episode of care": "which episode of care",
    "episode of care or not applicable": "which episode of care, or it does not apply",
    "trimester": "which trimester",
}


def unspecified_phrases(phrase: str) -> tuple[str, list[str]]:
    """Takes the fixed "unspecified" phrases out: the rest of the title, and what the record does not say."""
    low = phrase.lower()
    if "specified" not in low and " NOS" not in phrase:
        return phrase, []
    unsaid: list[str] = []

    def keep(note: str) -> str:
        unsaid.append(note)
        return ""

    if "whether traffic" in low:
        phrase = _TRAFFIC.sub(lambda _: keep("whether it was a traffic accident"), phrase)
    if " or unspecified" in low:
        phrase = _CHRONIC_OR.sub(lambda match: keep(f"whether it is {match.group(1).lower()}"), phrase)
    phrase = _AS_TO.sub(lambda match: keep(_as_to(match.group(0), match.group(1))), phrase)
    phrase = _PLACE_OF.sub(lambda match: keep(_which_place(match.group(1).lower())), phrase)
    phrase = _UNSPECIFIED_NAMED.sub(lambda match: keep(_NAMED[match.group(1).lower()]), phrase)
    phrase = _NAMED_UNSPECIFIED.sub(lambda match: keep(_NAMED[match.group(1).lower()]), phrase)
    phrase = _NOT_SPECIFIED.sub(
        lambda match: keep(f"whether it is {match[1]}" if match[1] else "the exact kind"), phrase
    )
    return phrase.strip().strip(",").strip(), unsaid


def _not_specified(about: str | None) -> str:
    return f"whether it is {about}" if about else "the exact kind"


def _which_place(word: str) -> str:
    return _NAMED.get(word, f"which {word}")


def _as_to(whole: str, about: str) -> str:
    about = about.strip()
    if about.startswith("with "):
        return f"whether it comes {about}"
    if "whether" in whole.lower() or about.startswith(("whether", "which", "how")):
        return about if about.startswith(("whether", "which", "how")) else f"whether it is {about}"
    if about in _AS_TO_WORDS:
        return _AS_TO_WORDS[about]
    if " or " in about or " versus " in about:
        return "whether it is " + about.replace(" versus ", " or ")
    return f"the {about.removeprefix('the ')}"


def listed(items: Sequence[str], word: str = "or") -> str:
    """ "a", "a or b", "a, b or c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def note_sentence(unsaid: Sequence[str], *, other: bool, nowhere_else: bool) -> str:
    """The sentence on what is left open, or that the kind has no code of its own; "" where there is neither."""
    silent = f"does not say {listed(list(unsaid)[:3])}" if unsaid else ""
    if other and silent:
        return f"The record names a kind that has no code of its own, and {silent}."
    if other:
        return "It is a named kind that has no code of its own."
    if nowhere_else and silent:
        return f"No other code fits it better, and the record {silent}."
    if nowhere_else:
        return "It is used when no other code fits better."
    return f"The record {silent}." if silent else ""
