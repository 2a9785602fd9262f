"""Search: an index of every case's title and business key."""

from alembic import op

from runtime.store import search

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What the index is made of, and by which words, is what this version says it is.
    for statement in search.TABLE[op.get_bind().dialect.name]:
        op.execute(statement)
    search.rebuild(op.get_bind())
