"""What is held on a person is told to them whole, and no table of the installation is forgotten."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from runtime import cli
from runtime.commands import accounts, comments
from runtime.errors import NotFound
from runtime.identity import SYSTEM, NotGranted, SignInRefused
from runtime.ledger import held
from runtime.ledger.exports import data_exports
from runtime.queries import files as file_queries
from runtime.queries import held as queries
from runtime.store import accounts as store
from runtime.store.db import Transaction, metadata
from tests.office import Office, tells
from tests.web.test_reports import settled


def id_of(office: Office, who: str) -> str:
    return office.as_(who).actor.public_id


def told(office: Office, who: str) -> dict[str, Any]:
    actor = office.as_(who).actor
    found = office.runtime.read(queries.of_person, actor, actor.public_id)
    return dict(json.loads(json.dumps(found, default=str)))


def test_each_column_that_may_name_a_person_says_how() -> None:
    """A new one must be told of in ledger/held.py: as about somebody, as what they did, or as nobody's."""
    names = {name for table in metadata.sorted_tables for name in held.named(table)}
    assert names - held.ABOUT - held.DID == set()
    columns = {column.name for table in metadata.sorted_tables for column in table.c}
    assert (held.ABOUT | held.DID | held.NOBODY) - columns == set()  # nor is any named that is gone
    assert not held.ABOUT & held.DID and not held.NOBODY & (held.ABOUT | held.DID)


def test_nobody_stands_in_a_column_that_is_not_known_to_name_people(office: Office) -> None:
    """Looked for in all that a department at work has written."""
    liyang, chenjie = id_of(office, "liyang"), id_of(office, "chenjie")
    office.as_("liyang").start("leave_request", leave_type="annual", leave_from="2026-03-23", leave_to="2026-03-24",
                               deputy=id_of(office, "zhangmin"), leave_reason="家事")  # fmt: skip
    office.as_("chenjie").start("errand", doer=liyang, errand_task="整理样品间", due_on="2026-03-12")
    office.as_("liyang").do("do_errand", result="已整理")
    office.as_("sunli").start("monthly_appraisal")
    office.as_("chenjie").start("purchase_plan")
    office.as_("sunli").start("leaving", leaver=liyang, last_day="2026-03-20")
    settled(office, "2026-01", {"liyang": "good"})

    def look(tx: Transaction, actor: object) -> list[str]:
        known = {row.public_id for row in tx.all(sa.select(store.people.c.public_id))}
        assert chenjie in known
        missed = []
        for table in metadata.sorted_tables:
            naming = held.named(table)
            for column in table.c:
                whole = isinstance(column.type, sa.String) and not isinstance(column.type, sa.Text)
                if not whole or column.name in naming or table.name == "people":
                    continue
                found = tx.first(sa.select(column).where(column.in_(sorted(known))).limit(1))
                if found is not None:
                    missed.append(f"{table.name}.{column.name}")
        return missed

    assert office.runtime.read(look, SYSTEM) == []


def test_one_is_told_all_that_is_about_oneself_and_of_others_only_numbers(office: Office) -> None:
    case = office.as_("liyang").start("leave_request", leave_type="annual", leave_from="2026-03-23",
                                      leave_to="2026-03-24", leave_reason="家事")  # fmt: skip
    office.runtime.do(comments.write, office.as_("chenjie").actor, case.id, "@liyang 31415")
    office.runtime.do(comments.write, office.as_("liyang").actor, case.id, "27182")
    found = told(office, "liyang")
    assert found["account"]["username"] == "liyang" and found["account"]["groups"] == ["specialist"]
    assert [row["kind"] for row in found["about"]["leaves"]] == ["annual"]
    assert [row["text"] for row in found["about"]["comments"]] == ["27182"]
    assert [row["public_id"] for row in found["cases_about"]] == [case.id]
    assert found["about"]["wages"] and found["did"]["events"]["actor_id"] >= 1
    whole = json.dumps(found, ensure_ascii=False)
    assert not tells(whole, "31415") and "argon2" not in whole and tells(whole, "27182")
    assert tells(told(office, "chenjie"), "31415")
    assert not tells(told(office, "chenjie"), "27182")


