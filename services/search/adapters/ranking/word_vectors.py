"""Texts as directions in a space where texts of like meaning lie near each other: the static word vectors of wordllama.

They come inside its package and are read from there; nothing is ever downloaded. A text's vector is the mean of those
of its word pieces, cut to the first 64 numbers and of length 1, so that a product of two is the cosine between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import Vectors

DIMENSIONS = 64


class WordVectors:
    """Raises FileNotFoundError if the package has lost its files."""

    def __init__(self) -> None:
        # Imported late: it takes a third of a second, and only an index needs it.
        from wordllama import WordLlama

        spec = find_spec("wordllama")
        if spec is None or spec.origin is None:
            raise FileNotFoundError("wordllama")
        self._model: Any = WordLlama.load(
            cache_dir=Path(spec.origin).parent, trunc_dim=DIMENSIONS, disable_download=True
        )

    def of(self, texts: Sequence[str]) -> Vectors:
        """One row a text; zeros for one that holds nothing."""
        # Texts of one length need no filling up.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        found = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        if texts:
            with np.errstate(invalid="ignore"):
                found[order] = self._model.embed([texts[place].lower() for place in order], norm=True)
        return np.nan_to_num(found, copy=False)
