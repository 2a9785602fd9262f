"""The inbox at size: ready tasks by group and age, due date or priority, in indexes of their own."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEVER = "9999-12-31T00:00:00.000000Z"


def upgrade() -> None:
    op.add_column(
        "user_tasks", sa.Column("case_process", sa.String(length=128), nullable=False, server_default="")
    )
    op.execute(
        "UPDATE user_tasks SET case_process = (SELECT process FROM cases WHERE cases.id = user_tasks.case_id)"
    )
    for column in (
        sa.Column("ready", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("due_by", db.Instant(), nullable=False, server_default=NEVER),
        sa.Column("rank", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("process", sa.String(length=128), nullable=False, server_default=""),
        sa.Column("element", sa.String(length=128), nullable=False, server_default=""),
    ):
        op.add_column("user_task_candidates", column)
    op.execute(
        "UPDATE user_task_candidates SET (ready, due_by, rank, process, element) = "
        f"(SELECT state = 'ready', coalesce(due_at, '{NEVER}'), -priority, case_process, element "
        "FROM user_tasks WHERE id = user_task_candidates.task_id)"
    )
    op.drop_index("ix_user_task_candidates_who", "user_task_candidates")
    for by, key in (("age", "created_at"), ("due", "due_by"), ("priority", "rank")):
        op.create_index(
            f"ix_user_task_candidates_by_{by}",
            "user_task_candidates",
            ["who", key, "task_id", "process", "element"],
            sqlite_where=sa.text("ready = 1"),
            postgresql_where=sa.text("ready"),
        )
    op.drop_index("ix_user_tasks_mine", "user_tasks")
    op.create_index(
        "ix_user_tasks_mine",
        "user_tasks",
        ["assignee_id", "created_at", "id", "due_at", "priority", "follow_up_at", "case_process", "element"],
        sqlite_where=sa.text("state = 'claimed'"),
        postgresql_where=sa.text("state = 'claimed'"),
    )
    _follow()


def _follow() -> None:
    """Candidates follow their task."""
    changed = (
        "(OLD.state = 'ready') <> (NEW.state = 'ready') OR OLD.priority <> NEW.priority OR OLD.due_at {} NEW.due_at"
    )
    update = (
        "UPDATE user_task_candidates SET ready = (NEW.state = 'ready'), rank = -NEW.priority,"
        f" due_by = coalesce(NEW.due_at, '{NEVER}') WHERE task_id = NEW.id;"
    )
    head = "CREATE TRIGGER user_tasks_candidates AFTER UPDATE OF state, priority, due_at ON user_tasks FOR EACH ROW"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"{head} WHEN {changed.format('IS NOT')} BEGIN {update} END")
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION follow_user_task() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {update} RETURN NULL; END $$"
    )
    op.execute(f"{head} WHEN ({changed.format('IS DISTINCT FROM')}) EXECUTE FUNCTION follow_user_task()")
