"""Compiles a plan to OpenSearch's query objects. Words and codes become values of `term`, `match` and `range` clauses,
which analyse them and know no operators; nothing typed is ever parsed as a query.

A plan's stages are one query: each stage has a band of scores of its own, far above that of the stage after it, and a
result counts as the best stage that it fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.search.domain.documents import DIAGNOSES, MatchKind
from services.search.domain.query import Plan, Strictness

from .opensearch_filters import counts, within
from .opensearch_word_query import WordQueries
from .opensearch_words import KnownWords
from .ranking.window import ALIKE_BONUS
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
# What a result is put in order by, besides its score: all that need be read of those that are not on the page.
_WEIGHED = ["billable", "ends"]
_BY_CODE, _ALIKE_ALONE, _EVERYWHERE, _CHOSEN = "by_code", "alike_alone", "everywhere", "chosen"
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
        elif not plan.names_codes and any(w.required and not w.prefix for w in misspelt):
            # A word that must be met is not in the index.
            left_out.add(Strictness.ALL)
        return tuple(each for each in attempts if each not in left_out) or attempts

    def search_body(self, plan: Plan, strictness: Strictness, offset: int, limit: int) -> Query:
        """The request for a page of results with its facets, and for how many of them were found by their codes."""
        query = _best([*_codes(plan), *_by_words(self._words.found(plan, strictness), plan)])
        by_code = {"bool": {"must": _best(_codes(plan)), "filter": within(plan.filters)}}
        return {**_counted(query, plan, {_BY_CODE: {"filter": by_code}}, offset, limit), "_source": _RETURNED}

    def window_body(self, plan: Plan, strictness: Strictness, alike: Sequence[str], offset: int, limit: int) -> Query:
        """The same for results by words, of whose documents only the ids and what they are put in order by are
        returned.

        The documents with the ids `alike` are results, too, with a score of ALIKE_BONUS above that of their words.
        """
        words = self._words.found(plan, strictness)
        same: Query = {"ids": {"values": list(alike)}}
        joined = {"bool": {"should": [*words, _constant(same, ALIKE_BONUS)]}}
        counted = {
            "filter": {"bool": {"filter": same, "must_not": words}},
            "aggs": {
                _EVERYWHERE: {"filter": within(plan.filters.wide)},
                _CHOSEN: {"filter": within(plan.filters)},
            },
        }
        query = _best([*_codes(plan), *_by_words([joined], plan)])
        body = _counted(query, plan, {_ALIKE_ALONE: counted}, offset, limit)
        return {**body, "_source": False, "docvalue_fields": _WEIGHED}

    def documents_body(self, ids: Sequence[str]) -> Query:
        """The request for documents, in whatever order."""
        return {"query": {"ids": {"values": list(ids)}}, "size": len(ids), "_source": _RETURNED}

    def match_body(self, plan: Plan, limit: int) -> Query:
        """The first results that match all words, not counted."""
        body = self.search_body(plan, Strictness.ALL, 0, limit)
        return {**{name: part for name, part in body.items() if name != "aggs"}, "track_total_hits": False}

    def count_body(self, plan: Plan, strictness: Strictness) -> Query:
        """The request for the number of results alone."""
        query = _best([*_codes(plan), *_by_words(self._words.found(plan, strictness), plan)])
        return {"query": _within(query, plan), "size": 0, "track_total_hits": True}

    def suggest_body(self, plan: Plan, strictness: Strictness, limit: int) -> Query:
        """The request for completions."""
        query = _within(_best([*_codes(plan), *_by_words(self._words.completions(plan, strictness), plan)]), plan)
        return {"query": query, "sort": _ORDER, "size": limit, "_source": _RETURNED, "track_total_hits": False}


def found_by_code(counted: Any) -> bool:
    """Of the aggregations of a `search_body`."""
    return int(counted[_BY_CODE]["doc_count"]) > 0


def alike_alone(counted: Any) -> tuple[int, int]:
    """How many results only their meaning found: of those within the filters, and of those with nothing chosen."""
    found = counted.get(_ALIKE_ALONE)
    return (int(found[_CHOSEN]["doc_count"]), int(found[_EVERYWHERE]["doc_count"])) if found else (0, 0)


def _counted(query: Query, plan: Plan, more: Query, offset: int, limit: int) -> Query:
    """A page of results with its facets, and `more` aggregations.

    The filters come after the query, because each facet is counted as if nothing had been chosen in it.
    """
    return {
        "query": query,
        "post_filter": within(plan.filters),
        "aggs": {**counts(plan.filters), **more},
        "sort": _ORDER,
        "from": offset,
        "size": limit,
        "track_total_hits": True,
    }


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
        # Of digits without a dot, which may be a procedure's, the diagnoses come first.
        leads = {"term": {"equivalents": each.dotted or each.code}}
        among = {"bool": {"must": [leads, {"term": {"system": DIAGNOSES}}]}}
        score += _EQUIVALENT - _EXACT
        found += [_constant(leads, score), _constant(among, score + 0.5)]
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
