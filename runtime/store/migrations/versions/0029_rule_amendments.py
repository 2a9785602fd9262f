"""When a rule's draft was proven, and who decided that it holds."""

import sqlalchemy as sa
from alembic import op

from runtime.store.db import Instant

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.add_column("resources", sa.Column("proven_at", Instant()))
    op.execute(
        f"ALTER TABLE resources ADD COLUMN approved_by {kind} "
        "CONSTRAINT fk_resources_approved_by REFERENCES people (id)"
    )
