"""What was deployed together, and in which revision of the house a case began."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(
        f"ALTER TABLE resources ADD COLUMN deployment {kind} "
        "CONSTRAINT fk_resources_deployment REFERENCES admin_log (id)"
    )
    op.execute(f"ALTER TABLE cases ADD COLUMN revision {kind}")
