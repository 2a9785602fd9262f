"""What a wage comprises, and who confirmed it."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("wages", sa.Column("definition", sa.String(24)))
    op.add_column("wages", sa.Column("confirmed_by", sa.String(32)))
