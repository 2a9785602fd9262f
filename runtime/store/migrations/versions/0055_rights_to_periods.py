"""The right to read which months are closed."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

GRANTS = [(group, "read", "period", "any", "*") for group in ("finance", "manager", "division_lead")]


def upgrade() -> None:
    # An installation that has grants has those that came with it; a new one gets them all when it is made.
    names = ("group", "verb", "kind", "relation", "fields")
    grants = sa.table("grants", *(sa.column(name) for name in names))
    bind = op.get_bind()
    if bind.execute(sa.select(grants.c.group).limit(1)).first() is not None:
        bind.execute(sa.insert(grants), [dict(zip(names, row, strict=True)) for row in GRANTS])
