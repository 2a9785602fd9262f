"""Data analyses with what they were made of, models, reports and decisions."""

import sqlalchemy as sa
from alembic import op

from runtime.ledger import append_only
from runtime.store import db

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analysis_models",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_models")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_analysis_models_name_version")),
    )
    op.create_table(
        "analyses",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("checks", db.Tagged(), nullable=True),
        sa.Column("good", sa.Boolean(), nullable=True),
        sa.Column("caveat", sa.Text(), nullable=True),
        sa.Column("accepted_by", sa.String(length=32), nullable=True),
        sa.Column("model_id", db.Id, nullable=True),
        sa.Column("analyst", sa.String(length=32), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("results", sa.Text(), nullable=True),
        sa.Column("submitted_at", db.Instant(timezone=True), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("closed_at", db.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["model_id"], ["analysis_models.id"], name=op.f("fk_analyses_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analyses")),
        sa.UniqueConstraint("number", name=op.f("uq_analyses_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_analyses_public_id")),
    )
    op.create_index(
        "uq_analyses_under_way",
        "analyses",
        ["period"],
        unique=True,
        sqlite_where=sa.text("state != 'decided'"),
        postgresql_where=sa.text("state != 'decided'"),
    )
    op.create_table(
        "analysis_sets",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("analysis_id", db.Id, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["analysis_id"], ["analyses.id"], name=op.f("fk_analysis_sets_analysis_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_sets")),
        sa.UniqueConstraint(
            "analysis_id", "attempt", "name", name=op.f("uq_analysis_sets_analysis_id_attempt_name")
        ),
    )
    op.create_table(
        "analysis_figures",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("analysis_id", db.Id, nullable=False),
        sa.Column("figure", sa.String(length=32), nullable=False),
        sa.Column("value", db.Exact(), nullable=False),
        sa.Column("target", db.Exact(), nullable=True),
        sa.Column("better", sa.String(length=8), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("former", db.Exact(), nullable=True),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analyses.id"], name=op.f("fk_analysis_figures_analysis_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_figures")),
        sa.UniqueConstraint("analysis_id", "figure", name=op.f("uq_analysis_figures_analysis_id_figure")),
    )
    op.create_table(
        "analysis_recommendations",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("analysis_id", db.Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analyses.id"], name=op.f("fk_analysis_recommendations_analysis_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_recommendations")),
        sa.UniqueConstraint(
            "analysis_id", "number", name=op.f("uq_analysis_recommendations_analysis_id_number")
        ),
    )
    op.create_table(
        "analysis_decisions",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("recommendation_id", db.Id, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("adopted", sa.Boolean(), nullable=False),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("owner", sa.String(length=32), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recommendation_id"],
            ["analysis_recommendations.id"],
            name=op.f("fk_analysis_decisions_recommendation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_decisions")),
        sa.UniqueConstraint(
            "recommendation_id", "role", name=op.f("uq_analysis_decisions_recommendation_id_role")
        ),
    )
    op.create_table(
        "data_repairs",
        sa.Column("id", db.Id, nullable=False),
        sa.Column("analysis_id", db.Id, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("mended", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["analysis_id"], ["analyses.id"], name=op.f("fk_data_repairs_analysis_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_repairs")),
        sa.UniqueConstraint(
            "analysis_id", "attempt", "owner", name=op.f("uq_data_repairs_analysis_id_attempt_owner")
        ),
    )
    for table in ("analysis_models", "analysis_sets", "analysis_figures"):
        for statement in append_only.statements(table, op.get_bind().dialect.name):
            op.execute(statement)
