"""The first tables: identity, deployments, cases, and the department's books."""

import sqlalchemy as sa
from alembic import op

from runtime.store import db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appraisal_cycles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("closed_at", db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appraisal_cycles")),
        sa.UniqueConstraint("period", name=op.f("uq_appraisal_cycles_period")),
        sa.UniqueConstraint("public_id", name=op.f("uq_appraisal_cycles_public_id")),
    )
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.CheckConstraint("kind IN ('holiday', 'workday')", name=op.f("ck_calendar_days_kind")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_days")),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("names", db.Tagged(), nullable=False),
        sa.Column("contact", sa.String(length=100), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("code", name=op.f("uq_customers_code")),
    )
    op.create_table(
        "document_numbers",
        sa.Column("prefix", sa.String(length=4), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", "year", name=op.f("pk_document_numbers")),
    )
    op.create_table(
        "effects",
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("result", db.Tagged(), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_effects")),
    )
    op.create_table(
        "files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_files")),
    )
    op.create_table(
        "folder_files",
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_folder_files")),
    )
    op.create_table(
        "grants",
        sa.Column("group", sa.String(length=32), nullable=False),
        sa.Column("verb", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("relation", sa.String(length=16), nullable=False),
        sa.Column("fields", sa.String(length=512), server_default="*", nullable=False),
        sa.PrimaryKeyConstraint("group", "verb", "kind", "relation", name=op.f("pk_grants")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("names", db.Tagged(), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=True),
        sa.Column("superior_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["superior_id"], ["people.id"], name=op.f("fk_people_superior_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("public_id", name=op.f("uq_people_public_id")),
        sa.UniqueConstraint("username", name=op.f("uq_people_username")),
    )
    op.create_index(op.f("ix_people_superior_id"), "people", ["superior_id"], unique=False)
    op.create_table(
        "start_events",
        sa.Column("process", sa.String(length=128), nullable=False),
        sa.Column("element", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("process", "element", name=op.f("pk_start_events")),
    )
    op.create_index("ix_start_events_kind_name", "start_events", ["kind", "name"], unique=False)
    op.create_table(
        "suppliers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("names", db.Tagged(), nullable=False),
        sa.Column("contact", sa.String(length=100), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers")),
        sa.UniqueConstraint("code", name=op.f("uq_suppliers_code")),
    )
    op.create_table(
        "wages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("wage", db.Exact(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("set_by", sa.String(length=32), nullable=True),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wages")),
    )
    op.create_index("ix_wages_person_effective", "wages", ["person", "effective_from", "id"], unique=False)
    op.create_table(
        "warehouses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("names", db.Tagged(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warehouses")),
        sa.UniqueConstraint("code", name=op.f("uq_warehouses_code")),
    )
    op.create_table(
        "admin_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("detail", db.Tagged(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["people.id"], name=op.f("fk_admin_log_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_log")),
    )
    op.create_table(
        "appraisals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("cycle_id", sa.Integer(), nullable=False),
        sa.Column("employee", sa.String(length=32), nullable=False),
        sa.Column("superior", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("self_work", db.Exact(), nullable=True),
        sa.Column("self_ability", db.Exact(), nullable=True),
        sa.Column("self_attitude", db.Exact(), nullable=True),
        sa.Column("evidence", db.Tagged(), nullable=True),
        sa.Column("self_skipped", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("work", db.Exact(), nullable=True),
        sa.Column("ability", db.Exact(), nullable=True),
        sa.Column("attitude", db.Exact(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("assessed_by", sa.String(length=32), nullable=True),
        sa.Column("score", db.Exact(), nullable=True),
        sa.Column("grade", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["cycle_id"], ["appraisal_cycles.id"], name=op.f("fk_appraisals_cycle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appraisals")),
        sa.UniqueConstraint("cycle_id", "employee", name=op.f("uq_appraisals_cycle_id_employee")),
        sa.UniqueConstraint("public_id", name=op.f("uq_appraisals_public_id")),
    )
    op.create_index(op.f("ix_appraisals_employee"), "appraisals", ["employee"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("process", sa.String(length=128), nullable=False),
        sa.Column("bindings", db.Tagged(), nullable=False),
        sa.Column("business_key", sa.String(length=255), server_default="", nullable=False),
        sa.Column("title", db.Tagged(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("end_event", sa.String(length=128), nullable=True),
        sa.Column("initiator_id", sa.Integer(), nullable=True),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.String(length=255), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("started_at", db.Instant(), nullable=False),
        sa.Column("ended_at", db.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["initiator_id"], ["people.id"], name=op.f("fk_cases_initiator_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["people.id"], name=op.f("fk_cases_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("cause", name=op.f("uq_cases_cause")),
        sa.UniqueConstraint("public_id", name=op.f("uq_cases_public_id")),
    )
    op.create_index("ix_cases_initiator_started", "cases", ["initiator_id", "started_at", "id"], unique=False)
    op.create_index("ix_cases_process_status", "cases", ["process", "status", "id"], unique=False)
    op.create_table(
        "components",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=32), nullable=False),
        sa.Column("names", db.Tagged(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("technology", sa.String(length=32), nullable=False),
        sa.Column("bifacial", sa.Boolean(), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=True),
        sa.Column("power", db.Exact(), nullable=True),
        sa.Column("voc", db.Exact(), nullable=True),
        sa.Column("isc", db.Exact(), nullable=True),
        sa.Column("vmp", db.Exact(), nullable=True),
        sa.Column("imp", db.Exact(), nullable=True),
        sa.Column("efficiency", db.Exact(), nullable=True),
        sa.Column("power_coefficient", db.Exact(), nullable=True),
        sa.Column("noct", db.Exact(), nullable=True),
        sa.Column("length", db.Exact(), nullable=True),
        sa.Column("width", db.Exact(), nullable=True),
        sa.Column("weight", db.Exact(), nullable=True),
        sa.Column("purchase_price", db.Exact(), nullable=False),
        sa.Column("sale_price", db.Exact(), nullable=True),
        sa.Column("usual_supplier_id", sa.Integer(), nullable=True),
        sa.Column("listed", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.ForeignKeyConstraint(
            ["usual_supplier_id"], ["suppliers.id"], name=op.f("fk_components_usual_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_components")),
        sa.UniqueConstraint("sku", name=op.f("uq_components_sku")),
    )
    op.create_table(
        "memberships",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("group", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_memberships_person_id")),
        sa.PrimaryKeyConstraint("person_id", "group", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_group"), "memberships", ["group"], unique=False)
    op.create_table(
        "resources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("base_version", sa.Integer(), nullable=True),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_resources_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resources")),
        sa.UniqueConstraint("kind", "key", "version", name=op.f("uq_resources_kind_key_version")),
        sa.UniqueConstraint("public_id", name=op.f("uq_resources_public_id")),
    )
    op.create_index("ix_resources_active", "resources", ["kind", "key", "state", "version"], unique=False)
    op.create_table(
        "sales_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("promised", sa.Date(), nullable=False),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_sales_orders_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_sales_orders_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sales_orders_public_id")),
    )
    op.create_index(
        "ix_sales_orders_confirmed",
        "sales_orders",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'confirmed'"),
        postgresql_where=sa.text("state = 'confirmed'"),
    )
    op.create_index(op.f("ix_sales_orders_customer_id"), "sales_orders", ["customer_id"], unique=False)
    op.create_table(
        "appraisal_appeals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("appraisal_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("grade_before", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_at", db.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appraisal_id"], ["appraisals.id"], name=op.f("fk_appraisal_appeals_appraisal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appraisal_appeals")),
        sa.UniqueConstraint("appraisal_id", name=op.f("uq_appraisal_appeals_appraisal_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_appraisal_appeals_public_id")),
    )
    op.create_table(
        "bonuses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("appraisal_id", sa.Integer(), nullable=False),
        sa.Column("employee", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("grade", sa.String(length=16), nullable=False),
        sa.Column("wage", db.Exact(), nullable=False),
        sa.Column("percent", db.Exact(), nullable=True),
        sa.Column("amount", db.Exact(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=32), nullable=True),
        sa.Column("exported_by", sa.String(length=32), nullable=True),
        sa.Column("exported_at", db.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["appraisal_id"], ["appraisals.id"], name=op.f("fk_bonuses_appraisal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bonuses")),
        sa.UniqueConstraint("appraisal_id", name=op.f("uq_bonuses_appraisal_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_bonuses_public_id")),
    )
    op.create_index(op.f("ix_bonuses_employee"), "bonuses", ["employee"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("element", sa.String(length=128), nullable=False),
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_decisions_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_case_id"), "decisions", ["case_id"], unique=False)
    op.create_index("ix_decisions_rule_at", "decisions", ["rule", "id"], unique=False)
    op.create_table(
        "demand",
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pieces", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("pieces > 0", name=op.f("ck_demand_pieces")),
        sa.ForeignKeyConstraint(["component_id"], ["components.id"], name=op.f("fk_demand_component_id")),
        sa.PrimaryKeyConstraint("component_id", "day", name=op.f("pk_demand")),
    )
    op.create_table(
        "demand_series",
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_demand_series_component_id")
        ),
        sa.PrimaryKeyConstraint("component_id", name=op.f("pk_demand_series")),
    )
    op.create_table(
        "events",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("principal_id", sa.Integer(), nullable=True),
        sa.Column("process", sa.String(length=128), nullable=False),
        sa.Column("element", sa.String(length=128), nullable=False),
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("business_at", db.Instant(), nullable=False),
        sa.Column("recorded_at", db.Instant(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["people.id"], name=op.f("fk_events_actor_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_events_case_id")),
        sa.ForeignKeyConstraint(["principal_id"], ["people.id"], name=op.f("fk_events_principal_id")),
        sa.PrimaryKeyConstraint("case_id", "sequence", name=op.f("pk_events")),
    )
    op.create_table(
        "file_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=127), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_file_uses_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_file_uses_person_id")),
        sa.ForeignKeyConstraint(["sha256"], ["files.sha256"], name=op.f("fk_file_uses_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_uses")),
    )
    op.create_index(op.f("ix_file_uses_case_id"), "file_uses", ["case_id"], unique=False)
    op.create_index(op.f("ix_file_uses_sha256"), "file_uses", ["sha256"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("element", sa.String(length=128), server_default="", nullable=False),
        sa.Column("activity", sa.String(length=64), server_default="", nullable=False),
        sa.Column("correlation", sa.String(length=255), nullable=True),
        sa.Column("due_at", db.Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", db.Instant(), nullable=True),
        sa.Column("payload", db.Tagged(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_jobs_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("key", name=op.f("uq_jobs_key")),
    )
    op.create_index("ix_jobs_activity", "jobs", ["activity"], unique=False)
    op.create_index("ix_jobs_case", "jobs", ["case_id", "state"], unique=False)
    op.create_index(
        "ix_jobs_due",
        "jobs",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_jobs_kept",
        "jobs",
        ["element", "correlation"],
        unique=False,
        sqlite_where=sa.text("state = 'kept'"),
        postgresql_where=sa.text("state = 'kept'"),
    )
    op.create_table(
        "sales_issues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["sales_orders.id"], name=op.f("fk_sales_issues_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_issues")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sales_issues_public_id")),
    )
    op.create_index(op.f("ix_sales_issues_order_id"), "sales_issues", ["order_id"], unique=False)
    op.create_table(
        "sales_order_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("ordered", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("price", db.Exact(), nullable=False),
        sa.CheckConstraint(
            "quantity >= 0 AND quantity <= ordered", name=op.f("ck_sales_order_lines_quantity")
        ),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_sales_order_lines_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["sales_orders.id"], name=op.f("fk_sales_order_lines_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_order_lines")),
        sa.UniqueConstraint(
            "order_id", "component_id", name=op.f("uq_sales_order_lines_order_id_component_id")
        ),
    )
    op.create_index(
        op.f("ix_sales_order_lines_component_id"), "sales_order_lines", ["component_id"], unique=False
    )
    op.create_index(op.f("ix_sales_order_lines_order_id"), "sales_order_lines", ["order_id"], unique=False)
    op.create_table(
        "settlements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.Column("paid", db.Exact(), nullable=False),
        sa.Column("invoice", sa.String(length=100), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["sales_orders.id"], name=op.f("fk_settlements_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlements")),
        sa.UniqueConstraint("number", name=op.f("uq_settlements_number")),
        sa.UniqueConstraint("order_id", name=op.f("uq_settlements_order_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_settlements_public_id")),
    )
    op.create_table(
        "shipments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("warehouse_id", sa.Integer(), nullable=False),
        sa.Column("carrier", sa.String(length=200), nullable=False),
        sa.Column("tracking", sa.String(length=200), nullable=False),
        sa.Column("shipped_on", sa.Date(), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("on_time", sa.Boolean(), nullable=True),
        sa.Column("signed_by", sa.String(length=200), nullable=True),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["sales_orders.id"], name=op.f("fk_shipments_order_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouses.id"], name=op.f("fk_shipments_warehouse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
        sa.UniqueConstraint("number", name=op.f("uq_shipments_number")),
        sa.UniqueConstraint("order_id", name=op.f("uq_shipments_order_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_shipments_public_id")),
    )
    op.create_table(
        "stock_alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("safety_stock", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("urgency", sa.String(length=32), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=32), nullable=True),
        sa.Column("acknowledged_at", db.Instant(), nullable=True),
        sa.Column("closed_at", db.Instant(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_stock_alerts_component_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_alerts")),
        sa.UniqueConstraint("public_id", name=op.f("uq_stock_alerts_public_id")),
    )
    op.create_index(
        "uq_stock_alerts_open",
        "stock_alerts",
        ["component_id"],
        unique=True,
        sqlite_where=sa.text("state != 'closed'"),
        postgresql_where=sa.text("state != 'closed'"),
    )
    op.create_table(
        "stock_balances",
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("warehouse_id", sa.Integer(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_stock_balances_on_hand")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_balances_reserved")),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_stock_balances_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"], ["warehouses.id"], name=op.f("fk_stock_balances_warehouse_id")
        ),
        sa.PrimaryKeyConstraint("component_id", "warehouse_id", name=op.f("pk_stock_balances")),
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("warehouse_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.String(length=100), nullable=True),
        sa.Column("document", sa.String(length=32), nullable=True),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('opening', 'receipt', 'return') AND quantity > 0) "
            "OR (kind = 'issue' AND quantity < 0) OR (kind = 'correction' AND quantity <> 0)",
            name=op.f("ck_stock_movements_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_stock_movements_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"], ["warehouses.id"], name=op.f("fk_stock_movements_warehouse_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
        sa.UniqueConstraint("public_id", name=op.f("uq_stock_movements_public_id")),
    )
    op.create_index("ix_stock_movements_component", "stock_movements", ["component_id", "id"], unique=False)
    op.create_table(
        "stock_parameters",
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("lead_time_days", db.Exact(), nullable=False),
        sa.Column("lead_time_deviation", db.Exact(), nullable=False),
        sa.Column("abc_class", sa.String(length=1), nullable=False),
        sa.Column("order_multiple", sa.Integer(), nullable=False),
        sa.Column("economic_lot", sa.BigInteger(), nullable=True),
        sa.Column("daily_demand", db.Exact(), nullable=True),
        sa.Column("demand_deviation", db.Exact(), nullable=True),
        sa.Column("set_by", sa.String(length=32), nullable=True),
        sa.Column("safety_stock", sa.BigInteger(), nullable=True),
        sa.Column("reorder_point", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_at", db.Instant(), nullable=True),
        sa.CheckConstraint("abc_class IN ('A', 'B', 'C')", name=op.f("ck_stock_parameters_abc_class")),
        sa.CheckConstraint("order_multiple > 0", name=op.f("ck_stock_parameters_order_multiple")),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_stock_parameters_component_id")
        ),
        sa.PrimaryKeyConstraint("component_id", name=op.f("pk_stock_parameters")),
    )
    op.create_table(
        "stock_reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("safety_stock", sa.BigInteger(), nullable=True),
        sa.Column("reorder_point", sa.BigInteger(), nullable=True),
        sa.Column("fired", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("inputs", db.Tagged(), nullable=True),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_stock_reviews_component_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_reviews")),
    )
    op.create_index("ix_stock_reviews_component", "stock_reviews", ["component_id", "id"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("element", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_subscriptions_case_id")),
        sa.PrimaryKeyConstraint("activity", name=op.f("pk_subscriptions")),
    )
    op.create_index(op.f("ix_subscriptions_case_id"), "subscriptions", ["case_id"], unique=False)
    op.create_index("ix_subscriptions_name_key", "subscriptions", ["name", "key"], unique=False)
    op.create_table(
        "user_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("process", sa.String(length=128), nullable=False),
        sa.Column("element", sa.String(length=128), nullable=False),
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("names", db.Tagged(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("excluded", db.Tagged(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.Column("due_at", db.Instant(), nullable=True),
        sa.Column("follow_up_at", db.Instant(), nullable=True),
        sa.Column("reminded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("completed_at", db.Instant(), nullable=True),
        sa.Column("completed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["people.id"], name=op.f("fk_user_tasks_assignee_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_user_tasks_case_id")),
        sa.ForeignKeyConstraint(["completed_by"], ["people.id"], name=op.f("fk_user_tasks_completed_by")),
        sa.ForeignKeyConstraint(["form_id"], ["resources.id"], name=op.f("fk_user_tasks_form_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_tasks")),
        sa.UniqueConstraint("activity", name=op.f("uq_user_tasks_activity")),
        sa.UniqueConstraint("public_id", name=op.f("uq_user_tasks_public_id")),
    )
    op.create_index(op.f("ix_user_tasks_case_id"), "user_tasks", ["case_id"], unique=False)
    op.create_index("ix_user_tasks_done", "user_tasks", ["completed_by", "completed_at", "id"], unique=False)
    op.create_index(
        "ix_user_tasks_mine",
        "user_tasks",
        ["assignee_id", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'claimed'"),
        postgresql_where=sa.text("state = 'claimed'"),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("element", sa.String(length=128), nullable=False),
        sa.Column("activity", sa.String(length=64), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.Column("resolved_at", db.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_incidents_case_id")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_incidents_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("public_id", name=op.f("uq_incidents_public_id")),
    )
    op.create_index(op.f("ix_incidents_case_id"), "incidents", ["case_id"], unique=False)
    op.create_index(op.f("ix_incidents_job_id"), "incidents", ["job_id"], unique=False)
    op.create_table(
        "purchase_plans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("drafter", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("alert_id", sa.Integer(), nullable=True),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["stock_alerts.id"], name=op.f("fk_purchase_plans_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_plans")),
        sa.UniqueConstraint("number", name=op.f("uq_purchase_plans_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_purchase_plans_public_id")),
    )
    op.create_table(
        "sales_allocations",
        sa.Column("order_line_id", sa.Integer(), nullable=False),
        sa.Column("warehouse_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_sales_allocations_quantity")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["sales_order_lines.id"], name=op.f("fk_sales_allocations_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"], ["warehouses.id"], name=op.f("fk_sales_allocations_warehouse_id")
        ),
        sa.PrimaryKeyConstraint("order_line_id", name=op.f("pk_sales_allocations")),
    )
    op.create_table(
        "sales_facts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("settlement_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_sales_facts_component_id")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_sales_facts_customer_id")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlements.id"], name=op.f("fk_sales_facts_settlement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_facts")),
        sa.UniqueConstraint(
            "settlement_id", "component_id", name=op.f("uq_sales_facts_settlement_id_component_id")
        ),
    )
    op.create_index("ix_sales_facts_settled_on", "sales_facts", ["settled_on"], unique=False)
    op.create_table(
        "shipment_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shipment_id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shipment_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_shipment_lines_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipments.id"], name=op.f("fk_shipment_lines_shipment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_lines")),
    )
    op.create_index(op.f("ix_shipment_lines_shipment_id"), "shipment_lines", ["shipment_id"], unique=False)
    op.create_table(
        "user_task_candidates",
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("created_at", db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["user_tasks.id"], name=op.f("fk_user_task_candidates_task_id")),
        sa.PrimaryKeyConstraint("task_id", "who", name=op.f("pk_user_task_candidates")),
    )
    op.create_index(
        "ix_user_task_candidates_who", "user_task_candidates", ["who", "created_at", "task_id"], unique=False
    )
    op.create_table(
        "purchase_contracts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("contract_no", sa.String(length=100), nullable=False),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("attachment", db.Tagged(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["purchase_plans.id"], name=op.f("fk_purchase_contracts_plan_id")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers.id"], name=op.f("fk_purchase_contracts_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_contracts")),
        sa.UniqueConstraint("public_id", name=op.f("uq_purchase_contracts_public_id")),
        sa.UniqueConstraint(
            "supplier_id", "contract_no", name=op.f("uq_purchase_contracts_supplier_id_contract_no")
        ),
    )
    op.create_table(
        "purchase_plan_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("need_by", sa.Date(), nullable=False),
        sa.Column("est_price", db.Exact(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_purchase_plan_lines_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["purchase_plans.id"], name=op.f("fk_purchase_plan_lines_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_plan_lines")),
        sa.UniqueConstraint(
            "plan_id", "component_id", name=op.f("uq_purchase_plan_lines_plan_id_component_id")
        ),
    )
    op.create_index(op.f("ix_purchase_plan_lines_plan_id"), "purchase_plan_lines", ["plan_id"], unique=False)
    op.create_table(
        "purchase_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("amount", db.Exact(), nullable=False),
        sa.Column("promised", sa.Date(), nullable=False),
        sa.Column("eta", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["purchase_contracts.id"], name=op.f("fk_purchase_orders_contract_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["purchase_plans.id"], name=op.f("fk_purchase_orders_plan_id")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers.id"], name=op.f("fk_purchase_orders_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_orders")),
        sa.UniqueConstraint("contract_id", name=op.f("uq_purchase_orders_contract_id")),
        sa.UniqueConstraint("number", name=op.f("uq_purchase_orders_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_purchase_orders_public_id")),
    )
    op.create_index(
        "ix_purchase_orders_open",
        "purchase_orders",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("ix_purchase_orders_plan_id"), "purchase_orders", ["plan_id"], unique=False)
    op.create_table(
        "purchase_order_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("price", db.Exact(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("accepted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rejected", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stored", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "cancelled + accepted + rejected <= quantity", name=op.f("ck_purchase_order_lines_fulfilled")
        ),
        sa.CheckConstraint(
            "cancelled >= 0 AND rejected >= 0", name=op.f("ck_purchase_order_lines_not_negative")
        ),
        sa.CheckConstraint("stored >= 0 AND stored <= accepted", name=op.f("ck_purchase_order_lines_stored")),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_purchase_order_lines_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["purchase_orders.id"], name=op.f("fk_purchase_order_lines_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_order_lines")),
        sa.UniqueConstraint(
            "order_id", "component_id", name=op.f("uq_purchase_order_lines_order_id_component_id")
        ),
    )
    op.create_index(
        op.f("ix_purchase_order_lines_component_id"), "purchase_order_lines", ["component_id"], unique=False
    )
    op.create_index(
        op.f("ix_purchase_order_lines_order_id"), "purchase_order_lines", ["order_id"], unique=False
    )
    op.create_table(
        "purchase_receipts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("case", sa.String(length=32), nullable=False),
        sa.Column("at", db.Instant(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("lot", sa.String(length=100), nullable=True),
        sa.Column("inspector", sa.String(length=32), nullable=False),
        sa.Column("photos", db.Tagged(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("disposition", sa.String(length=16), nullable=True),
        sa.Column("disposed_by", sa.String(length=32), nullable=True),
        sa.Column("disposition_note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["purchase_orders.id"], name=op.f("fk_purchase_receipts_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_receipts")),
        sa.UniqueConstraint("number", name=op.f("uq_purchase_receipts_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_purchase_receipts_public_id")),
    )
    op.create_index(op.f("ix_purchase_receipts_order_id"), "purchase_receipts", ["order_id"], unique=False)
    op.create_table(
        "purchase_receipt_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receipt_id", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Integer(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("sampled", sa.BigInteger(), nullable=True),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("conceded", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stored", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "rejected <= received AND conceded <= rejected", name=op.f("ck_purchase_receipt_lines_rejected")
        ),
        sa.CheckConstraint(
            "stored <= received - rejected + conceded", name=op.f("ck_purchase_receipt_lines_stored")
        ),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_purchase_receipt_lines_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"],
            ["purchase_order_lines.id"],
            name=op.f("fk_purchase_receipt_lines_order_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["purchase_receipts.id"], name=op.f("fk_purchase_receipt_lines_receipt_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_receipt_lines")),
    )
    op.create_index(
        op.f("ix_purchase_receipt_lines_receipt_id"), "purchase_receipt_lines", ["receipt_id"], unique=False
    )

    _protect()


# What is written there is history: the database itself refuses to change it.
APPEND_ONLY = ("sales_facts", "stock_movements")


def _protect() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """There is none: restore the backup that was made before the upgrade."""
    raise NotImplementedError