def test_what_a_superior_assessed_is_told_once_it_is_published(office: Office) -> None:
    settled(office, "2026-01", {"liyang": "good"})
    settled(office, "2026-02", {"liyang": "excellent"})
    office.runtime.do(
        lambda tx, _: tx.execute(
            sa.text(
                "UPDATE appraisals SET state = 'proposed', proposed_grade = 'excellent', bar = 'lateness', "
                "calibration_reason = 'between us', comment = 'between us', evidence = '\"mine\"' "
                "WHERE grade = 'excellent'"
            )
        ),
        SYSTEM,
    )
    assert {row.get("grade") for row in told(office, "liyang")["about"]["appraisals"]} == {"good", None}
    [waiting] = [row for row in told(office, "liyang")["about"]["appraisals"] if row["state"] == "proposed"]
    assert waiting.keys() == {"public_id", "case", "at", "employee", "state", "self_skipped", "evidence"}


def test_nobody_is_told_of_somebody_else(office: Office) -> None:
    for who in ("sunli", "chenjie", "linxi"):
        with pytest.raises(NotGranted):
            office.runtime.read(queries.of_person, office.as_(who).actor, id_of(office, "liyang"))


def test_whoever_asks_says_their_password_and_it_is_noted_that_they_asked(office: Office) -> None:
    actor = office.as_("liyang").actor
    with pytest.raises(SignInRefused):
        office.runtime.do(accounts.ask_for_data, actor, "wrong")
    office.runtime.do(accounts.ask_for_data, actor, "guicheng-demo")
    [row] = [
        each for each in told(office, "liyang")["account_changes"] if each["action"] == "person.data_exported"
    ]
    assert row["at"].startswith("2026-03-09")


def test_the_command_line_prints_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUICHENG_HOME", str(office.runtime.settings.home))
    if office.runtime.settings.database_url:
        monkeypatch.setenv("GUICHENG_DATABASE_URL", office.runtime.settings.database_url)
    answer = CliRunner().invoke(cli.main, ["person", "data", "liyang"])
    assert json.loads(answer.output)["account"]["username"] == "liyang", answer.output
    assert CliRunner().invoke(cli.main, ["person", "data", "nobody"]).exit_code != 0


def test_what_is_held_on_somebody_who_left_is_given_by_request_to_whoever_asks_for_them(office: Office) -> None:
    """Asked for by human resources, checked by somebody else, made once, and taken away again."""
    liyang = id_of(office, "liyang")
    gone = sa.update(store.people).where(store.people.c.public_id == liyang).values(active=False)
    office.runtime.do(lambda tx, _: tx.execute(gone), SYSTEM)
    asked = {"export_scope": "person", "export_person": liyang, "export_purpose": "离职员工要求复制"}
    case = office.as_("sunli").start("data_export", **asked)
    with pytest.raises(AssertionError):
        office.as_("sunli").do("clear_export", case.id, clearing="clear")
    office.as_("zhaoming").do("clear_export", case.id, clearing="clear")
    file = case.variables["export_file"]
    _, content = office.runtime.read(file_queries.content, office.as_("sunli").actor, file.sha256)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert json.loads(archive.read("data.json"))["account"]["username"] == "liyang"
    [row] = office.runtime.read(lambda tx, _: tx.all(sa.select(data_exports)), SYSTEM)
    hands = (id_of(office, "sunli"), id_of(office, "zhaoming"))
    assert (row.person, row.requested_by, row.approved_by) == (liyang, *hands)
    with pytest.raises(NotFound):
        office.runtime.read(file_queries.content, office.as_("chenjie").actor, file.sha256)
    office.later(days=9)
    assert case.end == "export_closed"
    with pytest.raises(NotFound):
        office.runtime.read(file_queries.content, office.as_("sunli").actor, file.sha256)


def test_nobody_asks_for_what_is_held_on_a_colleague(office: Office) -> None:
    asked = {"export_scope": "person", "export_person": id_of(office, "liyang"), "export_purpose": "好奇"}
    case = office.as_("chenjie").start("data_export", **asked)  # the superior, too
    assert "由本人申请" in str(office.as_("chenjie").page("revise_export", case.id))
    assert office.runtime.read(lambda tx, _: tx.all(sa.select(data_exports)), SYSTEM) == []
