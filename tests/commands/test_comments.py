"""What people say to one another about a case stands in the case, for those who may see it whole."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import access, doctor
from runtime.commands import accounts, comments, mention_mails, purge
from runtime.delivery import MailServer
from runtime.delivery.errors import MailNotSent
from runtime.errors import GuichengError
from runtime.identity import SYSTEM, NotGranted
from runtime.library import NoSuchCase, NoSuchTask
from runtime.outbox import Outbox
from runtime.queries import comments as queries
from runtime.store import comments as store
from runtime.store.db import Transaction
from tests.diagrams import bpmn, end, properties, start, user
from tests.office import Case, Office, tells

PLAIN = bpmn("plain", start(), user("ask", candidateGroups="specialist"), end())
SECRET = bpmn(
    "secret", start(), user("judge", candidateGroups="specialist"), end(),
    extra=properties(confidential="true", subject="${initiator}"), starters="manager",
)  # fmt: skip


@pytest.fixture
def desk(firm: Office) -> Office:
    firm.deploy(PLAIN)
    firm.deploy(SECRET)
    return firm


def say(office: Office, who: str, case: Case, text: str, task: str | None = None) -> str:
    return office.runtime.do(comments.write, office.as_(who).actor, case.id, text, task)


def thread(office: Office, who: str, case: Case, **how: Any) -> queries.Thread:
    return office.runtime.read(queries.thread, office.as_(who).actor, case.id, **how)


def mentioned(office: Office, who: str) -> list[str]:
    return [row.text for row in office.runtime.read(queries.mentioning, office.as_(who).actor).rows]


def unread(office: Office, who: str) -> int:
    return office.runtime.read(queries.unread, office.as_(who).actor)


def rename(office: Office, username: str, **names: str) -> None:
    def write(tx: Transaction, actor: object) -> None:
        people = access.accounts.people
        tx.execute(sa.update(people).where(people.c.username == username).values(names=names))
        accounts.accounts.log(tx, None, "person.named", username)

    office.runtime.do(write, SYSTEM)


def whole(office: Office) -> list[str]:
    return [each.invariant.name for each in doctor.examine(office.runtime.engine, office.runtime.house)]


# --- writing and reading -----------------------------------------------------------


def test_whoever_sees_a_case_comments_on_it_and_the_others_read_it(desk: Office) -> None:
    case = desk.as_("spec").start("plain")
    task = desk.as_("spec").find("ask").id
    say(desk, "spec", case, "  数量对吗？\r\n<b>x</b>\x07 ")
    say(desk, "boss", case, "對。", task)
    found = thread(desk, "sup", case)
    assert [(each.author.names["en"], each.text) for each in found.comments if each.author] == [
        ("Spec", "数量对吗？\n<b>x</b>"),  # as it was typed, and no more than text
        ("Boss", "對。"),
    ]
    assert [each.about is not None for each in found.comments] == [False, True]
    told = [each.text for each in desk.as_("sup").case_page(case.id, "en").timeline]
    assert told[-2:] == ["Spec wrote a comment", "Boss wrote a comment on “ask”"]
    assert whole(desk) == []


def test_who_does_not_see_a_case_neither_reads_nor_writes_there(desk: Office) -> None:
    case = desk.as_("boss").start("secret")
    say(desk, "boss", case, "the salary is 31415")
    # "spec" has a task in it, and so sees where it stands; "buyer" sees nothing of it.
    limited = thread(desk, "spec", case)
    assert (limited.seen, limited.may_write, limited.comments) == (False, False, [])
    with pytest.raises(comments.NotWhole):
        say(desk, "spec", case, "I only have a task here")
    with pytest.raises(NoSuchCase):
        thread(desk, "buyer", case)
    with pytest.raises(NoSuchCase):
        say(desk, "buyer", case, "let me in")
    (comment,) = thread(desk, "boss", case).comments
    for who in ("spec", "buyer"):
        for act in (comments.withdraw, comments.read):
            with pytest.raises(comments.NoSuchComment):
                desk.runtime.do(act, desk.as_(who).actor, comment.id)
        assert desk.runtime.read(queries.mentionable, desk.as_("spec").actor, case.id, "b", "en") == []
    moments = desk.as_("spec").case_page(case.id).timeline
    assert [each.kind for each in moments if each.kind.startswith("comment")] == []


def test_a_right_that_was_taken_away_is_missed(desk: Office) -> None:
    case = desk.as_("spec").start("plain")
    desk.runtime.do(accounts.revoke, SYSTEM, "*", "comment", "case", "any")
    with pytest.raises(NotGranted):
        say(desk, "spec", case, "hello")
    assert not thread(desk, "spec", case).may_write


@pytest.mark.parametrize(
    ("text", "refusal"),
    [(" \n\t ", comments.NoText), ("字" * 4001, comments.TooLong)],
)
def test_a_comment_says_something_and_is_no_book(
    desk: Office, text: str, refusal: type[GuichengError]
) -> None:
    case = desk.as_("spec").start("plain")
    with pytest.raises(refusal):
        say(desk, "spec", case, text)
    say(desk, "spec", case, "字" * 4000)


def test_a_comment_on_a_task_is_on_one_of_its_own_case(desk: Office) -> None:
    case, other = desk.as_("spec").start("plain"), desk.as_("spec").start("plain")
    with pytest.raises(NoSuchTask):
        say(desk, "spec", case, "?", desk.as_("spec").find("ask", other.id).id)


def test_a_case_that_is_over_is_still_talked_about(desk: Office) -> None:
    case = desk.as_("spec").start("plain")
    desk.as_("spec").do("ask", case.id)
    say(desk, "spec", case, "@boss done")
    assert case.status == "completed" and unread(desk, "boss") == 1 and whole(desk) == []


def test_long_threads_come_in_pages(desk: Office) -> None:
    case = desk.as_("spec").start("plain")
    for number in range(5):
        say(desk, "spec", case, str(number))
    newest = thread(desk, "spec", case, limit=2)
    assert [each.text for each in newest.comments] == ["3", "4"]
    before = thread(desk, "spec", case, limit=3, before=newest.earlier)
    assert [each.text for each in before.comments] == ["0", "1", "2"] and before.earlier is None


# --- changing and withdrawing ------------------------------------------------------


def test_only_its_author_changes_a_comment_and_only_at_once(desk: Office) -> None:
    case = desk.as_("spec").start("plain")
    comment, spec, sup = say(desk, "spec", case, "300"), desk.as_("spec").actor, desk.as_("sup").actor
    for act in (lambda: desk.runtime.do(comments.change, sup, comment, "mine"),
                lambda: desk.runtime.do(comments.withdraw, sup, comment)):  # fmt: skip
        with pytest.raises(comments.NotYourComment):
            act()
    desk.later(minutes=14)
    assert thread(desk, "spec", case).comments[0].may_change
    desk.runtime.do(comments.change, spec, comment, "320")
    (found,) = thread(desk, "sup", case).comments
    assert found.text == "320" and found.changed_at is not None and not found.may_change
    desk.later(minutes=2)
    assert not thread(desk, "spec", case).comments[0].may_change
    with pytest.raises(comments.NoLongerChangeable):
        desk.runtime.do(comments.change, spec, comment, "1000")
    # What it read before is not lost: it stands in the log.
    assert [row["text"] for row in _details(case) if "text" in row] == ["300", "320"] and whole(desk) == []


def _details(case: Case) -> list[dict[str, Any]]:
    from runtime import values

    return [values.loads(row.payload)["detail"] for row in case.log if row.kind.startswith("comment")]


def test_what_is_withdrawn_leaves_its_place_and_tells_nobody_any_more(desk: Office) -> None:
    case = desk.as_("spec").start("plain")
    comment = say(desk, "spec", case, "@boss 王五又迟到了")
    assert unread(desk, "boss") == 1
    desk.later(days=3)
    desk.runtime.do(comments.withdraw, desk.as_("spec").actor, comment)
    (found,) = thread(desk, "boss", case).comments
    assert (found.text, found.parts) == ("", []) and found.withdrawn_at is not None
    assert unread(desk, "boss") == 0 and mentioned(desk, "boss") == []
    with pytest.raises(comments.WithdrawnAlready):
        desk.runtime.do(comments.withdraw, desk.as_("spec").actor, comment)
    assert whole(desk) == []


def test_a_purged_case_takes_its_comments_along(desk: Office) -> None:
    desk.deploy(PLAIN.replace('<process id="plain"', '<process id="plain" camunda:historyTimeToLive="30"'))
    case = desk.as_("spec").start("plain")
    task = desk.as_("spec").find("ask").id
    say(desk, "spec", case, "@boss 31415", task)
    desk.as_("spec").do("ask", case.id)
    desk.later(days=31)
    assert desk.runtime.do(purge.purge, SYSTEM, [case.row.id]) == 1
    for table in (store.comments, store.mentions):
        assert desk.runtime.read(lambda tx, _, table=table: tx.all(sa.select(table)), SYSTEM) == []
    assert mentioned(desk, "boss") == [] and whole(desk) == []


# --- mentions ----------------------------------------------------------------------


def test_whoever_is_mentioned_is_told_once_until_they_have_read_it(desk: Office) -> None:
    rename(desk, "boss", zh_Hans="王芳", zh_Hant="王芳", en="Wang Fang")
    case = desk.as_("spec").start("plain")
    comment = say(
        desk, "spec", case, "请@王芳看一下，＠wang fang！ @SUP too. Mail a@boss.example; 3 pcs @12.50 @spec"
    )
    assert (unread(desk, "boss"), unread(desk, "sup"), unread(desk, "spec")) == (1, 1, 0)
    (row,) = thread(desk, "boss", case).comments
    assert row.unread and [piece for piece, called in row.parts if called] == ["@王芳", "@SUP"]
    assert desk.runtime.do(comments.read, desk.as_("boss").actor, comment) == case.id
    assert unread(desk, "boss") == 0 and len(mentioned(desk, "boss")) == 1
    # Changed, it tells only who is new in it.
    desk.runtime.do(comments.change, desk.as_("spec").actor, comment, "@boss @lead")
    assert (unread(desk, "boss"), unread(desk, "sup"), unread(desk, "lead")) == (0, 0, 1)
    say(desk, "spec", case, "@lead again")
    desk.runtime.do(comments.read_all, desk.as_("lead").actor)
    assert unread(desk, "lead") == 0


def test_of_names_that_begin_alike_the_longest_is_meant(desk: Office) -> None:
    case = desk.as_("spec").start("plain")
    say(desk, "sup", case, "@spec2 and not the other")
    assert (unread(desk, "spec"), unread(desk, "spec2")) == (0, 1)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("@buyer look", comments.CannotSee),
        ("@nobody look", comments.NobodyCalled),
        ("@specialist look", comments.NobodyCalled),
        ("@双名 look", comments.SeveralCalled),
        ("@money look", comments.HasLeft),
    ],
)
def test_a_mention_that_would_reach_nobody_is_refused_with_the_reason(
    desk: Office, text: str, refusal: type[GuichengError]
) -> None:
    for who in ("sup", "boss"):
        rename(desk, who, zh_Hans="双名")
    desk.runtime.do(accounts.deactivate, SYSTEM, "money")
    case = desk.as_("spec").start("plain")
    with pytest.raises(refusal):
        say(desk, "spec", case, text)
    assert thread(desk, "spec", case).comments == []


def test_who_loses_sight_of_a_case_is_no_longer_told_what_was_said_there(desk: Office) -> None:
    case = desk.as_("spec").start("plain")
    say(desk, "spec", case, "@boss 31415")
    assert unread(desk, "boss") == 1
    desk.runtime.do(accounts.set_groups, SYSTEM, "boss", [])
    desk.runtime.do(accounts.set_superior, SYSTEM, "sup", "lead")
    assert unread(desk, "boss") == 0 and mentioned(desk, "boss") == []


def test_one_chooses_among_those_who_may_see_the_case(desk: Office) -> None:
    case = desk.as_("spec").start("plain")
    offered = desk.runtime.read(queries.mentionable, desk.as_("spec").actor, case.id, "", "en")
    assert {each.username: each.why for each in offered} == {
        "spec2": "", "sup": "", "boss": "", "lead": "", "root": "may not see this case",
        "hr": "may not see this case", "money": "may not see this case", "buyer": "may not see this case",
    }  # fmt: skip
    assert [each.why for each in offered] == [""] * 4 + ["may not see this case"] * 4
    for who in ("sup", "boss"):
        rename(desk, who, zh_Hans="双名", en=who)
    twice = desk.runtime.read(queries.mentionable, desk.as_("spec").actor, case.id, "双", "zh_Hans")
    assert {each.write for each in twice} == {"sup", "boss"}  # the name would not say which


# --- mail --------------------------------------------------------------------------


@pytest.fixture
def posted(desk: Office, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Mail is set up, and what is handed in is kept here."""
    sent: list[Any] = []
    desk.runtime.house.mails = True
    monkeypatch.setattr("runtime.delivery.send", lambda mails, server, now, told=None: sent.extend(mails))
    desk.runtime.do(accounts.set_email, SYSTEM, "boss", "boss@firm.example")
    return sent


