"""In whose place a task was taken, and which leaves that began were acted on."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In one statement: SQLite adds no constraint to a table that is there.
    number = db.Id.compile(op.get_bind().dialect)
    op.execute(
        f"ALTER TABLE user_tasks ADD COLUMN principal_id {number}"
        " CONSTRAINT fk_user_tasks_principal_id REFERENCES people (id)"
    )
    op.create_table(
        "absences",
        sa.Column("leave", sa.String(length=32), nullable=False),
        sa.Column("freed_at", db.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("leave", name=op.f("pk_absences")),
    )
