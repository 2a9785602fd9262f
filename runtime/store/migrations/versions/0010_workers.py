"""Workers: who holds a job, instead of until when."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("started_at", db.Instant(), nullable=False),
        sa.Column("seen_at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
        sqlite_autoincrement=True,
    )
    # Written out, since SQLite takes a reference only with the column that it is of.
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(
        f"ALTER TABLE jobs ADD COLUMN worker_id {kind} CONSTRAINT fk_jobs_worker_id REFERENCES workers (id)"
    )
    op.drop_index("ix_jobs_due", "jobs")
    op.drop_index("ix_jobs_priority", "jobs")
    _partial("ix_jobs_due", ["priority", "due_at", "id"], "state = 'waiting' AND worker_id IS NULL")
    _partial("ix_jobs_worker", ["worker_id"], "worker_id IS NOT NULL")
    _partial("ix_jobs_expiring", ["expires_at"], "state = 'kept'")
    # No worker runs while the tables change: what one held is anybody's.
    op.drop_column("jobs", "leased_until")


def _partial(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "jobs", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
