"""Alembic's entry: migrations run on the connection that migrate.py hands over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=None,
    # Several steps are one transaction, opened by migrate.upgrade.
    transaction_per_migration=False,
    render_as_batch=True,
)
context.run_migrations()
