"""The right to see where a matter stands that one began and that is for human resources alone."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

GRANTS = [("*", "read", "hr_case", "started", "title,status,diagram,tasks")]


def upgrade() -> None:
    # An installation that has grants has those that came with it; a new one gets them all when it is made.
    names = ("group", "verb", "kind", "relation", "fields")
    grants = sa.table("grants", *(sa.column(name) for name in names))
    bind = op.get_bind()
    if bind.execute(sa.select(grants.c.group).limit(1)).first() is not None:
        bind.execute(sa.insert(grants), [dict(zip(names, row, strict=True)) for row in GRANTS])
