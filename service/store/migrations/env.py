"""What Alembic runs: the steps, on the connection and in the transaction it is handed."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    # SQLite can roll back table changes too, once the driver's own BEGIN is out of the way.
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
