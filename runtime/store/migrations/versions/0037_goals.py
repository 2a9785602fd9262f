"""Plans and goals, and what was said of them at reviews."""

import sqlalchemy as sa
from alembic import op

from runtime.ledger import append_only
from runtime.store import db

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "goal_plans",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", db.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_plans")),
        sa.UniqueConstraint("number", name=op.f("uq_goal_plans_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_goal_plans_public_id")),
    )
    op.create_index("ix_goal_plans_owner", "goal_plans", ["owner"])
    op.create_table(
        "goals",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("plan_id", db.Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="open", nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["goal_plans.id"], name=op.f("fk_goals_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goals")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_goals_plan_id_number")),
    )
    op.create_table(
        "goal_reviews",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("goal_id", db.Id, nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("progress", db.Exact(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("measures", sa.Text(), nullable=True),
        sa.Column("reported_by", sa.String(length=32), nullable=False),
        sa.Column("confirmed_by", sa.String(length=32), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["goals.id"], name=op.f("fk_goal_reviews_goal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_reviews")),
    )
    op.create_index("ix_goal_reviews_goal_id", "goal_reviews", ["goal_id"])
    for statement in append_only.statements("goal_reviews", op.get_bind().dialect.name):
        op.execute(statement)
