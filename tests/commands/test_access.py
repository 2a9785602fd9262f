"""Who sees what: everything that is not granted is refused, by object and by field."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from runtime import library
from runtime.commands import accounts, cases, drafts, files
from runtime.commands.user_tasks import NotYourFile
from runtime.errors import GuichengError, Invalid, NotFound
from runtime.identity import SYSTEM, NotGranted
from runtime.queries import cases as case_queries
from runtime.queries import files as file_queries
from runtime.queries import inbox, rules, tasks
from tests.diagrams import bpmn, end, properties, start, user
from tests.office import Office, tells

OPEN_CASE = bpmn(
    "order",
    start(),
    user("ask", candidateGroups="specialist"),
    user("approve", candidateGroups="manager"),
    end(),
)
# About spec2, started by HR; the administrator has a task in it.
SECRET = bpmn(
    "appraise",
    start(),
    user("mend", candidateGroups="admin"),
    end(),
    extra=properties(confidential="true", subject="${about}", title="评 ${about}"),
    starters="hr",
)


def sees(firm: Office, username: str, case: str) -> bool | None:
    """None: not at all; False: where it stands; True: all of it."""
    try:
        return firm.as_(username).case_page(case).full
    except NotFound:
        return None


def test_an_ordinary_case_is_seen_by_those_it_concerns(firm: Office) -> None:
    firm.deploy(OPEN_CASE)
    case = firm.as_("spec").start("order").id
    found = {
        who: sees(firm, who, case) for who in ("spec", "spec2", "sup", "boss", "lead", "buyer", "hr", "root")
    }
    assert found == {
        "spec": True,  # started it
        "spec2": True,  # may claim its task
        "sup": True,  # the starter's superior
        "boss": True,
        "lead": True,
        "buyer": None,
        "hr": None,
        "root": False,  # administers; sees where it stands
    }


@pytest.fixture
def secret(firm: Office) -> str:
    from runtime.commands import advance

    firm.deploy(SECRET)
    about = firm.as_("spec2").actor.public_id
    moved = firm.runtime.do(
        lambda tx, actor: advance.begin(tx, actor, "appraise", variables={"about": about, "wage": 8000}),
        firm.as_("hr").actor,
    )
    return moved.case


def test_a_confidential_case_is_seen_by_its_subject_superiors_hr_and_finance(
    firm: Office, secret: str
) -> None:
    found = {
        who: sees(firm, who, secret)
        for who in ("spec", "spec2", "sup", "boss", "lead", "hr", "money", "buyer", "root")
    }
    assert found == {
        "spec": None,
        "spec2": True,
        "sup": True,
        "boss": True,
        "lead": True,
        "hr": True,
        "money": True,
        "buyer": None,
        "root": False,  # has a task in it: sees where it stands, not what it holds
    }


def test_what_is_for_human_resources_alone_is_seen_by_no_superior(firm: Office) -> None:
    from runtime.commands import advance

    firm.deploy(SECRET.replace('name="confidential" value="true"', 'name="confidential" value="hr"'))
    about = firm.as_("spec2").actor.public_id
    moved = firm.runtime.do(
        lambda tx, actor: advance.begin(tx, actor, "appraise", variables={"about": about, "wage": 8000}),
        firm.as_("boss").actor,
    )
    seen = {
        who: sees(firm, who, moved.case)
        for who in ("spec", "spec2", "sup", "boss", "lead", "hr", "money", "root")
    }
    assert {who for who, full in seen.items() if full} == {"spec2", "hr"}
    # Not even where it stands: but for whoever began it, as a breach is reported, or has a task in it; and no value.
    assert {who for who, full in seen.items() if full is False} == {"boss", "root"}
    for who in ("boss", "root"):
        page = firm.as_(who).case_page(moved.case)
        assert (page.decisions, page.documents, page.entered, page.problems, page.outcome) == ([], [], None, [], {})
        assert not tells(page, "8000")


def test_limited_sight_shows_no_decisions_documents_or_values(firm: Office, secret: str) -> None:
    page = firm.as_("root").case_page(secret)
    assert (page.decisions, page.documents, page.verdicts) == ([], [], [])
    assert not tells(page, "8000")


def test_a_colleague_cannot_find_a_confidential_case_by_any_list(firm: Office, secret: str) -> None:
    for who in ("spec", "buyer"):
        actor = firm.as_(who).actor
        for query in (inbox.todo, inbox.done, inbox.started):
            rows: list[Any] = firm.runtime.read(query, actor).rows
            assert all(secret not in str(row) for row in rows)


def test_a_demoted_person_loses_sight_at_once(firm: Office, secret: str) -> None:
    firm.runtime.do(accounts.set_groups, SYSTEM, "money", [])
    assert sees(firm, "money", secret) is None
    firm.runtime.do(accounts.set_groups, SYSTEM, "hr", [])
    assert sees(firm, "hr", secret) is False  # started it: where it stands, not what it holds


def test_a_new_superior_sees_and_the_old_one_no_longer(firm: Office, secret: str) -> None:
    firm.runtime.do(accounts.set_superior, SYSTEM, "spec2", "lead")
    assert sees(firm, "sup", secret) is None
    assert sees(firm, "lead", secret) is True


def test_a_process_is_started_only_by_those_that_it_names(firm: Office) -> None:
    firm.deploy(OPEN_CASE)
    with pytest.raises(cases.NotYoursToStart):
        firm.runtime.do(cases.start, firm.as_("buyer").actor, "order", {})
    with pytest.raises(GuichengError):
        firm.as_("spec").start("order", approved=True)  # no form asks for this


def test_another_groups_task_page_does_not_exist(firm: Office) -> None:
    firm.deploy(OPEN_CASE)
    firm.as_("spec").start("order")
    task = firm.as_("spec").find("ask").id
    with pytest.raises(library.NoSuchTask):
        firm.runtime.read(tasks.task_page, firm.as_("buyer").actor, task, "en")


@pytest.mark.parametrize("who", ["spec", "boss", "hr"])
def test_only_administrators_edit_and_publish_rules(firm: Office, who: str) -> None:
    actor = firm.as_(who).actor
    with pytest.raises(NotGranted):
        firm.runtime.read(drafts.check_rule, actor, "x", "")
    with pytest.raises(NotGranted):
        firm.runtime.do(drafts.save_rule, actor, "x", "", 1)
    with pytest.raises(NotGranted):
        firm.runtime.publish_rule(actor, "x", "y")
    assert firm.runtime.read(rules.listing, actor) == []


@pytest.mark.parametrize("who", ["spec", "boss", "hr", "lead"])
def test_only_administrators_change_people(firm: Office, who: str) -> None:
    actor = firm.as_(who).actor
    for act, arguments in (
        (accounts.add_person, ("new", {"en": "New"})),
        (accounts.set_groups, (who, ["admin"])),
        (accounts.set_superior, ("spec", None)),
        (accounts.set_password, ("root", "a new password")),
        (accounts.deactivate, ("root",)),
    ):
        with pytest.raises(NotGranted):
            firm.runtime.do(act, actor, *arguments)


def test_somebody_without_a_grant_is_refused_everything(firm: Office) -> None:
    import dataclasses

    stranger = dataclasses.replace(
        firm.as_("spec").actor, grants=frozenset(), groups=frozenset(), subordinates=frozenset()
    )
    firm.deploy(OPEN_CASE)
    case = firm.as_("spec").start("order").id
    with pytest.raises(NotFound):
        firm.runtime.read(case_queries.case_page, stranger, case, "en")
    with pytest.raises(GuichengError):
        firm.runtime.do(cases.start, stranger, "order", {})


def test_a_file_is_read_by_its_uploader_only_until_a_case_holds_it(firm: Office) -> None:
    kept = firm.runtime.do(
        files.store, firm.as_("spec").actor, "../../x.png", "image/png", b"\x89PNG\r\n\x1a\n123"
    )
    assert kept.name == "x.png"
    assert firm.runtime.read(file_queries.content, firm.as_("spec").actor, kept.sha256)[1].endswith(b"123")
    with pytest.raises(file_queries.NoSuchFile):
        firm.runtime.read(file_queries.content, firm.as_("spec2").actor, kept.sha256)


def test_a_file_of_somebody_else_cannot_be_put_into_ones_own_case(firm: Office) -> None:
    from runtime.commands.user_tasks import hold_files

    kept = firm.runtime.do(files.store, firm.as_("spec").actor, "x.txt", "text/plain", b"text")
    firm.deploy(OPEN_CASE)
    case = firm.as_("spec2").start("order")
    with pytest.raises(NotYourFile):
        firm.runtime.do(
            lambda tx, actor: hold_files(tx, actor, case.row.id, {"photos": [kept]}), firm.as_("spec2").actor
        )


@pytest.mark.parametrize("other", [{"name": "x.xlsx"}, {"media_type": "image/png"}])
def test_a_file_goes_into_a_case_as_what_it_was_stored_as(firm: Office, other: dict[str, str]) -> None:
    """A field takes some kinds of files only, by name and kind."""
    from runtime.commands.user_tasks import hold_files

    spec = firm.as_("spec")
    kept = firm.runtime.do(files.store, spec.actor, "x.txt", "text/plain", b"text")
    firm.deploy(OPEN_CASE)
    case = spec.start("order")
    for named, refused in ((replace(kept, **other), True), (kept, False)):
        with pytest.raises(NotYourFile) if refused else nullcontext():
            firm.runtime.do(
                lambda tx, actor, named=named: hold_files(tx, actor, case.row.id, {"photos": [named]}), spec.actor
            )


@pytest.mark.parametrize(
    ("name", "media_type", "data", "refusal"),
    [
        ("x.png", "image/png", b"<html>", files.FileNotAsNamed),
        ("x.pdf", "application/pdf", b"\x89PNG\r\n\x1a\n123", files.FileNotAsNamed),
        # What the sender says of it does not make it another.
        ("x.PDF", "image/png", b"\x89PNG\r\n\x1a\n123", files.FileNotAsNamed),
        ("x.txt", "text/plain", b"a\x00b", files.FileNotAsNamed),
        ("x.html", "text/html", b"<script>", files.FileKindRefused),
        ("x.svg", "image/svg+xml", b"<svg/>", files.FileKindRefused),
        ("x", "image/png", b"<html>", files.FileKindRefused),
    ],
)
def test_uploads_that_are_not_what_they_say_are_refused(
    firm: Office, name: str, media_type: str, data: bytes, refusal: type[Invalid]
) -> None:
    with pytest.raises(refusal) as refused:
        firm.runtime.do(files.store, firm.as_("spec").actor, name, media_type, data)
    assert refused.value.params == {"name": name}


def test_an_upload_is_what_its_name_says_whatever_the_senders_machine_calls_it(firm: Office) -> None:
    """Where Excel is installed, browsers say so of a CSV file."""
    kept = firm.runtime.do(files.store, firm.as_("spec").actor, "打卡.CSV", "application/vnd.ms-excel", b"a,b")
    assert kept.media_type == "text/csv"
    assert set(files.ENDINGS.values()) == set(files.KINDS)


@pytest.mark.parametrize("media_type", ["application/pdf", "text/plain", "application/x-unknown"])
def test_an_empty_upload_is_refused_as_empty_whatever_its_kind(firm: Office, media_type: str) -> None:
    with pytest.raises(files.FileEmpty) as refused:
        firm.runtime.do(files.store, firm.as_("spec").actor, "../scan.pdf", media_type, b"")
    assert refused.value.params == {"name": "scan.pdf"} and refused.value.status == 400


def test_an_upload_that_is_too_large_is_refused_with_its_size_and_the_limit(firm: Office) -> None:
    data = b"%PDF-".ljust(files.LARGEST, b"x")
    desk = firm.as_("spec").actor
    assert firm.runtime.do(files.store, desk, "scan.pdf", "application/pdf", data).size == files.LARGEST
    with pytest.raises(files.FileTooLarge) as refused:
        firm.runtime.do(files.store, desk, "scan.pdf", "application/pdf", data + b"x")
    # One byte more is not told as "10 MB, at most 10".
    assert refused.value.params == {"name": "scan.pdf", "size": "10.1", "most": 10}
    assert refused.value.status == 413


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("c:\\temp\\a.pdf", "a.pdf"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("x" * 10_000 + ".pdf", "x" * 116 + ".pdf"),
        ("..", "file"),
    ],
)
def test_file_names_are_only_names(given: str, kept: str) -> None:
    assert files.clean_name(given) == kept


def test_sign_in_tells_nobody_whether_a_name_exists(firm: Office) -> None:
    from runtime.identity import SignInRefused

    firm.runtime.do(accounts.set_password, SYSTEM, "spec", "a long password")
    assert firm.runtime.do(accounts.sign_in, SYSTEM, "spec", "a long password").username == "spec"
    for username, password in (("spec", "wrong password"), ("nobody", "wrong password"), ("boss", "")):
        with pytest.raises(SignInRefused) as refused:
            firm.runtime.do(accounts.sign_in, SYSTEM, username, password)
        assert refused.value.params == {}


def test_every_change_of_people_is_in_the_audit(firm: Office) -> None:
    import sqlalchemy as sa

    from runtime.store.accounts import admin_log

    firm.runtime.do(accounts.set_groups, firm.as_("root").actor, "spec", ["analyst"])
    row = firm.runtime.read(
        lambda tx, actor: tx.all(sa.select(admin_log).order_by(admin_log.c.id))[-1], SYSTEM
    )
    assert (row.action, row.subject, row.detail["after"]) == ("person.groups", "spec", ["analyst"])
    assert row.actor_id == firm.as_("root").actor.id


def test_signing_out_ends_every_copy_of_the_session(firm: Office) -> None:
    from runtime.queries import people

    spec = firm.as_("spec").actor
    assert firm.runtime.read(people.by_session, SYSTEM, spec.public_id, spec.epoch) is not None
    firm.runtime.do(accounts.sign_out, spec)
    assert firm.runtime.read(people.by_session, SYSTEM, spec.public_id, spec.epoch) is None


def test_a_grant_counts_from_the_next_request_and_its_removal_too(firm: Office) -> None:
    firm.deploy(OPEN_CASE)
    case = firm.as_("spec").start("order").id
    assert sees(firm, "money", case) is None
    firm.runtime.do(accounts.grant, SYSTEM, "finance", "read", "case", "department")
    assert sees(firm, "money", case) is True
    firm.runtime.do(accounts.revoke, SYSTEM, "finance", "read", "case", "department")
    assert sees(firm, "money", case) is None


def test_a_grant_of_what_nobody_asks_is_refused(firm: Office) -> None:
    with pytest.raises(accounts.NoSuchRight):
        firm.runtime.do(accounts.grant, SYSTEM, "finance", "paint", "case", "department")
    with pytest.raises(NotGranted):
        firm.runtime.do(accounts.grant, firm.as_("boss").actor, "manager", "read", "wage", "any")
