"""The event of a registration merges the guest although the account's first view has done so."""

from __future__ import annotations

from services import cli
from tests.faults.broken.patched import patch

if __name__ == "__main__":
    patch(("  if account.erased or account.merged then\n    return -1\n", "  if account.erased then\n    return -1\n"))
    cli.main()
