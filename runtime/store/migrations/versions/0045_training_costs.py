"""What a training costs, and how much of it its year's plan had committed."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("trainings") as trainings:
        trainings.add_column(sa.Column("cost", db.Exact(), server_default="0", nullable=False))
        trainings.add_column(sa.Column("plan_id", db.Id, nullable=True))
        trainings.add_column(sa.Column("covered", db.Exact(), server_default="0", nullable=False))
        trainings.create_foreign_key("fk_trainings_plan_id", "training_plans", ["plan_id"], ["id"])
