"""When human resources told the result of an appraisal to who had left, and who of it."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appraisals", sa.Column("told_on", sa.Date(), nullable=True))
    op.add_column("appraisals", sa.Column("told_by", sa.String(length=32), nullable=True))
