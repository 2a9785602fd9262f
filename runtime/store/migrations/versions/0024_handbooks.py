"""Versions of the handbook, who has acknowledged them, and the rights to read, load and look after them."""

import sqlalchemy as sa
from alembic import op

from runtime.store.db import Id, Instant, Tagged

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

GRANTS = [
    ("*", "read", "handbook", "any", "*"),
    ("*", "read", "process", "any", "*"),
    ("admin", "publish", "handbook", "any", "*"),
    ("*", "read", "acknowledgement", "subordinate", "*"),
    ("hr", "read", "acknowledgement", "any", "*"),
    ("admin", "read", "acknowledgement", "any", "*"),
]


def upgrade() -> None:
    op.create_table(
        "handbooks",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("files", Tagged(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("loaded_at", Instant(), nullable=False),
        sa.Column("loaded_by", Id),
        sa.ForeignKeyConstraint(["loaded_by"], ["people.id"], name="fk_handbooks_loaded_by"),
        sa.PrimaryKeyConstraint("id", name="pk_handbooks"),
        sa.UniqueConstraint("number", name="uq_handbooks_number"),
    )
    op.create_table(
        "handbook_acknowledgements",
        sa.Column("handbook_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("handbook_id", "person_id", name="pk_handbook_acknowledgements"),
        sa.ForeignKeyConstraint(
            ["handbook_id"], ["handbooks.id"], name="fk_handbook_acknowledgements_handbook_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_handbook_acknowledgements_person_id"),
    )
    # An installation that has grants has those that came with it; a new one gets them all when it is made.
    names = ("group", "verb", "kind", "relation", "fields")
    grants = sa.table("grants", *(sa.column(name) for name in names))
    bind = op.get_bind()
    if bind.execute(sa.select(grants.c.group).limit(1)).first() is not None:
        bind.execute(sa.insert(grants), [dict(zip(names, row, strict=True)) for row in GRANTS])