def test_who_has_an_address_is_told_by_mail_and_the_mail_tells_nothing_else(
    desk: Office, posted: list[Any]
) -> None:
    case = desk.as_("spec").start("plain")
    say(desk, "spec", case, "@boss @sup 31415")
    outbox = Outbox(desk.runtime)
    assert outbox.drain() == 1 and outbox.drain() == 0
    (mail,) = posted
    assert mail.to == "boss@firm.example" and "spec" in mail.subject
    assert not tells(mail.text, "31415") and "plain" not in mail.text


def test_who_has_read_it_or_was_left_out_again_gets_no_mail(desk: Office, posted: list[Any]) -> None:
    case = desk.as_("spec").start("plain")
    read = say(desk, "spec", case, "@boss 1")
    desk.runtime.do(comments.read, desk.as_("boss").actor, read)
    desk.runtime.do(comments.withdraw, desk.as_("spec").actor, say(desk, "spec", case, "@boss 2"))
    assert Outbox(desk.runtime).drain() == 0 and posted == []


def test_a_server_that_is_away_is_asked_again_and_then_no_more(
    desk: Office, posted: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **kw: Any) -> None:
        posted.append(1)
        raise MailNotSent(receivers="", reason="away")

    monkeypatch.setattr("runtime.delivery.send", away)
    say(desk, "spec", desk.as_("spec").start("plain"), "@boss 1")
    outbox = Outbox(desk.runtime)
    outbox.drain()
    assert len(posted) == 1 and outbox.drain() == 0
    for _ in range(mention_mails.TRIES + 2):
        desk.later(hours=6)
        outbox.drain()
    assert len(posted) == mention_mails.TRIES and unread(desk, "boss") == 1


