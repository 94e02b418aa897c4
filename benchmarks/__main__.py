"""`make bench`: every benchmark, or those named:  python -m benchmarks [--rounds N] [views imports ...]"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import (
    code_pages,
    imports,
    indexing,
    meter,
    overload,
    rebuild,
    reindex,
    report,
    search,
    standalone,
    suggestions,
    views,
)

ALL = {
    "imports": imports,
    "standalone": standalone,
    "code_pages": code_pages,
    "suggestions": suggestions,
    "views": views,
    "overload": overload,
    "meter": meter,
    "rebuild": rebuild,
    "search": search,
    "indexing": indexing,
    "reindex": reindex,
}
REPORT = Path("var/bench.json")


def main(
    names: Annotated[list[str] | None, typer.Argument(help="which ones; all by default")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="interleaved rounds of each")] = 5,
) -> None:
    # The package of the word vectors turns everybody's messages on when it is imported.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    figures: list[report.Figure] = []
    for name in names or list(ALL):
        print(f"{name} ...", flush=True)
        found = ALL[name].measure(rounds)
        report.save(found, REPORT)
        figures += found
    report.show(figures)


if __name__ == "__main__":
    typer.run(main)
