"""Meetings, notices and errands."""

import sqlalchemy as sa
from alembic import op

from runtime.store.db import Id, Instant

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meetings",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_meetings"),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("minutes", sa.Text()),
        sa.Column("written_by", sa.String(32)),
        sa.Column("closed_at", Instant()),
        sa.UniqueConstraint("number", name="uq_meetings_number"),
        sa.UniqueConstraint("public_id", name="uq_meetings_public_id"),
    )
    op.create_table(
        "meeting_updates",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_meeting_updates"),
        sa.Column(
            "meeting_id",
            Id,
            sa.ForeignKey("meetings.id", name="fk_meeting_updates_meeting_id"),
            nullable=False,
        ),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("done", sa.Text(), nullable=False),
        sa.Column("planned", sa.Text(), nullable=False),
        sa.Column("blocks", sa.Text()),
        sa.UniqueConstraint("meeting_id", "person", name="uq_meeting_updates_meeting_id_person"),
    )
    op.create_table(
        "notices",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("drafted_by", sa.String(32), nullable=False),
        sa.Column("approved_by", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("withdrawn_at", Instant()),
        sa.Column("withdrawn_because", sa.Text()),
        sa.UniqueConstraint("public_id", name="uq_notices_public_id"),
        sa.UniqueConstraint("number", name="uq_notices_number"),
    )
    op.create_table(
        "notice_readings",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notice_readings"),
        sa.Column(
            "notice_id", Id, sa.ForeignKey("notices.id", name="fk_notice_readings_notice_id"), nullable=False
        ),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("read_at", Instant(), nullable=False),
        sa.UniqueConstraint("notice_id", "person", name="uq_notice_readings_notice_id_person"),
    )
    op.create_table(
        "errands",
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_errands"),
        sa.Column("public_id", sa.String(32), nullable=False),
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("giver", sa.String(32), nullable=False),
        sa.Column("doer", sa.String(32), nullable=False),
        sa.Column("assignment", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("origin", sa.String(16)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("result", sa.Text()),
        sa.Column("done_at", Instant()),
        sa.Column("accepted_by", sa.String(32)),
        sa.UniqueConstraint("public_id", name="uq_errands_public_id"),
        sa.UniqueConstraint("number", name="uq_errands_number"),
    )
    op.create_index("ix_errands_doer", "errands", ["doer"])
