"""External workers: what they are to do, who asked for it, which topics of a diagram are theirs; priorities of jobs."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of the diagrams that are deployed already none has a topic that is no operation: it was refused.
    op.add_column("resources", sa.Column("external_topics", db.Tagged(), nullable=True))
    op.add_column("jobs", sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "external_topics",
        sa.Column("topic", sa.String(length=255), nullable=False),
        sa.Column("worker", sa.String(length=128), nullable=False),
        sa.Column("fetched_at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_external_topics")),
    )
    op.create_table(
        "external_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(length=128), nullable=False),
        sa.Column("element", sa.String(length=128), nullable=False),
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=255), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("worker", sa.String(length=128), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("locked_until", db.Instant(), nullable=True),
        sa.Column("available_at", db.Instant(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["people.id"], name=op.f("fk_external_tasks_actor_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_external_tasks_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_tasks")),
        sa.UniqueConstraint("public_id", name=op.f("uq_external_tasks_public_id")),
    )
    op.create_index("ix_external_tasks_activity", "external_tasks", ["activity"])
    op.create_index("ix_external_tasks_case_id", "external_tasks", ["case_id"])
    for name, columns in (
        ("ix_external_tasks_topic", ["topic", "id"]),
        ("ix_external_tasks_rank", ["topic", "rank", "id"]),
    ):
        op.create_index(
            name,
            "external_tasks",
            columns,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
