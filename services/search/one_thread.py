"""Libraries that reckon with vectors, or cut words in pieces, take every core there is.

For what a search asks of them, a fraction of a millisecond, to wake the other cores costs more than it brings.
"""

from __future__ import annotations

import os

VARIABLES = {"OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


def ask() -> None:
    """To be called before they are imported. What is set already stays."""
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)
