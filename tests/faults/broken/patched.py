"""The meter's functions with something else in one place."""

from __future__ import annotations

from services.metering.adapters import valkey_store


def patch(*changes: tuple[str, str]) -> None:
    """Has the store load functions that differ from the real ones; each place must be there once."""
    source = valkey_store.functions()
    for before, after in changes:
        if source.count(before) != 1:
            raise ValueError(f"this is not once in the functions: {before}")
        source = source.replace(before, after)
    valkey_store.functions = lambda: source
