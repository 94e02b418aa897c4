"""`make relevance`: scores search with queries whose right codes are known, and writes docs/relevance.md.

With the folder of official downloads in MEDCODES_TEST_DATA every kind of query is scored. Without it there are only
the bundled ICD-10-CM files and the sample set: figures are shown and compared, and the page is left as it is. Ends with
1 if a figure is worse than the accepted one, unless `--accept` accepts those of this run, if OpenSearch's are far from
tantivy's, if an accepted code is not in the catalog, or if a chapter has few queries.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from pathlib import Path
from typing import Annotated

import structlog
import typer

from services.catalog.build.release import build_release
from tests.conftest import SAMPLE_DIR
from tests.one_release import roots
from tests.relevance import asking, report
from tests.relevance.asking import Answers, Sets
from tests.relevance.engines import DEFAULT, ENGINES, OPENSEARCH


def main(
    accept: Annotated[bool, typer.Option("--accept", help="Make the figures of this run the accepted ones.")] = False,
) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    named = os.environ.get("MEDCODES_TEST_DATA")
    catalog = asking.OFFICIAL if named else asking.BUNDLED
    found, answers = asyncio.run(_run(Path(named).resolve() if named else SAMPLE_DIR))
    report.show(answers)
    report.write_data(answers)
    if named:
        report.write_page(found, answers)
    else:
        _say("MEDCODES_TEST_DATA is not set: docs/relevance.md is left as it is")
    default = answers[0]
    by_engine = {each.engine: each for each in answers}
    said = asking.disagreements(default, by_engine[OPENSEARCH])
    said += asking.gaps(catalog, found)
    if accept:
        asking.accept(catalog, default)
        _say(f"accepted: {asking.ACCEPTED.name} holds the figures of {DEFAULT} with the {catalog} catalog")
    else:
        said += asking.drops(catalog, default)
    if said:
        _say("\n".join(said))
        raise typer.Exit(1)


async def _run(data: Path) -> tuple[Sets, list[Answers]]:
    with tempfile.TemporaryDirectory(prefix="medcodes-relevance-") as folder:
        _say("building a release ...")
        built = build_release(roots(SAMPLE_DIR, data), Path(folder), lambda step: None)
        found = await asking.sets(built.database, data)
    _say(f"{len(found.queries):,} queries; {len(found.waiting)} wait for a code system that is not loaded")
    return found, [await asking.ask(engine, found, _say) for engine in ENGINES]


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    typer.run(main)