def test_without_a_mail_server_nothing_is_kept_to_be_mailed(desk: Office) -> None:
    assert not MailServer().host
    desk.runtime.do(accounts.set_email, SYSTEM, "boss", "boss@firm.example")
    say(desk, "spec", desk.as_("spec").start("plain"), "@boss 1")
    assert not desk.runtime.read(mention_mails.any_due, SYSTEM)


def test_a_comment_that_was_changed_past_the_program_is_seen(desk: Office) -> None:
    case = desk.as_("spec").start("plain")
    say(desk, "spec", case, "300")
    say(desk, "spec", case, "400")
    assert whole(desk) == []

    def tamper(tx: Transaction, actor: object) -> None:
        tx.execute(sa.update(store.comments).where(store.comments.c.text == "300").values(text="3000"))
        tx.execute(sa.delete(store.comments).where(store.comments.c.text == "400"))

    desk.runtime.do(tamper, SYSTEM)
    assert whole(desk) == ["comment_wordings", "comment_wordings"]


def test_a_comment_is_a_minute_of_its_own(desk: Office) -> None:
    """Written twice it is there twice: nobody's words are taken for a repetition."""
    case = desk.as_("spec").start("plain")
    assert say(desk, "spec", case, "+1") != say(desk, "spec", case, "+1")
    assert dt.timedelta(minutes=15) == store.CHANGEABLE
