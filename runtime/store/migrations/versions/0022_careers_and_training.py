"""Careers and training."""

import sqlalchemy as sa
from alembic import op

from runtime.store.db import Exact, Id, Instant, Tagged

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    off = sa.text("false" if op.get_bind().dialect.name == "postgresql" else "0")
    op.create_table(
        "development_plans",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_development_plans"),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("employee", sa.String(32), nullable=False),
        sa.Column("interviewer", sa.String(32), nullable=False),
        sa.Column("goals", sa.Text(), nullable=False),
        sa.Column("actions", Tagged(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("public_id", name="uq_development_plans_public_id"),
    )
    op.create_index("ix_development_plans_employee", "development_plans", ["employee"])
    op.create_table(
        "vacancies",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_vacancies"),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("group", sa.String(32), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.Date(), nullable=False),
        sa.Column("posted_by", sa.String(32), nullable=False),
        sa.Column("approved_by", sa.String(32), nullable=False),
        sa.UniqueConstraint("number", name="uq_vacancies_number"),
        sa.UniqueConstraint("public_id", name="uq_vacancies_public_id"),
    )
    op.create_table(
        "career_moves",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_career_moves"),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("asked_by", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("from_groups", sa.String(256), nullable=False),
        sa.Column("to_group", sa.String(32), nullable=False),
        sa.Column("vacancy_id", Id, sa.ForeignKey("vacancies.id", name="fk_career_moves_vacancy_id")),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("approved_by", sa.String(32)),
        sa.Column("effective_on", sa.Date()),
        sa.Column("decided_at", Instant()),
        sa.UniqueConstraint("public_id", name="uq_career_moves_public_id"),
        sa.UniqueConstraint("number", name="uq_career_moves_number"),
    )
    op.create_index("ix_career_moves_person", "career_moves", ["person"])
    op.create_table(
        "training_needs",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_training_needs"),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
    )
    op.create_index("ix_training_needs_year", "training_needs", ["year", "id"])
    op.create_table(
        "training_plans",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_training_plans"),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("drafted_by", sa.String(32), nullable=False),
        sa.Column("lines", Tagged(), nullable=False),
        sa.Column("total", Exact(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("approved_by", sa.String(32)),
        sa.Column("approved_at", Instant()),
        sa.UniqueConstraint("public_id", name="uq_training_plans_public_id"),
        sa.UniqueConstraint("number", name="uq_training_plans_number"),
    )
    op.create_table(
        "trainings",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trainings"),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("area", sa.String(16), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("trainer", sa.String(32), nullable=False),
        sa.Column("organiser", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.UniqueConstraint("public_id", name="uq_trainings_public_id"),
        sa.UniqueConstraint("number", name="uq_trainings_number"),
    )
    op.create_table(
        "training_records",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_training_records"),
        sa.Column(
            "training_id",
            Id,
            sa.ForeignKey("trainings.id", name="fk_training_records_training_id"),
            nullable=False,
        ),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("attended", sa.Boolean()),
        sa.Column("score", Exact()),
        sa.Column("resit", sa.Boolean(), nullable=False, server_default=off),
        sa.Column("usefulness", sa.Integer()),
        sa.Column("remark", sa.Text()),
        sa.UniqueConstraint("training_id", "person", name="uq_training_records_training_id_person"),
    )
    op.create_index("ix_training_records_person", "training_records", ["person"])
