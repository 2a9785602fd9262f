"""Products: draft, listed, delisted, and the changes that were proposed and decided."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "product_changes",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("component_id", db.Id, nullable=False),
        sa.Column("before", db.Tagged(), nullable=False),
        sa.Column("after", db.Tagged(), nullable=False),
        sa.Column("files", db.Tagged(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=32), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_product_changes_component_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_changes")),
        sa.UniqueConstraint("number", name=op.f("uq_product_changes_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_product_changes_public_id")),
    )
    op.create_index(
        op.f("ix_product_changes_component_id"), "product_changes", ["component_id"], unique=False
    )
    op.add_column(
        "components", sa.Column("state", sa.String(length=16), server_default="listed", nullable=False)
    )
    listed = sa.table("components", sa.column("state"), sa.column("listed", sa.Boolean))
    op.execute(sa.update(listed).where(sa.not_(listed.c.listed)).values(state="delisted"))
    op.drop_column("components", "listed")
