"""Alembic's entry: runs the steps on the connection that `schema.py` hands over."""

from alembic import context

from cti_server.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
