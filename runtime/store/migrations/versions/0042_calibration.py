"""Grades are calibrated before they are published, and days of employment known."""

import sqlalchemy as sa
from alembic import op

from runtime.ledger.append_only import statements
from runtime.store import db

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "employments",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("entered_by", sa.String(length=32), nullable=False),
        sa.Column("confirmed_by", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employments")),
    )
    op.create_index("ix_employments_person", "employments", ["person", "id"], unique=False)
    for statement in statements("employments", op.get_bind().dialect.name):
        op.execute(statement)
    op.create_table(
        "grade_calibrations",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("cycle_id", db.Id, nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("calibrated_by", sa.String(length=32), nullable=False),
        sa.Column("head_count", sa.Integer(), nullable=False),
        sa.Column("top_places", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["appraisal_cycles.id"], name=op.f("fk_grade_calibrations_cycle_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_calibrations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_grade_calibrations_public_id")),
    )
    op.create_index(op.f("ix_grade_calibrations_cycle_id"), "grade_calibrations", ["cycle_id"], unique=False)
    # Months that are under way end as they began.
    op.add_column(
        "appraisal_cycles", sa.Column("calibrated", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("appraisal_cycles", sa.Column("gathered_at", db.Instant(timezone=True), nullable=True))
    op.add_column("appraisals", sa.Column("proposed_grade", sa.String(length=16), nullable=True))
    op.add_column("appraisals", sa.Column("late_in_year", sa.Integer(), nullable=True))
    op.add_column("appraisals", sa.Column("bar", sa.String(length=16), nullable=True))
    op.add_column("appraisals", sa.Column("calibration_reason", sa.Text(), nullable=True))
    # Told in SQL: alembic would make a table that others refer to anew on SQLite.
    number = db.Id.compile(dialect=op.get_bind().dialect)
    op.execute(
        f"ALTER TABLE appraisals ADD COLUMN calibration_id {number} "
        "CONSTRAINT fk_appraisals_calibration_id REFERENCES grade_calibrations (id)"
    )
