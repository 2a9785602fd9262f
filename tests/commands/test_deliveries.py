"""Mail and requests that a case waits for: what leaves the house, how often, and what becomes of the case."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from runtime import cli, delivery
from runtime.commands import accounts, deliveries, external_tasks, incidents
from runtime.commands.deliveries import LEASE, SPARE, Ways
from runtime.commands.deploy import DeploymentRefused
from runtime.delivery import Destinations, MailServer
from runtime.identity import SYSTEM
from runtime.outbox import Outbox
from runtime.queries import incidents as incident_queries
from tests.delivery.servers import Post, Web, running
from tests.diagrams import bpmn, element, end, flow, start, timer, user
from tests.office import Case, Office

TOKEN = "s3cret-of-the-supplier"


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    with running(server):
        yield server


@pytest.fixture
def post() -> Iterator[Post]:
    server = Post()
    with running(server):
        yield server


@pytest.fixture
def house(firm: Office, web: Web, post: Post) -> Office:
    firm.runtime.ways = Ways(
        Destinations.read(web.url),
        MailServer.read(post.address, "none", "", "", "office@firm.example"),
        frozenset({"supplier.example"}),
        {"SUPPLIER_TOKEN": TOKEN},
        5.0,
    )
    for username, language in (("spec", "en"), ("spec2", "zh_Hans"), ("boss", "zh_Hant")):
        actor = firm.as_(username).actor
        firm.runtime.do(accounts.set_email, SYSTEM, username, f"{username}@firm.example")
        firm.runtime.do(accounts.set_language, actor, language)
    return firm


def task(
    key: str, topic: str, gives: tuple[str, ...] = (), more: str = "", **inputs: Any
) -> tuple[str, str, str]:
    def told(value: Any) -> str:
        if isinstance(value, dict):
            rows = "".join(
                f'<camunda:entry key="{name}">{escape(text)}</camunda:entry>' for name, text in value.items()
            )
            return f"<camunda:map>{rows}</camunda:map>"
        return escape(value)

    takes = "".join(
        f'<camunda:inputParameter name="{n}">{told(v)}</camunda:inputParameter>' for n, v in inputs.items()
    )
    outs = "".join(
        f'<camunda:outputParameter name="{name}">${{{name}}}</camunda:outputParameter>' for name in gives
    )
    inside = f"<camunda:inputOutput>{takes}{outs}</camunda:inputOutput>{more}"
    return element(
        "serviceTask",
        key,
        f"<extensionElements>{inside}</extensionElements>",
        camunda__type="external",
        camunda__topic=topic,
    )


def ask(web: Web, gives: tuple[str, ...] = ("status", "body"), **inputs: Any) -> tuple[str, str, str]:
    more = inputs.pop("more", "")
    return task("order", "http.request", gives, more, **{"url": f"{web.url}/orders", **inputs})


def begin(office: Office, *nodes: tuple[str, str, str], before: str = "") -> Case:
    office.deploy(bpmn("sending", *nodes, before=before))
    return office.as_("spec").start("sending")


def deliver(office: Office) -> int:
    return Outbox(office.runtime).drain()


# --- requests ----------------------------------------------------------------------


def test_a_case_waits_while_another_system_is_asked_and_goes_on_with_its_answer(
    house: Office, web: Web
) -> None:
    web.answer = lambda number: (
        201,
        {"Content-Type": "application/json"},
        b'{"number": "PO-7", "total": 10.5}',
    )
    case = begin(
        house,
        start(),
        ask(web, method="POST", body={"sku": "M8", "pieces": "${1 + 1}"}),
        user("look", candidateGroups="specialist"),
        end(),
    )
    assert web.got == []
    assert house.as_("spec").inbox() == []
    assert deliver(house) == 1
    assert case.variables["body"] == {"number": "PO-7", "total": Decimal("10.5")}
    assert case.variables["status"] == 201
    assert web.json() == {"sku": "M8", "pieces": 2}
    assert [row.element for row in house.as_("spec").inbox()] == ["look"]
    assert deliver(house) == 0


def test_no_call_is_made_within_a_transaction(
    house: Office, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(house, start(), ask(web), end())
    held: list[int] = []

    def request(*arguments: Any) -> Any:
        held.append(house.runtime.engine.pool.checkedout())  # type: ignore[attr-defined]
        # Somebody else can write meanwhile.
        house.runtime.do(accounts.set_email, SYSTEM, "spec", "spec@firm.example")
        return asked(*arguments)

    asked = delivery.request
    monkeypatch.setattr(delivery, "request", request)
    deliver(house)
    assert held == [0]


def test_an_error_of_the_other_system_is_tried_again_with_the_same_key(house: Office, web: Web) -> None:
    web.answer = lambda number: (500 if number == 1 else 200, {}, b"")
    case = begin(house, start(), ask(web), end())
    deliver(house)
    assert case.status == "running"
    deliver(house)
    assert len(web.got) == 1  # not before its pause is over
    house.later(seconds=11)
    deliver(house)
    assert case.status == "completed"
    assert len(web.keys) == 2 and len(set(web.keys)) == 1
    assert house.incidents() == []


def test_the_retry_cycle_of_the_diagram_counts_and_then_a_person_is_asked(house: Office, web: Web) -> None:
    web.answer = lambda number: (503, {}, b"")
    cycle = "<camunda:failedJobRetryTimeCycle>R2/PT1H</camunda:failedJobRetryTimeCycle>"
    case = begin(house, start(), ask(web, more=cycle), end())
    deliver(house)
    house.later(minutes=59)
    deliver(house)
    assert len(web.got) == 1 and house.incidents() == []
    house.later(minutes=2)
    deliver(house)
    house.later(hours=2)
    deliver(house)
    (reason,) = house.incidents()
    assert "503" in reason and reason.startswith("order:")
    web.answer = lambda number: (200, {}, b"")
    root = house.as_("root").actor
    (incident,) = house.runtime.read(incident_queries.listing, root)
    house.runtime.do(incidents.retry, root, incident.id)
    house.settle()
    deliver(house)
    assert case.status == "completed"
    assert len(set(web.keys)) == 1


@pytest.mark.parametrize(
    ("status", "caught", "expected"),
    [
        (404, "http_4xx", "caught"),
        (404, "http_error", "caught"),
        (404, "", "caught"),
        (404, "http_3xx", None),
        (302, "http_3xx", "caught"),
        (409, "http_4xx", "caught"),
    ],
)
def test_a_refusal_is_an_error_that_the_process_may_catch(
    house: Office, web: Web, status: int, caught: str, expected: str | None
) -> None:
    web.answer = lambda number: (status, {"Content-Type": "application/json"}, b'{"why": "gone"}')
    ref = ' errorRef="e"' if caught else ""
    before = f'<error id="e" name="e" errorCode="{caught}"/>' if caught else ""
    case = begin(
        house,
        start(),
        ask(web),
        end(),
        element("boundaryEvent", "refused", f"<errorEventDefinition{ref}/>", attachedToRef="order"),
        end("caught"),
        flow("begun", "order"),
        flow("order", "ended"),
        flow("refused", "caught"),
        before=before,
    )
    deliver(house)
    assert case.end == expected
    if expected:
        assert (case.variables["status"], case.variables["body"]) == (status, {"why": "gone"})
    else:
        assert "http_error" in house.incidents()[0]
    assert len(web.got) == 1


def test_a_redirect_into_the_inner_network_is_not_followed(house: Office, web: Web) -> None:
    web.answer = lambda number: (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, b"")
    begin(house, start(), ask(web), end())
    deliver(house)
    assert len(web.got) == 1
    assert "302" in house.incidents()[0]


def test_a_host_that_is_not_listed_is_an_incident_at_once_and_is_never_asked(house: Office, web: Web) -> None:
    house.runtime.ways = dataclasses.replace(house.runtime.ways, destinations=Destinations())
    begin(house, start(), ask(web), end())
    deliver(house)
    house.later(days=1)
    deliver(house)
    assert web.got == []
    (reason,) = house.incidents()
    assert "GUICHENG_HTTP_HOSTS" in reason


def test_a_timer_on_a_request_ends_the_wait(house: Office, web: Web) -> None:
    late = timer("late", "timeDuration", "PT1H", "boundaryEvent", attachedToRef="order")
    web.answer = lambda number: (503, {}, b"")
    case = begin(
        house, start(), ask(web), end(), late, end("given_up"),
        flow("begun", "order"), flow("order", "ended"), flow("late", "given_up"),
    )  # fmt: skip
    deliver(house)
    house.later(hours=2)
    assert case.end == "given_up"
    assert deliver(house) == 0
    assert len(web.got) == 1


# --- secrets -----------------------------------------------------------------------


def _everything_kept(office: Office) -> str:
    with office.runtime.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        return "\n".join(
            str(row) for name in names for row in connection.execute(sa.text(f'SELECT * FROM "{name}"'))
        )


def test_a_secret_is_told_to_whom_it_is_sent_and_stands_nowhere_else(
    house: Office, web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    # It answers with what it was asked, as some do.
    web.answer = lambda number: (
        200 if number > 1 else 500,
        {"Content-Type": "application/json", "X-Echo": TOKEN},
        ('{"you sent": "Bearer ' + TOKEN + '"}').encode(),
    )
    case = begin(
        house,
        start(),
        ask(
            web, ("status", "body", "headers"), authorization="Bearer ${secret('SUPPLIER_TOKEN')}",
            headers={"X-Key": "${secret('SUPPLIER_TOKEN')}", "X-Case": "${initiator}"},
        ),
        end(),
    )  # fmt: skip
    deliver(house)
    house.later(seconds=11)
    deliver(house)
    assert case.status == "completed"
    for asked in web.got:
        assert asked["headers"]["authorization"] == f"Bearer {TOKEN}"
        assert asked["headers"]["x-key"] == TOKEN
        assert asked["headers"]["x-case"] == house.as_("spec").actor.public_id
    assert case.variables["body"] == {"you sent": "Bearer •••"}
    assert TOKEN not in _everything_kept(house)
    told = capsys.readouterr()
    assert TOKEN not in told.out + told.err


def test_a_text_that_only_looks_like_a_secret_stays_a_text(house: Office, web: Web) -> None:
    given = "execution.setVariable('tricky', \"${secret('SUPPLIER_TOKEN')} •••\")"
    begin(
        house,
        start(),
        element("scriptTask", "given", f"<script><![CDATA[{given}]]></script>", scriptFormat="javascript"),
        ask(web, headers={"X-Text": "${tricky.replace('•••', 'x')}"}),
        end(),
    )
    deliver(house)
    assert web.got[0]["headers"]["x-text"] == "${secret('SUPPLIER_TOKEN')} x"


def test_a_secret_that_is_not_set_is_an_incident(house: Office, web: Web) -> None:
    begin(house, start(), ask(web, authorization="${secret('OTHER')}"), end())
    deliver(house)
    assert "There is no secret OTHER" in house.incidents()[0]
    assert web.got == []


@pytest.mark.parametrize(
    "inputs",
    [
        {"body": "${secret('SUPPLIER_TOKEN')}"},
        {"url": "https://a.example/${secret('SUPPLIER_TOKEN')}"},
        {"authorization": "${secret(initiator)}"},
        {"headers": {"X": "${secret('A', 'B')}"}},
    ],
)
def test_a_secret_elsewhere_is_not_deployed(house: Office, web: Web, inputs: dict[str, Any]) -> None:
    with pytest.raises(DeploymentRefused) as refused:
        house.deploy(bpmn("sending", start(), ask(web, **inputs), end()))
    assert {problem.rule for problem in refused.value.problems if problem.severity == "error"} == {
        "unknown_function"
    }


# --- mail --------------------------------------------------------------------------


def notify(gives: tuple[str, ...] = ("sent", "unreached", "refused"), **inputs: Any) -> tuple[str, str, str]:
    more = inputs.pop("more", "")
    told = {"subject": "采购 {{7*7}}", "text": "请看 {{7*7}} ${initiator}", **inputs}
    return task("tell", "notify.send", gives, more, **told)


def test_everybody_is_written_to_in_their_language(house: Office, post: Post) -> None:
    case = begin(
        house,
        start(),
        notify(
            to="group:specialist, group:manager,order@supplier.example",
            text_en="Look ${'{{7*7}}'}",
            text_zh_hant="請看",
        ),
        end(),
    )
    assert post.got == []
    deliver(house)
    assert case.status == "completed"
    assert case.variables["sent"] == 4
    texts = {to: mail.get_content().strip() for to, mail in post.got}
    assert texts == {
        "spec@firm.example": "Look {{7*7}}",
        "spec2@firm.example": f"请看 {{{{7*7}}}} {house.as_('spec').actor.public_id}",
        "boss@firm.example": "請看",
        "order@supplier.example": f"请看 {{{{7*7}}}} {house.as_('spec').actor.public_id}",
    }
    assert {mail["Subject"] for _, mail in post.got} == {"采购 {{7*7}}"}
    assert len({mail["Message-ID"] for _, mail in post.got}) == 4


def test_a_mail_that_is_sent_again_has_the_same_id(house: Office, post: Post) -> None:
    post.refuses["spec2@firm.example"] = "450 later"
    case = begin(house, start(), notify(to="group:specialist"), end())
    deliver(house)
    assert case.status == "running"
    post.refuses.clear()
    house.later(seconds=11)
    deliver(house)
    assert case.status == "completed"
    assert sorted(to for to, _ in post.got) == ["spec2@firm.example", "spec@firm.example"]


def test_whoever_has_got_their_mail_does_not_get_it_again(house: Office, post: Post) -> None:
    """The line breaks after each mail; one receiver is refused for good."""
    post.hangs_up = 1
    post.refuses["boss@firm.example"] = "550 nobody"
    case = begin(house, start(), notify(to="group:specialist, group:manager, order@supplier.example"), end())
    for pause in (11, 61, 601):
        deliver(house)
        house.later(seconds=pause)
    deliver(house)
    assert case.status == "completed"
    assert sorted(to for to, _ in post.got) == ["order@supplier.example", "spec2@firm.example", "spec@firm.example"]
    assert (case.variables["sent"], case.variables["refused"]) == (3, ["boss@firm.example"])


def test_an_operator_who_tries_again_writes_only_to_those_who_are_left(house: Office, post: Post) -> None:
    post.refuses["spec2@firm.example"] = "450 later"
    more = "<camunda:failedJobRetryTimeCycle>R1/PT1M</camunda:failedJobRetryTimeCycle>"
    case = begin(house, start(), notify(to="group:specialist", more=more), end())
    deliver(house)
    (incident,) = house.runtime.read(incident_queries.listing, SYSTEM)
    post.refuses.clear()
    house.runtime.do(incidents.retry, SYSTEM, incident.id)
    deliver(house)
    assert case.status == "completed" and case.variables["sent"] == 2
    assert sorted(to for to, _ in post.got) == ["spec2@firm.example", "spec@firm.example"]


def test_whoever_dies_between_two_mails_is_followed_by_one_who_sends_the_rest(
    house: Office, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begin(house, start(), notify(to="group:specialist, group:manager"), end())
    handed_in = deliveries.handed_in

    class Killed(BaseException):
        pass

    def dies(*arguments: Any) -> Any:
        if len(post.got) == 2:
            raise Killed
        return handed_in(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "handed_in", dies)
        with pytest.raises(Killed):
            deliver(house)
    house.later(seconds=LEASE + 1)
    deliver(house)
    assert case.status == "completed" and case.variables["sent"] == 3
    # Only of the one whose taking was not noted nobody can know; its mail has the same id.
    ids = [mail["Message-ID"] for _, mail in post.got]
    assert len(ids) == 4 and len(set(ids)) == 3


def test_while_mails_are_handed_in_slowly_nobody_else_begins(house: Office, post: Post) -> None:
    others: list[int] = []

    def slowly(to: str) -> None:
        house.later(seconds=LEASE - 50)
        others.append(deliver(house))

    post.took = slowly
    case = begin(house, start(), notify(to="group:specialist, group:manager"), end())
    assert deliver(house) == 1
    assert case.status == "completed" and others == [0, 0, 0]
    assert len(post.got) == 3


def test_who_has_no_address_is_told_and_if_nobody_has_one_it_is_an_error(house: Office, post: Post) -> None:
    money = house.as_("money").actor.public_id
    case = begin(house, start(), notify(to="${[initiator, holder_of('finance')]}"), end())
    deliver(house)
    assert (case.variables["sent"], case.variables["unreached"]) == (1, [money])
    begin(house, start(), notify(to="${holder_of('finance')}"), end())
    deliver(house)
    assert "no_receiver" in house.incidents()[0]


def test_what_the_mail_server_refuses_for_good_is_told(house: Office, post: Post) -> None:
    post.refuses["spec2@firm.example"] = "550 nobody"
    case = begin(house, start(), notify(to="group:specialist"), end())
    deliver(house)
    assert (case.variables["sent"], case.variables["refused"]) == (1, ["spec2@firm.example"])
    post.refuses["spec@firm.example"] = "550 nobody"
    begin(house, start(), notify(to="${initiator}"), end())
    deliver(house)
    assert "mail_refused" in house.incidents()[0]


@pytest.mark.parametrize(
    "to", ["eve@evil.example", "nobody", "group:strangers", "a@supplier.example\r\nBcc: e@evil.example"]
)
def test_mail_goes_to_people_and_to_listed_domains_only(house: Office, post: Post, to: str) -> None:
    begin(house, start(), notify(to=to), end())
    deliver(house)
    assert post.got == []
    assert "delivery.bad_receiver" in house.incidents()[0] or "can receive no mail" in house.incidents()[0]


# --- crashes and rights ------------------------------------------------------------


def test_whoever_dies_between_the_call_and_the_commit_is_followed_with_the_same_key(
    house: Office, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begin(house, start(), ask(web), end())

    class Killed(BaseException):
        pass

    def killed(*arguments: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "answered", killed)
        with pytest.raises(Killed):
            deliver(house)
    assert len(web.got) == 1 and case.status == "running"
    assert deliver(house) == 0  # it may still be at it
    house.later(seconds=LEASE + 1)
    assert deliver(house) == 1
    assert case.status == "completed"
    assert len(web.keys) == 2 and len(set(web.keys)) == 1


def test_a_worker_that_is_killed_while_it_waits_for_an_answer_is_followed_with_the_same_key(
    house: Office, web: Web
) -> None:
    """A process of its own, killed as a machine dies: nothing of it runs any more."""
    case = begin(house, start(), ask(web), end())
    asked, over = threading.Event(), threading.Event()

    def answer(number: int) -> tuple[int, dict[str, str], bytes]:
        if number == 1:
            asked.set()
            over.wait(30)
        return 200, {}, b""

    web.answer = answer
    program = (
        "import sys, pathlib; from runtime.bootstrap import Runtime, Settings; from runtime.outbox import Outbox\n"
        "home, url, hosts = sys.argv[1:]\n"
        "Outbox(Runtime(Settings(home=pathlib.Path(home), database_url=url, http_hosts=hosts))).drain()"
    )
    settings = house.runtime.settings
    words = [str(settings.home), settings.database_url, web.url]
    worker = subprocess.Popen([sys.executable, "-c", program, *words])
    try:
        assert asked.wait(60)
    finally:
        worker.kill()
        worker.wait()
        over.set()
    assert case.status == "running"
    # Its clock is the real one.
    house.later(days=3650)
    deliver(house)
    assert case.status == "completed"
    assert len(web.keys) == 2 and len(set(web.keys)) == 1


def test_whoever_comes_late_with_an_answer_changes_nothing(house: Office, web: Web) -> None:
    case = begin(house, start(), ask(web), end())
    seen: list[Any] = []

    def answer(number: int) -> tuple[int, dict[str, str], bytes]:
        if number == 1:
            house.later(seconds=LEASE + 1)
            seen.extend([deliver(house), case.log])
        return 200, {}, b""

    web.answer = answer
    deliver(house)
    assert seen[0] == 1 and case.log == seen[1] and case.status == "completed"
    assert len(web.keys) == 2 and len(set(web.keys)) == 1


def test_whoever_stood_still_after_the_claim_makes_no_call(house: Office, web: Web, post: Post) -> None:
    """The call would not be over before the lock: somebody else may be at it by then."""
    begin(house, start(), ask(web), end())
    slow = Outbox(house.runtime)
    (late,) = house.runtime.do(deliveries.claim, SYSTEM, slow.worker, house.runtime.ways, 4)
    house.later(seconds=LEASE - delivery.longest(house.runtime.ways.seconds, house.runtime.ways.mail) + 1)
    slow.deliver(late)
    assert web.got == []
    house.later(seconds=LEASE)
    assert deliver(house) == 1 and len(web.got) == 1


@pytest.mark.parametrize("seconds", [0.1, 20.0, 100.0, 400.0, 3600.0])
def test_a_lock_outlasts_its_call_whatever_was_set(seconds: float) -> None:
    ways = Ways(seconds=seconds)
    assert ways.lease >= delivery.longest(seconds, ways.mail) + SPARE / 2 and ways.lease >= LEASE


def test_no_worker_from_outside_gets_what_the_house_delivers(house: Office, web: Web) -> None:
    begin(house, start(), ask(web), end())
    house.runtime.do(accounts.grant, SYSTEM, "purchasing", "work", "topic", "any", "*")
    wanted = [external_tasks.Wanted("http.request", 60)]
    with pytest.raises(external_tasks.NotYourTopic):
        house.runtime.do(external_tasks.fetch_and_lock, house.as_("buyer").actor, "w", wanted)


def test_each_loop_round_and_instance_is_a_delivery_of_its_own(house: Office, web: Web) -> None:
    key, tag, text = ask(web, gives=())
    looped = "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>"
    case = begin(house, start(), (key, tag, text.replace("</serviceTask>", looped + "</serviceTask>")), end())
    assert deliver(house) == 3
    assert case.status == "completed"
    assert len(set(web.keys)) == 3


# --- by the command line and in the background -------------------------------------


def test_whoever_operates_sets_it_up_and_work_delivers(
    firm: Office, web: Web, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {
        "HOME": str(firm.runtime.settings.home),
        "LANGUAGE": "en",
        "HTTP_HOSTS": web.url,
        "HTTP_SECRET_SUPPLIER_TOKEN": TOKEN,
        "MAIL_SERVER": post.address,
        "MAIL_SECURITY": "none",
        "MAIL_FROM": "office@firm.example",
    }.items():
        monkeypatch.setenv(f"GUICHENG_{name}", text)

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli.main, list(words))

    refused = run("person", "email", "spec", "spec at firm.example")
    assert refused.exit_code == 2 and "is no e-mail address" in refused.stderr
    assert run("person", "email", "spec", "spec@firm.example").exit_code == 0
    case = begin(
        firm, start(), ask(web, authorization="${secret('SUPPLIER_TOKEN')}"), notify(to="${initiator}"), end()
    )
    assert run("work", "--once").stdout.strip() == "2 jobs done."
    assert case.status == "completed"
    assert web.got[0]["headers"]["authorization"] == TOKEN
    assert [to for to, _ in post.got] == ["spec@firm.example"]
    assert run("person", "email", "spec").exit_code == 0
    second = begin(firm, start(), notify(to="${initiator}"), end())
    run("work", "--once")
    assert "no_receiver" in firm.incidents()[0] and second.status == "running"
    # Who changed it is kept, the address is not.
    assert "spec@firm.example" not in _everything_kept(firm)


def test_a_setting_that_does_not_fit_ends_the_start(firm: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUICHENG_HOME", str(firm.runtime.settings.home))
    monkeypatch.setenv("GUICHENG_LANGUAGE", "en")
    monkeypatch.setenv("GUICHENG_HTTP_HOSTS", "https://a.example/path")
    told = CliRunner().invoke(cli.main, ["work", "--once"])
    assert told.exit_code == 2 and "GUICHENG_HTTP_HOSTS" in told.stderr


def test_an_outbox_in_the_background_delivers_what_a_commit_brings_and_ends_when_told(
    house: Office, web: Web
) -> None:
    arrived = threading.Event()

    def answer(number: int) -> tuple[int, dict[str, str], bytes]:
        arrived.set()
        return 200, {}, b""

    web.answer = answer
    outbox = Outbox(house.runtime)
    outbox.start()
    try:
        case = begin(house, start(), ask(web), end())
        assert arrived.wait(20)
    finally:
        outbox.stop()
    assert case.status == "completed"
