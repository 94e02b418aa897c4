"""What alembic runs: the migrations, on the connection and in the transaction that `upgrade` has opened."""

from __future__ import annotations

from alembic import context

from services.accounts.adapters.sql.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
