"""In whose place somebody may claim a task that waits for who is away."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In one statement: SQLite adds no constraint to a table that is there.
    number = db.Id.compile(op.get_bind().dialect)
    op.execute(
        f"ALTER TABLE user_task_candidates ADD COLUMN principal_id {number}"
        " CONSTRAINT fk_user_task_candidates_principal_id REFERENCES people (id)"
    )
    op.create_index(
        "ix_user_task_candidates_in_place",
        "user_task_candidates",
        ["principal_id"],
        sqlite_where=sa.text("principal_id IS NOT NULL"),
        postgresql_where=sa.text("principal_id IS NOT NULL"),
    )
