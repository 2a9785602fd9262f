"""Comments on cases and tasks, and whom they mention."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comments",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", db.Id, nullable=False),
        sa.Column("task_id", db.Id, nullable=True),
        sa.Column("author_id", db.Id, nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_at", db.Instant(timezone=True), nullable=True),
        sa.Column("withdrawn_at", db.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_comments_case_id")),
        sa.ForeignKeyConstraint(["task_id"], ["user_tasks.id"], name=op.f("fk_comments_task_id")),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_comments_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
        sa.UniqueConstraint("public_id", name=op.f("uq_comments_public_id")),
    )
    op.create_index("ix_comments_case", "comments", ["case_id", "id"])
    op.create_index(op.f("ix_comments_task_id"), "comments", ["task_id"])
    op.create_table(
        "comment_mentions",
        sa.Column("comment_id", db.Id, nullable=False),
        sa.Column("person_id", db.Id, nullable=False),
        sa.Column("said", sa.String(length=128), nullable=False),
        sa.Column("read_at", db.Instant(timezone=True), nullable=True),
        sa.Column("mail_at", db.Instant(timezone=True), nullable=True),
        sa.Column("mails", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_comment_mentions_comment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_comment_mentions_person_id")),
        sa.PrimaryKeyConstraint("comment_id", "person_id", name=op.f("pk_comment_mentions")),
    )
    op.create_index("ix_comment_mentions_person", "comment_mentions", ["person_id", "comment_id"])
    for name, column, where in (
        ("ix_comment_mentions_unread", ["person_id", "comment_id"], "read_at IS NULL"),
        ("ix_comment_mentions_mail", ["mail_at"], "mail_at IS NOT NULL"),
    ):
        condition = sa.text(where)
        op.create_index(name, "comment_mentions", column, sqlite_where=condition, postgresql_where=condition)
