"""The rights to read the lists of suppliers and customers."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

READERS = ("manager", "supervisor", "specialist", "analyst", "division_lead")
GRANTS = [
    *((group, "read", "supplier", "any", "*") for group in (*READERS, "purchasing")),
    *((group, "read", "customer", "any", "*") for group in READERS),
]


def upgrade() -> None:
    # An installation that has grants has those that came with it; a new one gets them all when it is made.
    names = ("group", "verb", "kind", "relation", "fields")
    grants = sa.table("grants", *(sa.column(name) for name in names))
    bind = op.get_bind()
    if bind.execute(sa.select(grants.c.group).limit(1)).first() is not None:
        bind.execute(sa.insert(grants), [dict(zip(names, row, strict=True)) for row in GRANTS])
