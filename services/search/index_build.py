"""The index process: `python -m services.search.index_build RELEASE` builds one index and ends.

Started by the service (adapters/build_process.py), which reads progress from its standard output and ends it by closing
its standard input, so that it never outlives the service. It gives way to everything else on the machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

NICENESS = 10
FAILED = 1


def main(
    release: Annotated[str, typer.Argument(help="Release to build the index of.")],
    index_dir: Annotated[Path, typer.Option(help="Folder of the indexes.")],
    catalog_address: Annotated[str, typer.Option(help="Address of the catalog.")],
    heap_mib: Annotated[int, typer.Option(help="Memory to fill before writing to disk.")] = 64,
    timeout: Annotated[float, typer.Option(help="Seconds that the whole build may take.")] = 600.0,
) -> None:
    """Build the search index of one release from the catalog."""
    from services.common.errors import ServiceError
    from services.search.adapters.catalog_client import CatalogClient
    from services.search.adapters.tantivy_store import TantivyStore
    from services.search.indexed_codes import indexed_codes
    from services.search.ports import IndexBuildError

    os.nice(NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    store = TantivyStore(index_dir, heap_mib=heap_mib)
    codes = indexed_codes(CatalogClient(catalog_address, timeout=timeout), release)
    try:
        asyncio.run(store.build(release, codes, lambda documents, total: _say(documents=documents, total=total)))
    except (IndexBuildError, ServiceError, OSError) as error:
        _say(error=str(error))
        raise typer.Exit(FAILED) from None


def _say(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    """Standard input is a pipe that the service holds open; it ends when the service does, even by SIGKILL."""
    while os.read(0, 4096):
        pass
    os._exit(FAILED)


if __name__ == "__main__":
    typer.run(main)
