"""Signals and conditions: what waits is a message or a signal, and messages are kept for a settable time."""

import sqlalchemy as sa
from alembic import op

from runtime.ids import public_id
from runtime.store import db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "subscriptions", sa.Column("kind", sa.String(length=8), nullable=False, server_default="message")
    )
    op.drop_index("ix_subscriptions_name_key", "subscriptions")
    op.create_index("ix_subscriptions_kind_name_key", "subscriptions", ["kind", "name", "key"])
    # Nothing refers to it, so SQLite may copy it; jobs and subscriptions only gain columns.
    with op.batch_alter_table("start_events") as starts:
        starts.alter_column(
            "kind", existing_type=sa.String(length=8), type_=sa.String(length=12), existing_nullable=False
        )
    op.add_column("jobs", sa.Column("public_id", sa.String(length=32), nullable=True))
    op.add_column("jobs", sa.Column("expires_at", db.Instant(), nullable=True))
    op.add_column("jobs", sa.Column("receivers", sa.Text(), nullable=True))
    op.create_index("ix_jobs_public_id", "jobs", ["public_id"], unique=True)
    _name_messages()


def _name_messages() -> None:
    """Messages that are there already are shown too. They were kept without end, and stay so."""
    jobs = sa.table("jobs", sa.column("id"), sa.column("kind"), sa.column("state"), sa.column("public_id"))
    connection = op.get_bind()
    shown = sa.select(jobs.c.id).where(
        jobs.c.kind == "message", jobs.c.state.in_(("waiting", "kept", "failed"))
    )
    for (job,) in connection.execute(shown).all():
        connection.execute(sa.update(jobs).where(jobs.c.id == job).values(public_id=public_id()))
