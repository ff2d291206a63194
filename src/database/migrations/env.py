"""What Alembic runs: the migrations on the connection, and in the transaction, that it is given."""

from __future__ import annotations

from alembic import context

from src.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite's is too, once the driver leaves transactions alone (see engine.py)
)
with context.begin_transaction():
    context.run_migrations()
