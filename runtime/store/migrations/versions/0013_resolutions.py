"""How an incident was dealt with, by whom and why."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute("ALTER TABLE incidents ADD COLUMN resolution VARCHAR(12)")
    op.execute(
        f"ALTER TABLE incidents ADD COLUMN resolved_by {kind} "
        "CONSTRAINT fk_incidents_resolved_by REFERENCES people (id)"
    )
    op.execute("ALTER TABLE incidents ADD COLUMN note TEXT")
