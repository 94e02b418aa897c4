"""The index process: `python -m services.search.index_build RELEASE` builds one index and ends.

Started by the service (adapters/build_process.py), which reads progress from its standard output and ends it by closing
its standard input, so that it never outlives the service. It gives way to everything else on the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from services.search import one_thread
from services.search.ports import CodeBatch, IndexStore

AUTOGROUP = Path("/proc/self/autogroup")
FAILED = 1
# Nobody waits for an answer here.
ENGINE_SECONDS = 30.0


def main(
    release: Annotated[str, typer.Argument(help="Release to build the index of.")],
    index_dir: Annotated[Path, typer.Option(help="Folder of the indexes.")],
    catalog_address: Annotated[str, typer.Option(help="Address of the catalog.")],
    search_url: Annotated[str, typer.Option(help="The search engine.", envvar="MEDCODES_SEARCH_URL")] = "tantivy:",
    heap_mib: Annotated[int, typer.Option(help="Memory to fill before writing to disk.")] = 64,
    niceness: Annotated[int, typer.Option(help="How far to give way to everything else on the machine.")] = 10,
    timeout: Annotated[float, typer.Option(help="Seconds that the whole build may take.")] = 600.0,
) -> None:
    """Build the search index of one release from the catalog."""
    from services.common.errors import ServiceError
    from services.search.adapters.catalog_client import CatalogClient
    from services.search.indexed_codes import indexed_codes
    from services.search.ports import EngineError, IndexBuildError

    _give_way(niceness)
    one_thread.ask()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    codes = indexed_codes(CatalogClient(catalog_address, timeout=timeout), release)
    try:
        asyncio.run(_build(_store(search_url, index_dir, heap_mib), release, codes))
    except (IndexBuildError, EngineError, ServiceError, OSError) as error:
        _say(error=str(error))
        raise typer.Exit(FAILED) from None


async def _build(store: IndexStore, release: str, codes: AsyncIterator[CodeBatch]) -> None:
    try:
        await store.build(release, codes, lambda documents, total: _say(documents=documents, total=total))
    finally:
        await store.close()


def _store(search_url: str, index_dir: Path, heap_mib: int) -> IndexStore:
    """Only the engine that is used is imported."""
    if search_url == "tantivy:":
        from services.search.adapters.tantivy_store import TantivyStore

        return TantivyStore(index_dir, heap_mib=heap_mib)
    from services.search.adapters.opensearch_store import OpenSearchStore

    return OpenSearchStore(search_url, seconds=ENGINE_SECONDS)


def _say(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _give_way(niceness: int) -> None:
    os.nice(niceness)
    # To Linux a session of its own, which this process has, may be a group of its own, and niceness counts within a
    # group only: that of the group is set here (sched(7), "The autogroup feature").
    with contextlib.suppress(OSError):
        AUTOGROUP.write_text(str(niceness))


def _end_with_parent() -> None:
    """Standard input is a pipe that the service holds open; it ends when the service does, even by SIGKILL."""
    while os.read(0, 4096):
        pass
    os._exit(FAILED)


if __name__ == "__main__":
    typer.run(main)
