"""A step writes fewer pages: on SQLite who may claim a task lies in its key's order, without a table beside it,
and the index of done tasks holds no others (decision 0031)."""

import sqlalchemy as sa
from alembic import op

from runtime.store import user_tasks

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TABLE = "user_task_candidates"


def upgrade() -> None:
    op.drop_index("ix_user_tasks_done", "user_tasks")
    op.create_index(
        "ix_user_tasks_done",
        "user_tasks",
        ["completed_by", "completed_at", "id"],
        sqlite_where=sa.text("completed_by IS NOT NULL"),
        postgresql_where=sa.text("completed_by IS NOT NULL"),
    )
    if op.get_bind().dialect.name != "sqlite":
        return
    connection = op.get_bind()
    found = sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL")
    described = connection.execute(found, {"name": TABLE}).all()
    [made] = [text for kind, text in described if kind == "table"]
    head, columns = made.split("(", 1)
    # SQLite looks through all triggers when a table is renamed, and this one's would be gone.
    op.execute("DROP TRIGGER user_tasks_candidates")
    op.execute(f"{head.replace(TABLE, 'in_order')}({columns} WITHOUT ROWID")
    op.execute(f"INSERT INTO in_order SELECT * FROM {TABLE} ORDER BY task_id, who")
    op.execute(f"DROP TABLE {TABLE}")
    op.execute(f"ALTER TABLE in_order RENAME TO {TABLE}")
    for text in [text for kind, text in described if kind == "index"] + user_tasks.followers("sqlite"):
        op.execute(text)
