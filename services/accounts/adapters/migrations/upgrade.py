"""Brings the schema up to date, whoever else is doing so at the same moment."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from ..sql.database import Database

FOLDER = Path(__file__).parent
# Any number, the same for all replicas.
ADVISORY_LOCK = 6_337_263_533

log = structlog.get_logger(__name__)


def config() -> Config:
    found = Config()
    found.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return found


async def upgrade(database: Database, seconds: float, revision: str = "head") -> None:
    """All migrations up to `revision`, in one transaction. Of several that start at once, one migrates and the others
    wait. A schema that is newer than this code is left as it is: a release before this one must be able to go on."""
    async with database.transaction(write=True, seconds=seconds) as connection:
        if not database.is_sqlite:
            await connection.execute(sa.text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}"))
            await connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        await connection.run_sync(_upgrade, revision)


def _upgrade(connection: sa.Connection, revision: str) -> None:
    used = config()
    used.attributes["connection"] = connection
    present = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(used).walk_revisions()}
    if present is not None and present not in known:
        log.warning("the database has a newer schema than this release knows", revision=present)
        return
    command.upgrade(used, revision)
