"""Attendance exceptions, awards and improvement plans."""

import sqlalchemy as sa
from alembic import op

from runtime.store.db import Exact, Id, Instant

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attendance_exceptions",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attendance_exceptions"),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("counts_as", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("imported_by", sa.String(32), nullable=False),
        sa.Column("explanation", sa.Text()),
        sa.Column("decided_by", sa.String(32)),
        sa.Column("decided_at", Instant()),
        sa.UniqueConstraint("public_id", name="uq_attendance_exceptions_public_id"),
        sa.UniqueConstraint("person", "day", "kind", name="uq_attendance_exceptions_person_day_kind"),
    )
    op.create_table(
        "awards",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_awards"),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("nominated_by", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("amount", Exact(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("approved_by", sa.String(32)),
        sa.Column("approved_at", Instant()),
        sa.Column("paid_by", sa.String(32)),
        sa.UniqueConstraint("public_id", name="uq_awards_public_id"),
        sa.UniqueConstraint("number", name="uq_awards_number"),
    )
    op.create_index("ix_awards_person", "awards", ["person"])
    op.create_table(
        "improvement_plans",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_improvement_plans"),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("employee", sa.String(32), nullable=False),
        sa.Column("superior", sa.String(32), nullable=False),
        sa.Column("appraisal", sa.String(32)),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text()),
        sa.Column("goals", sa.Text()),
        sa.Column("support", sa.Text()),
        sa.Column("review_on", sa.Date()),
        sa.Column("extended", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("closed_at", Instant()),
        sa.UniqueConstraint("number", name="uq_improvement_plans_number"),
        sa.UniqueConstraint("public_id", name="uq_improvement_plans_public_id"),
    )
    op.create_index("ix_improvement_plans_employee", "improvement_plans", ["employee"])
