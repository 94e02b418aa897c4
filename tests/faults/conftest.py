"""A store and a ledger on real servers, for what needs no more than these."""

from __future__ import annotations

from tests.metering_stores import bus, ledger, store

__all__ = ["bus", "ledger", "store"]
