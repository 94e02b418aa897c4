"""Compiles a plan to OpenSearch's query objects. Words and codes become values of `term`, `match` and `range` clauses,
which analyse them and know no operators; nothing typed is ever parsed as a query.

A plan's stages are one query: each stage has a band of scores of its own, far above that of the stage after it, and a
result counts as the best stage that it fits.
"""

from __future__ import annotations

from typing import Any

from services.search.domain.documents import MatchKind
from services.search.domain.query import Plan, Strictness, Word

from .tantivy_query import (
    BEGINNING,
    BEGINS_LIKE,
    BILLABLE,
    EDITED,
    ELSEWHERE,
    FUNCTION_WORD,
    IN_DESCRIPTION,
    IN_TERMS,
    OPENING,
    PHRASE,
    PHRASE_SLOP,
    WHOLE_WORD,
    WORDS_TIE,
)
from .tantivy_schema import code_number, day_number

Query = dict[str, Any]

# A float tells scores of a whole apart up to 2**24.
_EXACT, _PREFIX, _RANGE = 1_000_000.0, 200_000.0, 100_000.0
# Lucene leaves the constant factor k1 + 1 out of BM25, which the weights beside it are made for.
_BM25 = 2.2
_FACET_VALUES = 50
_RETURNED = ["system", "code", "display", "description", "terms", "billable"]
# Results of one score, as all codes below a prefix have, come in code order.
_ORDER: list[dict[str, str]] = [{"_score": "desc"}, {"number": "asc"}, {"position": "asc"}]


def kind_of(score: float) -> MatchKind:
    """The stage whose band a score lies in."""
    for kind, least in ((MatchKind.EXACT, _EXACT), (MatchKind.PREFIX, _PREFIX), (MatchKind.RANGE, _RANGE)):
        if score >= least:
            return kind
    return MatchKind.WORDS


def search_body(plan: Plan, strictness: Strictness, corrected: frozenset[Word], offset: int, limit: int) -> Query:
    """The request for a page of results with its facets. `corrected` are the words that others one edit away count for.

    The system is a filter after the query, because the systems are counted as if none had been asked for.
    """
    system: Query = {"term": {"system": plan.system}} if plan.system else {"match_all": {}}
    return {
        "query": _within_day([*_codes(plan), *_words(plan, strictness, corrected)], plan),
        "post_filter": system,
        "aggs": {
            "system": {"terms": {"field": "system", "size": _FACET_VALUES}},
            "asked": {"filter": system, "aggs": {"billable": {"terms": {"field": "billable"}}}},
        },
        "sort": _ORDER,
        "from": offset,
        "size": limit,
        "_source": _RETURNED,
        "track_total_hits": True,
    }


def suggest_body(plan: Plan, corrected: frozenset[Word], limit: int) -> Query:
    """The request for completions."""
    query = _within_day([*_codes(plan), *_completions(plan, corrected)], plan)
    if plan.system:
        query = {"bool": {"must": query, "filter": {"term": {"system": plan.system}}}}
    return {"query": query, "sort": _ORDER, "size": limit, "_source": _RETURNED, "track_total_hits": False}


def known_body(words: list[Word]) -> Query:
    """The request that counts, for each of `words` under its place, the documents that have it."""
    filters = {
        str(place): {"multi_match": {"query": word.text, "fields": ["description", "terms"]}}
        for place, word in enumerate(words)
    }
    return {"size": 0, "track_total_hits": False, "aggs": {"known": {"filters": {"filters": filters}}}}


def _within_day(stages: list[Query], plan: Plan) -> Query:
    best = {"dis_max": {"queries": stages}} if stages else {"match_none": {}}
    if plan.on is None:
        return best
    day = day_number(plan.on)
    return {
        "bool": {"must": best, "filter": [{"range": {"begins": {"lte": day}}}, {"range": {"ends": {"gte": day}}}]},
    }


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


def _words(plan: Plan, strictness: Strictness, corrected: frozenset[Word]) -> list[Query]:
    if not plan.required:
        return []
    required = [_word(word, word in corrected) for word in plan.required]
    preferred = [_boosted(_word(word, word in corrected), FUNCTION_WORD) for word in plan.words if not word.required]
    if len(plan.words) > 1:
        phrase = {"query": _joined(plan), "slop": PHRASE_SLOP, "boost": PHRASE * _BM25}
        preferred.append({"match_phrase": {"description": phrase}})
    preferred.append(_constant({"term": {"billable": True}}, BILLABLE))
    matching = {"bool": {"should": required, "minimum_should_match": plan.least(strictness)}}
    return [{"bool": {"must": matching, "should": preferred}}]


def _word(word: Word, corrected: bool) -> Query:
    """The word in any of the fields."""
    ways = [
        _best([_match("description", word, IN_DESCRIPTION * _BM25), _match("terms", word, IN_TERMS * _BM25)], WORDS_TIE)
    ]
    if word.prefix:
        ways.append(_constant(_either(_begins, word), BEGINS_LIKE))
    if corrected:
        ways.append(_constant(_either(_edited, word), EDITED))
    return ways[0] if len(ways) == 1 else _best(ways, WORDS_TIE)


def _completions(plan: Plan, corrected: frozenset[Word]) -> list[Query]:
    if not plan.required:
        return []
    words = [_completed(word, word in corrected) for word in plan.required]
    opening = _constant({"match_bool_prefix": {"description.opening": {"query": _joined(plan)}}}, OPENING)
    # Whoever has the shorter description stands for more of what is typed.
    return [
        {
            "function_score": {
                "query": {"bool": {"must": words, "should": opening}},
                "field_value_factor": {"field": "brevity", "modifier": "ln2p"},
            }
        }
    ]


def _completed(word: Word, corrected: bool) -> Query:
    ways = [
        _constant(_match("description", word), WHOLE_WORD),
        _constant(_match("terms", word), ELSEWHERE),
    ]
    if word.prefix:
        ways += [_constant(_begins("description", word), BEGINNING), _constant(_begins("terms", word), ELSEWHERE)]
    if corrected:
        ways += [_constant(_edited("description", word), BEGINNING), _constant(_edited("terms", word), ELSEWHERE)]
    return _best(ways)


def _match(field: str, word: Word, boost: float = 1.0) -> Query:
    # More than one part where the engine's idea of a letter differs from Python's: then all parts are one word.
    return {"match": {field: {"query": word.text, "operator": "and", "boost": boost}}}


def _begins(field: str, word: Word) -> Query:
    return {"match_bool_prefix": {f"{field}.surface": {"query": word.text, "operator": "and"}}}


def _edited(field: str, word: Word) -> Query:
    within = "beginnings" if word.prefix else "surface"
    # Rewritten to one set of documents: as clauses, the near words of many misspelt ones would be too many.
    near = {"query": word.text, "operator": "and", "fuzziness": 1, "fuzzy_rewrite": "constant_score"}
    return {"match": {f"{field}.{within}": near}}


def _either(way: Any, word: Word) -> Query:
    return {"bool": {"should": [way("description", word), way("terms", word)]}}


def _joined(plan: Plan) -> str:
    return " ".join(word.text for word in plan.words)


def _best(queries: list[Query], tie_breaker: float = 0.0) -> Query:
    return {"dis_max": {"queries": queries, "tie_breaker": tie_breaker}}


def _constant(query: Query, boost: float) -> Query:
    return {"constant_score": {"filter": query, "boost": boost}}


def _boosted(query: Query, boost: float) -> Query:
    return {"bool": {"must": query, "boost": boost}}
