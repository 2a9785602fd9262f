"""What is large in a case's state, in parts of its own. States of before are split when their case moves."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_parts",
        sa.Column("case_id", db.Id, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name="fk_case_parts_case_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "digest", name="pk_case_parts"),
    )
