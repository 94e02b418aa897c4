"""A copy of the SQLite database while it is used, by SQLite's own online backup."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from .database import sqlite_file


class BackupError(Exception):
    """Why there is no copy, in one sentence."""


def backup(url: str, folder: Path, target: Path) -> int:
    """Writes the copy, checks it, and returns how many accounts are in it. Nothing is left behind if that fails."""
    source = sqlite_file(url, folder)
    if source is None:
        raise BackupError("The database is not SQLite; copy it with pg_dump.")
    if not source.is_file():
        raise BackupError(f"There is no database {source}.")
    if target.exists():
        raise BackupError(f"{target} exists already.")
    draft = target.with_name(f".{target.name}.draft")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        with contextlib.closing(sqlite3.connect(draft)) as copy:
            with contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as opened:
                opened.backup(copy)
            if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise BackupError("The copy is damaged, and so may be the database.")
            copy.execute("PRAGMA journal_mode=DELETE")
            rows = int(copy.execute("SELECT count(*) FROM accounts").fetchone()[0])
        draft.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"The copy cannot be made: {error}.") from None
    finally:
        draft.unlink(missing_ok=True)
    return rows
