"""The OpenSearch index of codes: its fields, how text becomes terms, how a code becomes a document.

The counterpart of tantivy_schema: the same fields, cut and folded alike, so that one plan means the same to both.
"""

from __future__ import annotations

from typing import Any

from services.search.domain.documents import IndexedCode
from services.search.domain.filters import day_number
from services.search.domain.query_words import MAX_CORRECTED, MIN_CORRECTED
from services.search.domain.spelling import compact

from .tantivy_schema import FIRST_DAY, LAST_DAY, code_number

# Raised with every change to this file that an index built before would not answer rightly with.
FORMAT = 4

_LONGEST_TOKEN = 255
_OPENING_LENGTH = 80
_LONGEST_WEIGHED = 40
# What is not kept for answers, because it is only searched and sorted by.
_UNSTORED = ["number", "position", "modifiers", "equivalents", "brevity", "chapter", "no_*"]
# Lucene counts the documents that have a field, tantivy all of them. So that what is rare is as rare to both, a code
# without a text has this in its place: a character for private use, which `domain.words` leaves out of what is typed.
_NOTHING = "\ue000"
# It makes the mean text longer, which these make up for: what k1 of 1.2 and b of 0.75 are to tantivy. The means are
# those of the official files of ICD-10, HCPCS, CPT and ICD-9-CM: 15.7, 7.16 and 0.35 words, and 0.51, 0.67 and 0.94 of
# this.
_SIMILARITY = {
    "terms": {"type": "BM25", "k1": 1.229, "b": 0.756},
    "phrases": {"type": "BM25", "k1": 1.284, "b": 0.766},
    "modifiers": {"type": "BM25", "k1": 3.609, "b": 0.917},
}
# Two copies may be lost with their nodes; on a single node there are none, and the index is green all the same.
_COPIES = "0-2"


def index_body(meta: dict[str, Any]) -> dict[str, Any]:
    """Settings and mappings of a new index; `meta` says whose it is (see opensearch_state)."""
    return {
        "settings": {"index": _SETTINGS, "analysis": _analysis()},
        "mappings": {
            "dynamic": "strict",
            "_meta": meta,
            "_source": {"excludes": _UNSTORED},
            "properties": _properties(),
        },
    }


# One shard: what is rare is rare in the whole release, so that scores and their order are the same on every copy.
# Nothing is visible before the build refreshes it, and nothing changes afterwards.
_SETTINGS = {
    "number_of_shards": 1,
    "auto_expand_replicas": _COPIES,
    "refresh_interval": "-1",
    "similarity": _SIMILARITY,
}


def _analysis() -> dict[str, Any]:
    folded = ["longest", "lowercase", "asciifolding"]
    return {
        "char_filter": {"blanks": {"type": "pattern_replace", "pattern": _BETWEEN_WORDS, "replacement": " "}},
        "tokenizer": {"words": {"type": "pattern", "pattern": _BETWEEN_WORDS}},
        "filter": {
            "longest": {"type": "length", "max": _LONGEST_TOKEN},
            "stems": {"type": "stemmer", "language": "porter2"},
            "beginnings": {"type": "edge_ngram", "min_gram": MIN_CORRECTED - 1, "max_gram": MAX_CORRECTED + 1},
            "opening": {"type": "truncate", "length": _OPENING_LENGTH},
        },
        "analyzer": {
            # Words as they mean, as they are written, as they begin; and a text as it begins.
            "stems": {"type": "custom", "tokenizer": "words", "filter": [*folded, "stems"]},
            "surface": {"type": "custom", "tokenizer": "words", "filter": folded},
            "beginnings": {"type": "custom", "tokenizer": "words", "filter": [*folded, "beginnings"]},
            "opening": {
                "type": "custom",
                "char_filter": ["blanks"],
                "tokenizer": "keyword",
                "filter": ["lowercase", "asciifolding", "trim", "opening"],
            },
        },
    }


# As tantivy's simple tokenizer does: whatever is neither a letter nor a number.
_BETWEEN_WORDS = rf"[^\p{{IsAlphabetic}}\p{{N}}{_NOTHING}]+"


def _properties() -> dict[str, Any]:
    surface = {"type": "text", "analyzer": "surface", "norms": False, "index_options": "docs"}
    # What is typed is compared with beginnings as it is, and not by its own beginnings.
    beginnings = {**surface, "analyzer": "beginnings", "search_analyzer": "surface"}
    opening = {**surface, "analyzer": "opening"}
    kept = {"type": "keyword", "index": False, "doc_values": False}
    stems = {"type": "text", "analyzer": "stems"}
    return {
        "system": {"type": "keyword", "eager_global_ordinals": True},
        "code": {"type": "keyword", "doc_values": False},
        "display": {"type": "keyword", "doc_values": False},
        # The code as a number in code order, for prefixes, ranges and sorting; the place in the release breaks ties.
        "number": {"type": "long"},
        "position": {"type": "integer"},
        "description": {
            **stems,
            "copy_to": "surface",
            "fields": {"surface": surface, "beginnings": beginnings, "opening": opening},
        },
        "terms": {**stems, "similarity": "terms", "index_options": "freqs", "copy_to": "surface"},
        # What the indexes of the code system call it, and words that may stand beside that or not.
        "phrases": {**stems, "similarity": "phrases", "index_options": "freqs", "copy_to": "surface"},
        "modifiers": {**stems, "similarity": "modifiers", "index_options": "docs"},
        **{f"no_{field}": {"type": "text", "index": False, "copy_to": field} for field in _SIMILARITY},
        # All words as written, for words that are still being typed or are misspelt.
        "surface": {**surface, "fields": {"beginnings": beginnings}},
        # The codes of ICD-9-CM that lead to it, as they are stored and as they are displayed, and all that is told.
        "equivalents": {"type": "keyword", "doc_values": False},
        "equivalents_told": kept,
        "billable": {"type": "boolean"},
        "chapter": {"type": "keyword"},
        "begins": {"type": "integer"},
        "ends": {"type": "integer"},
        # Greater for shorter descriptions, which come first among suggestions.
        "brevity": {"type": "integer", "index": False},
        # Of the documents that hold no code, but the words of the index and the texts of its codes (opensearch_kept).
        "lexicon": kept,
        "stems": kept,
        "piece": {"type": "binary"},
        "digest": kept,
    }


def document(code: IndexedCode, position: int) -> dict[str, Any]:
    """`position` is the place in the release, from 0."""
    found: dict[str, Any] = {
        "system": code.system,
        "code": compact(code.code),
        "display": code.display,
        "number": code_number(compact(code.code)),
        "position": position,
        "description": code.description,
        "terms": list(code.terms),
        "phrases": list(code.phrases),
        "modifiers": list(code.modifiers),
        **{f"no_{field}": _NOTHING for field in _SIMILARITY if not getattr(code, field)},
        "equivalents": [text for each in code.equivalents for text in (each.code, each.display)],
        "equivalents_told": [each.packed() for each in code.equivalents],
        "begins": day_number(code.begins) if code.begins else FIRST_DAY,
        "ends": day_number(code.ends) if code.ends else LAST_DAY,
        "brevity": max(0, _LONGEST_WEIGHED - len(code.description.split())),
    }
    if code.billable is not None:
        found["billable"] = code.billable
    if code.chapter:
        found["chapter"] = code.chapter
    return found
