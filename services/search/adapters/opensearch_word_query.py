"""Compiles the words of a plan to OpenSearch's query objects, with the weights that tantivy_query has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.search.domain.procedures import WEIGHT as FAVORED
from services.search.domain.query import Plan, Strictness
from services.search.domain.query_words import Word

from .opensearch_words import KnownWords
from .tantivy_query import (
    ALL_WORDS,
    BEGINNING,
    BEGINS_LIKE,
    BILLABLE,
    EDITED,
    ELSEWHERE,
    OPENING,
    PHRASE,
    PHRASE_SLOP,
    WHOLE_WORD,
    WORD_FIELDS,
    WORDS_TIE,
)

Query = dict[str, Any]

# Lucene leaves the constant factor k1 + 1 out of BM25, which the weights beside it are made for.
_BM25 = 2.2
_FIELDS = [f"{field}^{weight * _BM25:g}" for field, weight in WORD_FIELDS.items()]


class WordQueries:
    """Each of the public methods gives one query, or none if no word must be met."""

    def __init__(self, known: KnownWords) -> None:
        self._known = known

    def found(self, plan: Plan, strictness: Strictness) -> list[Query]:
        """Results by words, best first."""
        required = [query for word in plan.required if (query := self._word(word, strictness))]
        if not required:
            return []
        least = min(plan.least(strictness), len(required))
        parts = self._single_parts(plan) if strictness is Strictness.ANY else []
        every: Query = {"bool": {"must": required}}
        if least == len(required) and not parts:
            matching = every
        else:
            some: Query = {"bool": {"should": [*required, *parts], "minimum_should_match": least}}
            matching = {"bool": {"must": some, "should": _constant(every, ALL_WORDS)}}
        return [{"bool": {"must": matching, "should": self._preferences(plan, strictness)}}]

    def completions(self, plan: Plan, strictness: Strictness) -> list[Query]:
        """Completions by words. A word that is still being typed narrows, whatever it may become."""
        if not plan.required:
            return []
        must: list[Query] = []
        should: list[Query] = []
        for word in plan.words:
            if word.weighty and (query := self._completed(word, strictness)):
                (must if word.required or word.prefix else should).append(query)
        if not must:
            return []
        opening = {"match_bool_prefix": {"description.opening": {"query": " ".join(each.text for each in plan.words)}}}
        should.append(_constant(opening, OPENING))
        # Whoever has the shorter description stands for more of what is typed.
        brevity = {"field": "brevity", "modifier": "ln2p"}
        query = {"bool": {"must": must, "should": should}}
        return [{"function_score": {"query": query, "field_value_factor": brevity}}]

    def _preferences(self, plan: Plan, strictness: Strictness) -> list[Query]:
        found = [
            _boosted(query, word.weight)
            for word in plan.words
            if not word.required and (query := self._word(word, strictness))
        ]
        found += [_constant(_said(word), word.weight) for word in plan.preferred]
        # A weight below zero is refused, so that those without the word get it instead: the order is the same.
        found += [_constant({"bool": {"must_not": _said(word)}}, word.weight) for word in plan.avoided]
        found += [_constant({"term": {"system": each}}, FAVORED) for each in plan.favored]
        together = [part for word in plan.words for part in self._known.parts(word.text)]
        if len(together) > 1:
            phrase = {"query": " ".join(together), "slop": PHRASE_SLOP, "boost": PHRASE * _BM25}
            found.append({"match_phrase": {"description": phrase}})
        return [*found, _constant({"term": {"billable": True}}, BILLABLE)]

    def _word(self, word: Word, strictness: Strictness) -> Query | None:
        """The word in any of the fields. None if nothing of it can be in an index (an emoji)."""
        written = self._known.parts(word.text)
        if not written:
            return None
        ways = [_all(written), *(_all(self._known.parts(other)) for other in word.others)]
        single = word.prefix and len(written) == 1
        if single:
            ways.append(_constant(_begins("surface", written[0]), BEGINS_LIKE))
        for place, near in enumerate(self._known.corrections.near(word, strictness), 1):
            ways.append(_boosted(_all(self._known.parts(near)), 1 / place))
        if single and self._known.corrections.misspelt(word, strictness):
            ways.append(_constant(_edited("surface.beginnings", written[0]), EDITED))
        return ways[0] if len(ways) == 1 else _best(ways, WORDS_TIE)

    def _single_parts(self, plan: Plan) -> list[Query]:
        """The parts of words that are several, each by itself, as much worth as it is of the word."""
        several = [self._known.parts(word.text) for word in plan.required if word.several]
        return [_boosted(_all([part]), 1 / len(parts)) for parts in several for part in parts]

    def _completed(self, word: Word, strictness: Strictness) -> Query | None:
        written = self._known.parts(word.text)
        if len(written) != 1:
            return self._word(word, strictness)
        text = written[0]
        ways = [
            (_match("description", text), WHOLE_WORD),
            (_match("terms", text), ELSEWHERE),
            *((_all(self._known.parts(other)), BEGINNING) for other in word.others),
        ]
        if word.prefix:
            ways += [(_begins("description.surface", text), BEGINNING), (_begins("surface", text), ELSEWHERE)]
        if self._known.corrections.misspelt(word, strictness):
            within = "beginnings" if word.prefix else "surface"
            ways.append((_edited(f"description.{within}", text), BEGINNING))
            ways.append((_edited("surface.beginnings" if word.prefix else "surface", text), ELSEWHERE))
        return _best([_constant(query, weight) for query, weight in ways])


def _all(parts: Sequence[str]) -> Query:
    """All of the parts, each in any of the fields. Several words that mean one thing count as one."""
    each = [
        {"multi_match": {"query": part, "type": "best_fields", "fields": _FIELDS, "tie_breaker": WORDS_TIE}}
        for part in parts
    ]
    return each[0] if len(each) == 1 else _boosted({"bool": {"must": each}}, 1 / len(each))


def _said(word: Word) -> Query:
    """Descriptions that have the word or one of its others."""
    return {"match": {"description": {"query": " ".join((word.text, *word.others)), "operator": "or"}}}


def _match(field: str, text: str) -> Query:
    return {"match": {field: {"query": text, "operator": "and"}}}


def _begins(field: str, text: str) -> Query:
    return {"match_bool_prefix": {field: {"query": text, "operator": "and"}}}


def _edited(field: str, text: str) -> Query:
    # Rewritten to one set of documents: as clauses, the near words of many misspelt ones would be too many.
    return {"match": {field: {"query": text, "operator": "and", "fuzziness": 1, "fuzzy_rewrite": "constant_score"}}}


def _best(queries: list[Query], tie_breaker: float = 0.0) -> Query:
    return {"dis_max": {"queries": queries, "tie_breaker": tie_breaker}}


def _constant(query: Query, boost: float) -> Query:
    return {"constant_score": {"filter": query, "boost": boost}}


def _boosted(query: Query, boost: float) -> Query:
    return {"bool": {"must": query, "boost": boost}}
