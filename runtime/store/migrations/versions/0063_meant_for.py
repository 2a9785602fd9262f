"""What somebody has by name in the place of who is away goes back to them."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In one statement: SQLite adds no constraint to a table that is there.
    number = db.Id.compile(op.get_bind().dialect)
    op.execute(
        f"ALTER TABLE user_tasks ADD COLUMN meant_for_id {number}"
        " CONSTRAINT fk_user_tasks_meant_for_id REFERENCES people (id)"
    )
    op.create_index(
        "ix_user_tasks_meant_for",
        "user_tasks",
        ["meant_for_id"],
        sqlite_where=sa.text("meant_for_id IS NOT NULL AND state = 'claimed'"),
        postgresql_where=sa.text("meant_for_id IS NOT NULL AND state = 'claimed'"),
    )
