"""Compiles a plan to OpenSearch's query objects. Words and codes become values of `term`, `match` and `range` clauses,
which analyse them and know no operators; nothing typed is ever parsed as a query.

A plan's stages are one query: each stage has a band of scores of its own, far above that of the stage after it, and a
result counts as the best stage that it fits.
"""

from __future__ import annotations

from typing import Any

from services.search.domain.documents import MatchKind
from services.search.domain.query import Plan, Strictness

from .opensearch_filters import counts, within
from .opensearch_word_query import WordQueries
from .opensearch_words import KnownWords
from .tantivy_schema import code_number

Query = dict[str, Any]

# A float tells scores of a whole apart up to 2**24.
_EXACT, _EQUIVALENT, _PREFIX, _RANGE = 1_000_000.0, 500_000.0, 200_000.0, 100_000.0
# What is set aside comes behind the others of both.
_PREFIX_ASIDE, _RANGE_ASIDE = 20_000.0, 10_000.0
_STAGES = (
    (MatchKind.EXACT, _EXACT),
    (MatchKind.EQUIVALENT, _EQUIVALENT),
    (MatchKind.PREFIX, _PREFIX),
    (MatchKind.RANGE, _RANGE),
    (MatchKind.PREFIX, _PREFIX_ASIDE),
    (MatchKind.RANGE, _RANGE_ASIDE),
)
_RETURNED = ["system", "code", "display", "description", "terms", "phrases", "billable", "begins", "ends"]
_RETURNED += ["equivalents_told"]
# Results of one score, as all codes below a prefix have, come in code order.
_ORDER: list[dict[str, str]] = [{"_score": "desc"}, {"number": "asc"}, {"position": "asc"}]


def kind_of(score: float) -> MatchKind:
    """The stage whose band a score lies in."""
    for kind, least in _STAGES:
        if score >= least:
            return kind
    return MatchKind.WORDS


class Compiler:
    """For one index, whose words are `known`."""

    def __init__(self, known: KnownWords) -> None:
        self._known, self._words = known, WordQueries(known)

    def worth_asking(self, plan: Plan, attempts: tuple[Strictness, ...]) -> tuple[Strictness, ...]:
        """The attempts without those that would find nothing, or only what another one finds; never none."""
        misspelt = [word for word in plan.words if self._known.corrections.misspelt(word, Strictness.CORRECTED)]
        left_out = set()
        if not misspelt:
            left_out.add(Strictness.CORRECTED)
        elif not (plan.codes or plan.prefix or plan.ranges) and any(w.required and not w.prefix for w in misspelt):
            # A word that must be met is not in the index.
            left_out.add(Strictness.ALL)
        return tuple(each for each in attempts if each not in left_out) or attempts

    def search_body(self, plan: Plan, strictness: Strictness, offset: int, limit: int) -> Query:
        """The request for a page of results with its facets.

        The filters come after the query, because each facet is counted as if nothing had been chosen in it.
        """
        return {
            "query": _best([*_codes(plan), *_by_words(self._words.found(plan, strictness), plan)]),
            "post_filter": within(plan.filters),
            "aggs": counts(plan.filters),
            "sort": _ORDER,
            "from": offset,
            "size": limit,
            "_source": _RETURNED,
            "track_total_hits": True,
        }

    def count_body(self, plan: Plan, strictness: Strictness) -> Query:
        """The request for the number of results alone."""
        query = _best([*_codes(plan), *_by_words(self._words.found(plan, strictness), plan)])
        return {"query": _within(query, plan), "size": 0, "track_total_hits": True}

    def suggest_body(self, plan: Plan, strictness: Strictness, limit: int) -> Query:
        """The request for completions."""
        query = _within(_best([*_codes(plan), *_by_words(self._words.completions(plan, strictness), plan)]), plan)
        return {"query": query, "sort": _ORDER, "size": limit, "_source": _RETURNED, "track_total_hits": False}


def _best(stages: list[Query]) -> Query:
    return {"dis_max": {"queries": stages}} if stages else {"match_none": {}}


def _within(query: Query, plan: Plan) -> Query:
    return {"bool": {"must": query, "filter": within(plan.filters)}} if plan.filters.chosen else query


def _codes(plan: Plan) -> list[Query]:
    found = []
    for place, each in enumerate(plan.codes):
        # In the order typed; of two systems with one code the one that spells it as typed (J01.20, J0120).
        score = _EXACT + 2.0 * (len(plan.codes) - place)
        found += [_constant({"term": {"code": each.code}}, score)]
        found += [_constant({"term": {"display": each.typed}}, score + 1.0)]
        # Codes that took the place of one of ICD-9-CM, which the dot tells apart where two have the same digits.
        found.append(_constant({"term": {"equivalents": each.dotted or each.code}}, score - _EXACT + _EQUIVALENT))
    beginning = [(_between(plan.prefix, plan.prefix), _PREFIX, _PREFIX_ASIDE)] if plan.prefix else []
    within = [(_between(each.low, each.high), _RANGE, _RANGE_ASIDE) for each in plan.ranges]
    for query, first, aside in (*beginning, *within):
        found.append(_constant(_not_set_aside(query, plan), first))
        if plan.set_aside:
            found.append(_constant(query, aside))
    return found


def _by_words(queries: list[Query], plan: Plan) -> list[Query]:
    return [_not_set_aside(query, plan) for query in queries]


def _not_set_aside(query: Query, plan: Plan) -> Query:
    if not plan.set_aside:
        return query
    return {"bool": {"must": query, "must_not": {"terms": {"system": list(plan.set_aside)}}}}


def _between(low: str, high: str) -> Query:
    return {"range": {"number": {"gte": code_number(low), "lte": code_number(high, fill="Z")}}}


def _constant(query: Query, boost: float) -> Query:
    return {"constant_score": {"filter": query, "boost": boost}}
