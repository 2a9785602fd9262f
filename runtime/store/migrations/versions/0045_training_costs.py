"""What a training costs, and how much of it its year's plan had committed."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not a batch with a constraint: SQLite would make the table anew, and drops none that others refer to.
    op.add_column("trainings", sa.Column("cost", db.Exact(), server_default="0", nullable=False))
    op.execute(
        "ALTER TABLE trainings ADD COLUMN plan_id "
        f"{'BIGINT' if op.get_bind().dialect.name == 'postgresql' else 'INTEGER'} "
        "CONSTRAINT fk_trainings_plan_id REFERENCES training_plans (id)"
    )
    op.add_column("trainings", sa.Column("covered", db.Exact(), server_default="0", nullable=False))
