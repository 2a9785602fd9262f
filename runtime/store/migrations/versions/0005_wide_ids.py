"""Ids of 64 bits on PostgreSQL; those of SQLite always had them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Keys and what refers to them.
NARROW = """
    SELECT DISTINCT relation.relname AS "table", attribute.attname AS "column"
    FROM pg_constraint AS held
    JOIN pg_class AS relation ON relation.oid = held.conrelid
    JOIN pg_attribute AS attribute
        ON attribute.attrelid = held.conrelid AND attribute.attnum = ANY (held.conkey)
    WHERE held.contype IN ('p', 'f') AND attribute.atttypid = 'int4'::regtype
        AND relation.relnamespace = current_schema()::regnamespace
        AND (held.contype = 'f' OR attribute.attname = 'id')
    ORDER BY 1, 2
"""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    for row in connection.execute(sa.text(NARROW)).all():
        op.alter_column(row.table, row.column, type_=sa.BigInteger(), existing_type=sa.Integer())
        if row.column == "id":
            connection.exec_driver_sql(f'ALTER SEQUENCE "{row.table}_id_seq" AS bigint')
