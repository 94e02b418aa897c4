"""The tantivy index of codes: its fields, how text becomes terms, how a code becomes a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tantivy

from services.search.domain.documents import IndexedCode
from services.search.domain.filters import day_number
from services.search.domain.spelling import compact
from services.search.domain.words import MAX_WORD_LENGTH

# Raised with every change to this file that an index built before would not answer rightly with.
FORMAT = 6

FIRST_DAY, LAST_DAY = 0, 99_991_231
_CODE_LENGTH = 12
_LONGEST_WEIGHED = 40
_OPENING_LENGTH = 80


@dataclass(frozen=True)
class Analyzers:
    """`stems` for words as they mean, `surface` for words as they are written (both lower case, without accents)."""

    stems: tantivy.TextAnalyzer
    surface: tantivy.TextAnalyzer

    @classmethod
    def create(cls) -> Analyzers:
        return cls(_words().filter(tantivy.Filter.stemmer("english")).build(), _words().build())

    def register(self, index: tantivy.Index) -> None:
        index.register_tokenizer("stems", self.stems)
        index.register_tokenizer("surface", self.surface)


def _words() -> tantivy.TextAnalyzerBuilder:
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(MAX_WORD_LENGTH * 4))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
    )


def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("system", stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("code", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("display", stored=True, tokenizer_name="raw", index_option="basic")
    # The code as a number in code order, for prefixes, ranges and sorting.
    builder.add_unsigned_field("number", indexed=True, fast=True)
    builder.add_text_field("description", stored=True, tokenizer_name="stems")
    builder.add_text_field("terms", stored=True, tokenizer_name="stems", index_option="freq")
    # What the indexes of the code system call it, and words that may stand beside that or not.
    builder.add_text_field("phrases", stored=True, tokenizer_name="stems", index_option="freq")
    # The codes of ICD-9-CM that lead to it, each as it is stored and as it is displayed; and all that is told of them.
    builder.add_text_field("equivalents", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("equivalents_told", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("modifiers", tokenizer_name="stems", index_option="basic")
    # All words as written, for words that are still being typed or are misspelt.
    builder.add_text_field("surface", tokenizer_name="surface", index_option="basic")
    # The same of the description alone, and how it begins, for suggestions.
    builder.add_text_field("description_surface", tokenizer_name="surface", index_option="basic")
    builder.add_text_field("opening", tokenizer_name="raw", index_option="basic")
    builder.add_boolean_field("billable", stored=True, indexed=True, fast=True)
    builder.add_text_field("chapter", fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("begins", stored=True, indexed=True, fast=True)
    builder.add_unsigned_field("ends", stored=True, indexed=True, fast=True)
    # Greater for shorter descriptions, which come first among suggestions.
    builder.add_unsigned_field("brevity", fast=True)
    return builder.build()


def opening(words: Sequence[str]) -> str:
    """The beginning of a text, from its words as written."""
    return " ".join(words)[:_OPENING_LENGTH]


def document(code: IndexedCode, analyzers: Analyzers) -> tantivy.Document:
    found = tantivy.Document()
    found.add_text("system", code.system)
    found.add_text("code", compact(code.code))
    found.add_text("display", code.display)
    found.add_unsigned("number", code_number(compact(code.code)))
    found.add_text("description", code.description)
    found.add_text("surface", code.description)
    found.add_text("description_surface", code.description)
    found.add_text("opening", opening(analyzers.surface.analyze(code.description)))
    for term in code.terms:
        found.add_text("terms", term)
        found.add_text("surface", term)
    for phrase in code.phrases:
        found.add_text("phrases", phrase)
        found.add_text("surface", phrase)
    for modifiers in code.modifiers:
        found.add_text("modifiers", modifiers)
    for equivalent in code.equivalents:
        found.add_text("equivalents", equivalent.code)
        if equivalent.display != equivalent.code:
            found.add_text("equivalents", equivalent.display)
        found.add_text("equivalents_told", equivalent.packed())
    if code.billable is not None:
        found.add_boolean("billable", code.billable)
    if code.chapter:
        found.add_text("chapter", code.chapter)
    found.add_unsigned("begins", day_number(code.begins) if code.begins else FIRST_DAY)
    found.add_unsigned("ends", day_number(code.ends) if code.ends else LAST_DAY)
    found.add_unsigned("brevity", max(0, _LONGEST_WEIGHED - len(code.description.split())))
    return found


def code_number(code: str, fill: str = " ") -> int:
    """The first 12 characters of a code in base 37, so that numbers sort as codes do. With `fill` "Z" the greatest
    number of any code that begins with `code`."""
    number = 0
    for char in code[:_CODE_LENGTH].ljust(_CODE_LENGTH, fill):
        known = char.isascii() and char.isalnum()
        number = number * 37 + (int(char, 36) + 1 if known else 0)
    return number
