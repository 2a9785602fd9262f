"""An operation over very many is done in several transactions: what each of them gave."""

import sqlalchemy as sa
from alembic import op

from runtime.store.db import Instant, Tagged

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "effect_parts",
        sa.Column("key", sa.String(512), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("result", Tagged, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("key", "number", name=op.f("pk_effect_parts")),
    )
