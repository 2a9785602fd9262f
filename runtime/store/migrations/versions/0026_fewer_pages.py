"""A step writes fewer pages: on SQLite what happened and who may claim a task lie in their keys' order, without a
table beside it, and the index of done tasks holds no others (decision 0031)."""

import sqlalchemy as sa
from alembic import op

from runtime.store import user_tasks

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

IN_ORDER_OF = {"events": "case_id, sequence", "user_task_candidates": "task_id, who"}


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
    # SQLite looks through all triggers when a table is renamed, and this one's would be gone.
    op.execute("DROP TRIGGER user_tasks_candidates")
    for table, key in IN_ORDER_OF.items():
        _without_rowid(table, key)
    for statement in user_tasks.followers("sqlite"):
        op.execute(statement)


def _without_rowid(table: str, key: str) -> None:
    """The table as it is described now, with its rows and indexes."""
    connection = op.get_bind()
    described = connection.execute(
        sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL ORDER BY type DESC"),
        {"name": table},
    ).all()
    [made] = [text for kind, text in described if kind == "table"]
    head, body = made.split("(", 1)
    op.execute(f"{head.replace(table, f'{table}_in_order')}({body} WITHOUT ROWID")
    op.execute(f"INSERT INTO {table}_in_order SELECT * FROM {table} ORDER BY {key}")
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {table}_in_order RENAME TO {table}")
    for kind, text in described:
        if kind == "index":
            op.execute(text)
