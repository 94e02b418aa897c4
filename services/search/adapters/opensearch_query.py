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
_EXACT, _PREFIX, _RANGE = 1_000_000.0, 200_000.0, 100_000.0
_RETURNED = ["system", "code", "display", "description", "terms", "phrases", "billable", "begins", "ends"]
# Results of one score, as all codes below a prefix have, come in code order.
_ORDER: list[dict[str, str]] = [{"_score": "desc"}, {"number": "asc"}, {"position": "asc"}]


def kind_of(score: float) -> MatchKind:
    """The stage whose band a score lies in."""
    for kind, least in ((MatchKind.EXACT, _EXACT), (MatchKind.PREFIX, _PREFIX), (MatchKind.RANGE, _RANGE)):
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
            "query": _best([*_codes(plan), *self._words.found(plan, strictness)]),
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
        query = _best([*_codes(plan), *self._words.found(plan, strictness)])
        return {"query": _within(query, plan), "size": 0, "track_total_hits": True}

    def suggest_body(self, plan: Plan, strictness: Strictness, limit: int) -> Query:
        """The request for completions."""
        query = _within(_best([*_codes(plan), *self._words.completions(plan, strictness)]), plan)
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
    if plan.prefix:
        found.append(_constant(_between(plan.prefix, plan.prefix), _PREFIX))
    return found + [_constant(_between(each.low, each.high), _RANGE) for each in plan.ranges]


def _between(low: str, high: str) -> Query:
    return {"range": {"number": {"gte": code_number(low), "lte": code_number(high, fill="Z")}}}


def _constant(query: Query, boost: float) -> Query:
    return {"constant_score": {"filter": query, "boost": boost}}
