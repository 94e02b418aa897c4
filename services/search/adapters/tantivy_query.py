"""Compiles a plan to tantivy queries. Words and codes become terms; nothing typed is ever parsed as a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tantivy import FieldType, Occur, Query, Schema, Searcher

from services.search.domain.documents import DIAGNOSES, MatchKind
from services.search.domain.procedures import WEIGHT as FAVORED
from services.search.domain.query import Plan, Strictness
from services.search.domain.query_words import Word

from .corrections import Corrections
from .lexicon import Lexicon
from .ranking.texts import CodeKey
from .ranking.window import ALIKE_BONUS
from .tantivy_schema import Analyzers, code_number, opening

# Weights: a word of the description counts three times one of the further terms; a word that only begins like the one
# being typed, or is one edit away from it, counts least, so that the word itself stays ahead.
IN_DESCRIPTION, IN_TERMS, IN_PHRASES, IN_MODIFIERS, BEGINS_LIKE, EDITED = 3.0, 1.0, 1.0, 0.3, 0.5, 0.5
WORDS_TIE = 0.1
WORD_FIELDS = {
    "description": IN_DESCRIPTION,
    "terms": IN_TERMS,
    "phrases": IN_PHRASES,
    "modifiers": IN_MODIFIERS,
}
PHRASE = 1.5
PHRASE_SLOP = 2
BILLABLE = 3.0
# Where results with fewer words are asked for, too, those with all of them stay ahead.
ALL_WORDS = 50.0
# Among suggestions how often a word occurs says little: a whole word counts more than the beginning of one, the
# description more than the further terms, a description that begins as typed most.
WHOLE_WORD, BEGINNING, ELSEWHERE, OPENING = 2.0, 1.5, 0.5, 2.0


_BY_SCORE = (MatchKind.EXACT, MatchKind.EQUIVALENT, MatchKind.WORDS)


@dataclass(frozen=True)
class Stage:
    """Results of one kind. Without `by_score` they come in code order."""

    kind: MatchKind
    query: Query
    by_score: bool


class Compiler:
    def __init__(self, schema: Schema, searcher: Searcher, analyzers: Analyzers, lexicon: Lexicon) -> None:
        self._schema, self._searcher, self._analyzers = schema, searcher, analyzers
        self.corrections = Corrections(lexicon, analyzers, self._known)

    def stages(self, plan: Plan, strictness: Strictness, alike: Sequence[CodeKey] = ()) -> list[Stage]:
        """The plan's stages, each without the results of those before. The filters are left to `tantivy_filters`.

        The codes `alike` are results by words, too, with a score of ALIKE_BONUS above that of their words."""
        by_words = self._words(plan, strictness)
        if alike:
            either_code = Query.boolean_query([(Occur.Should, self._code(key)) for key in alike])
            same = Query.const_score_query(either_code, ALIKE_BONUS)
            by_words = _any([by_words, same]) if by_words else same
        return self._stages(plan, by_words)

    def by_code(self, plan: Plan) -> list[Stage]:
        """The stages of codes alone."""
        return self._stages(plan, None)

    def suggestions(self, plan: Plan, strictness: Strictness) -> list[Stage]:
        """The same for suggestions."""
        return self._stages(plan, self._suggested(plan, strictness))

    def _stages(self, plan: Plan, by_words: Query | None) -> list[Stage]:
        found: list[Stage] = []
        for kind, query in (
            (MatchKind.EXACT, self._exact(plan)),
            (MatchKind.EQUIVALENT, self._equivalent(plan)),
            (MatchKind.PREFIX, self._not_set_aside(self._prefix(plan), plan)),
            (MatchKind.RANGE, self._not_set_aside(self._ranges(plan), plan)),
            # The same again: what was set aside is all that is left of it.
            (MatchKind.PREFIX, self._prefix(plan) if plan.set_aside else None),
            (MatchKind.RANGE, self._ranges(plan) if plan.set_aside else None),
            (MatchKind.WORDS, self._not_set_aside(by_words, plan)),
        ):
            if query is not None:
                earlier = [(Occur.MustNot, stage.query) for stage in found]
                whole = Query.boolean_query([(Occur.Must, query), *earlier]) if earlier else query
                found.append(Stage(kind, whole, by_score=kind in _BY_SCORE))
        return found

    def _known(self, word: Word) -> bool:
        stems = self._analyzers.stems.analyze(word.text)
        return any(self._searcher.doc_freq(field, stem) for stem in stems for field in WORD_FIELDS)

    def _code(self, key: CodeKey) -> Query:
        return Query.boolean_query(
            [(Occur.Must, self._term("system", key.system)), (Occur.Must, self._term("code", key.code))]
        )

    def _exact(self, plan: Plan) -> Query | None:
        if not plan.codes:
            return None
        scored = []
        for place, each in enumerate(plan.codes):
            # In the order typed; of two systems with one code the one that spells it as typed (J01.20, J0120).
            score = 2.0 * (len(plan.codes) - place)
            scored.append(Query.const_score_query(self._term("code", each.code), score))
            scored.append(Query.const_score_query(self._term("display", each.typed), score + 1.0))
        return Query.disjunction_max_query(scored)

    def _equivalent(self, plan: Plan) -> Query | None:
        """Codes that took the place of one of ICD-9-CM, which the dot tells apart where two have the same digits."""
        found = _any(
            [
                Query.const_score_query(self._term("equivalents", each.dotted or each.code), float(-place))
                for place, each in enumerate(plan.codes, -len(plan.codes))
            ]
        )
        if found is None:
            return None
        # Of digits without a dot, which may be a procedure's, the diagnoses come first.
        diagnoses = Query.const_score_query(self._term("system", DIAGNOSES), 0.5)
        return Query.boolean_query([(Occur.Must, found), (Occur.Should, diagnoses)])

    def _not_set_aside(self, query: Query | None, plan: Plan) -> Query | None:
        if query is None or not plan.set_aside:
            return query
        aside = [(Occur.MustNot, self._term("system", system)) for system in plan.set_aside]
        return Query.boolean_query([(Occur.Must, query), *aside])

    def _prefix(self, plan: Plan) -> Query | None:
        return self._codes_between(plan.prefix, plan.prefix) if plan.prefix else None

    def _ranges(self, plan: Plan) -> Query | None:
        return _any([self._codes_between(each.low, each.high) for each in plan.ranges])

    def _codes_between(self, low: str, high: str) -> Query:
        return self._between("number", code_number(low), code_number(high, fill="Z"))

    def _words(self, plan: Plan, strictness: Strictness) -> Query | None:
        required = [query for word in plan.required if (query := self._word(word, strictness))]
        if not required:
            return None
        least = min(plan.least(strictness), len(required))
        parts = self._single_parts(plan) if strictness is Strictness.ANY else []
        if least == len(required) and not parts:
            matching = Query.boolean_query([(Occur.Must, each) for each in required])
        else:
            every = Query.boolean_query([(Occur.Must, each) for each in required])
            matching = Query.boolean_query([(Occur.Should, each) for each in (*required, *parts)], least)
            preferring_all = [(Occur.Should, Query.const_score_query(every, ALL_WORDS))]
            matching = Query.boolean_query([(Occur.Must, matching), *preferring_all])
        preferred = [
            Query.boost_query(query, word.weight)
            for word in plan.words
            if not word.required and (query := self._word(word, strictness))
        ]
        preferred += [Query.const_score_query(self._said(word), word.weight) for word in plan.preferred]
        preferred += [Query.const_score_query(self._said(word), -word.weight) for word in plan.avoided]
        preferred += [Query.const_score_query(self._term("system", each), FAVORED) for each in plan.favored]
        if phrase := self._phrase(plan.words):
            preferred.append(Query.boost_query(phrase, PHRASE))
        preferred.append(Query.const_score_query(self._term("billable", True), BILLABLE))
        return Query.boolean_query([(Occur.Must, matching), *((Occur.Should, each) for each in preferred)])

    def _suggested(self, plan: Plan, strictness: Strictness) -> Query | None:
        if not plan.required:
            return None
        # A word that is still being typed narrows, whatever it may become.
        words = [
            (Occur.Must if word.required or word.prefix else Occur.Should, query)
            for word in plan.words
            if word.weighty and (query := self._suggested_word(word, strictness))
        ]
        if not any(occur == Occur.Must for occur, _ in words):
            return None
        typed = opening([part for word in plan.words for part in self._analyzers.surface.analyze(word.text)])
        begins = Query.fuzzy_term_query(self._schema, "opening", typed, distance=0, prefix=True)
        return Query.boolean_query([*words, (Occur.Should, Query.const_score_query(begins, OPENING))])

    def _suggested_word(self, word: Word, strictness: Strictness) -> Query | None:
        stems = self._analyzers.stems.analyze(word.text)
        surface = self._analyzers.surface.analyze(word.text)
        if len(stems) != 1 or len(surface) != 1:
            return self._word(word, strictness)
        ways = [
            (self._term("description", stems[0]), WHOLE_WORD),
            (self._term("terms", stems[0]), ELSEWHERE),
            *((self._parts(self._analyzers.stems.analyze(other)), BEGINNING) for other in word.others),
        ]
        if word.prefix:
            ways.append((self._near(surface[0], 0, prefix=True, field="description_surface"), BEGINNING))
            ways.append((self._near(surface[0], 0, prefix=True), ELSEWHERE))
        if self.corrections.misspelt(word, strictness):
            ways.append((self._near(surface[0], 1, prefix=word.prefix, field="description_surface"), BEGINNING))
            ways.append((self._near(surface[0], 1, prefix=word.prefix), ELSEWHERE))
        return Query.disjunction_max_query([Query.const_score_query(query, score) for query, score in ways])

    def _word(self, word: Word, strictness: Strictness) -> Query | None:
        """The word in any of the fields. None if nothing of it can be in an index (an emoji)."""
        stems = self._analyzers.stems.analyze(word.text)
        surface = self._analyzers.surface.analyze(word.text)
        if not stems:
            return None
        ways = [self._parts(stems), *(self._parts(self._analyzers.stems.analyze(other)) for other in word.others)]
        if word.prefix and len(surface) == 1:
            ways.append(Query.boost_query(self._near(surface[0], 0, prefix=True), BEGINS_LIKE))
        for place, near in enumerate(self.corrections.near(word, strictness), 1):
            ways.append(Query.boost_query(self._parts(self._analyzers.stems.analyze(near)), 1 / place))
        if word.prefix and len(surface) == 1 and self.corrections.misspelt(word, strictness):
            ways.append(Query.boost_query(self._near(surface[0], 1, prefix=True), EDITED))
        return ways[0] if len(ways) == 1 else Query.disjunction_max_query(ways, WORDS_TIE)

    def _parts(self, stems: Sequence[str]) -> Query:
        """All of the stems, each in any of the fields."""
        parts = [
            Query.disjunction_max_query(
                [Query.boost_query(self._term(field, stem), weight) for field, weight in WORD_FIELDS.items()],
                WORDS_TIE,
            )
            for stem in stems
        ]
        if len(parts) == 1:
            return parts[0]
        # Several words that mean one thing count as one.
        return Query.boost_query(Query.boolean_query([(Occur.Must, part) for part in parts]), 1 / len(parts))

    def _single_parts(self, plan: Plan) -> list[Query]:
        """The parts of words that are several, each by itself, as much worth as it is of the word."""
        several = [self._analyzers.stems.analyze(word.text) for word in plan.required if word.several]
        return [Query.boost_query(self._parts([stem]), 1 / len(stems)) for stems in several for stem in stems]

    def _said(self, word: Word) -> Query:
        """Descriptions that have the word or one of its others."""
        stems = [stem for text in (word.text, *word.others) for stem in self._analyzers.stems.analyze(text)]
        return Query.boolean_query([(Occur.Should, self._term("description", stem)) for stem in stems])

    def _phrase(self, words: Sequence[Word]) -> Query | None:
        stems = [stem for word in words for stem in self._analyzers.stems.analyze(word.text)]
        return (
            Query.phrase_query(self._schema, "description", list(stems), slop=PHRASE_SLOP) if len(stems) > 1 else None
        )

    def _near(self, text: str, distance: int, *, prefix: bool, field: str = "surface") -> Query:
        return Query.fuzzy_term_query(self._schema, field, text, distance=distance, prefix=prefix)

    def _term(self, field: str, value: str | bool) -> Query:
        return Query.term_query(self._schema, field, value)

    def _between(self, field: str, low: int, high: int) -> Query:
        return Query.range_query(self._schema, field, FieldType.Unsigned, low, high)


def either(stages: Sequence[Stage]) -> Query:
    """What any of the stages finds."""
    return Query.boolean_query([(Occur.Should, stage.query) for stage in stages])


def _any(queries: Sequence[Query]) -> Query | None:
    if not queries:
        return None
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, each) for each in queries])
