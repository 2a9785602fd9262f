"""Undertakings of confidentiality, the log of exports, and breaches."""

import sqlalchemy as sa
from alembic import op

from runtime.store.db import Id, Instant

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "undertaking_texts",
        sa.Column("id", Id, nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("drafted_by", sa.String(32), nullable=False),
        sa.Column("approved_by", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_undertaking_texts"),
        sa.UniqueConstraint("public_id", name="uq_undertaking_texts_public_id"),
        sa.UniqueConstraint("version", name="uq_undertaking_texts_version"),
    )
    op.create_table(
        "undertakings",
        sa.Column("id", Id, nullable=False),
        sa.Column(
            "text_id",
            Id,
            sa.ForeignKey("undertaking_texts.id", name="fk_undertakings_text_id"),
            nullable=False,
        ),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_undertakings"),
        sa.UniqueConstraint("text_id", "person", name="uq_undertakings_text_id_person"),
    )
    op.create_table(
        "data_exports",
        sa.Column("id", Id, nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.String(32), nullable=False),
        sa.Column("approved_by", sa.String(32)),
        sa.Column("cleared_by", sa.String(32)),
        sa.Column("rows", sa.Integer()),
        sa.Column("sha256", sa.String(64)),
        sa.Column("made_at", Instant()),
        sa.Column("received", sa.Boolean()),
        sa.Column("closed_at", Instant()),
        sa.PrimaryKeyConstraint("id", name="pk_data_exports"),
        sa.UniqueConstraint("public_id", name="uq_data_exports_public_id"),
        sa.UniqueConstraint("number", name="uq_data_exports_number"),
    )
    op.create_table(
        "confidentiality_breaches",
        sa.Column("id", Id, nullable=False),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("reported_by", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(16)),
        sa.Column("containment", sa.Text()),
        sa.Column("assessed_by", sa.String(32)),
        sa.Column("measures", sa.Text()),
        sa.Column("closed_by", sa.String(32)),
        sa.Column("closed_at", Instant()),
        sa.PrimaryKeyConstraint("id", name="pk_confidentiality_breaches"),
        sa.UniqueConstraint("number", name="uq_confidentiality_breaches_number"),
        sa.UniqueConstraint("public_id", name="uq_confidentiality_breaches_public_id"),
    )
