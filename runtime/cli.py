"""`guicheng`: the runtime's commands. `serve` and `demo` are added by web/cli.py.

Exit status: 0 done · 1 refused or failed · 2 bad input (every problem is printed)."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import click
import orjson
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from runtime import i18n, values
from runtime.bootstrap import Runtime, Settings, read_sources
from runtime.bpmn import staffing
from runtime.bpmn.model import Process
from runtime.commands import accounts, calendar, cases, conditions, deploy, signals, user_tasks
from runtime.commands import incidents as incident_commands
from runtime.commands import messages as messages_
from runtime.errors import GuichengError, Invalid, NotFound, Problem
from runtime.identity import GROUPS, SYSTEM, Actor
from runtime.queries import decide as deciding
from runtime.queries import inbox, people, templates, variables
from runtime.queries import incidents as incident_queries
from runtime.queries import messages as message_queries
from runtime.worker import Worker

out = Console(highlight=False, soft_wrap=True)
ANSWERS = "The form's answers: JSON, @FILE, or - for standard input."
PAYLOAD = "What it carries: JSON, @FILE, or - for standard input."
err = Console(stderr=True, highlight=False, soft_wrap=True)


def language() -> str:
    """GUICHENG_LANGUAGE, else what the terminal's locale says."""
    asked = os.environ.get("GUICHENG_LANGUAGE") or os.environ.get("LANG", "")
    if asked in i18n.LANGUAGES:
        return asked
    if asked.startswith(("zh_TW", "zh_HK", "zh_MO")):
        return "zh_Hant"
    return "zh_Hans" if asked.startswith("zh") else "en"


def say(sentence: str, **params: Any) -> str:
    return i18n.say(language(), sentence, **params)


def tell(problem: Problem) -> str:
    """A problem as one line: file:line:column: severity: sentence [rule]."""
    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
    where = f" {problem.where}:" if problem.where and problem.where not in place else ""
    kind = say(problem.severity)
    return f"{place}: {kind}:{where} {say(problem.message, **problem.params)} [{problem.rule}]".lstrip(": ")


class NoSuchUser(NotFound):
    """There is no active person {username}. People are added with: guicheng person add"""

    code = "cli.no_such_user"


class NotJson(Invalid):
    """The answers are not JSON: {reason}"""

    code = "cli.not_json"


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Errors of ours become sentences and an exit status."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except GuichengError as error:
            for problem in error.problems:
                err.print(tell(problem), markup=False)
            err.print(say(error.message, **error.params), style="red", markup=False)
            sys.exit(2 if isinstance(error, Invalid) else 1)

    return run


def opened() -> Runtime:
    """The runtime over the installation's database, as it stands. Raises DatabaseBehind."""
    runtime = Runtime(Settings())
    runtime.load()
    return runtime


def acting(runtime: Runtime, username: str) -> Actor:
    actor = runtime.read(people.by_username, SYSTEM, username)
    if actor is None:
        raise NoSuchUser(username=username)
    return actor


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="guicheng", prog_name="guicheng")
def main() -> None:
    """Guicheng 規程: BPMN diagrams define the work, rule files decide, people do their part.

    \b
    A look around:          guicheng demo
    A real installation:    guicheng init
                            guicheng admin create
                            guicheng serve

    The data lies in the folder GUICHENG_HOME (default: ./var)."""


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@guarded
def db_upgrade() -> None:
    """Create the tables, or bring them to this version."""
    Runtime(Settings()).upgrade()
    out.print(say("The database is up to date."))


@main.command()
@click.option(
    "--processes", type=click.Path(path_type=Path), default=None, help="Folder of diagrams and forms."
)
@click.option("--rules", type=click.Path(path_type=Path), default=None, help="Folder of rule files.")
@guarded
def init(processes: Path | None, rules: Path | None) -> None:
    """Set up an empty installation: tables, and the processes and rules of this folder."""
    runtime = Runtime(Settings())
    runtime.upgrade()
    chosen = [folder for folder in (processes, rules) if folder]
    notes = runtime.sync(*(chosen or runtime.folders()))
    tell_all(notes)
    out.print(say("Ready. Now create the first administrator: guicheng admin create"))


@main.group()
def admin() -> None:
    """Administrators."""


@admin.command("create")
@click.argument("username", required=False)
@click.option("--name", default=None, help="The person's name.")
@guarded
def admin_create(username: str | None, name: str | None) -> None:
    """Create a person who may administer people, rules and processes.

    The password is asked for, or read from the environment variable GUICHENG_PASSWORD."""
    username = username or click.prompt(say("Sign-in name"))
    password = os.environ.get("GUICHENG_PASSWORD") or getpass.getpass(say("Password") + ": ")
    opened().do(
        accounts.add_person,
        SYSTEM,
        username,
        {"zh_Hans": name or username},
        groups=["admin"],
        password=password,
    )
    out.print(say("{username} can sign in now.", username=username))


@main.group()
def person() -> None:
    """People, their groups and reporting lines."""


@person.command("add")
@click.argument("username")
@click.option("--name", required=True, help="Name in Chinese (or any).")
@click.option("--name-en", default="", help="Name in English.")
@click.option(
    "--group", "groups", multiple=True, type=click.Choice(sorted(GROUPS)), help="May be given often."
)
@click.option("--superior", default=None, help="Sign-in name of whom they report to.")
@guarded
def person_add(username: str, name: str, name_en: str, groups: tuple[str, ...], superior: str | None) -> None:
    """Add a person. The password is asked for, or taken from GUICHENG_PASSWORD."""
    password = os.environ.get("GUICHENG_PASSWORD") or getpass.getpass(say("Password") + ": ")
    names = {"zh_Hans": name, **({"en": name_en} if name_en else {})}
    opened().do(
        accounts.add_person, SYSTEM, username, names, groups=groups, superior=superior, password=password
    )
    out.print(say("{username} can sign in now.", username=username))


@person.command("list")
@guarded
def person_list() -> None:
    """List everybody: sign-in name, public id, name, groups, superior."""
    table = Table(
        say("Sign-in name"),
        Column("id", no_wrap=True, min_width=32),
        say("Name"),
        say("Groups"),
        say("Superior"),
        box=None,
    )
    for row in opened().read(people.listing, SYSTEM):
        name = i18n.label(language(), dict(row.names), row.username)
        groups = ", ".join(sorted(row.groups))
        table.add_row(row.username, row.id, name, groups, row.superior or "–")
    out.print(table)


@person.command("groups")
@click.argument("username")
@click.argument("groups", nargs=-1, type=click.Choice(sorted(GROUPS)))
@guarded
def person_groups(username: str, groups: tuple[str, ...]) -> None:
    """Set the groups that a person is in; open tasks follow at once."""
    opened().do(accounts.set_groups, SYSTEM, username, groups)


@person.command("superior")
@click.argument("username")
@click.argument("superior", required=False)
@guarded
def person_superior(username: str, superior: str | None) -> None:
    """Set whom a person reports to (nobody when left out)."""
    opened().do(accounts.set_superior, SYSTEM, username, superior)


@person.command("password")
@click.argument("username")
@guarded
def person_password(username: str) -> None:
    """Set a person's password; their sessions end."""
    password = os.environ.get("GUICHENG_PASSWORD") or getpass.getpass(say("Password") + ": ")
    opened().do(accounts.set_password, SYSTEM, username, password)


@person.command("deactivate")
@click.argument("username")
@guarded
def person_deactivate(username: str) -> None:
    """A person who left can no longer sign in."""
    opened().do(accounts.deactivate, SYSTEM, username)


@main.group(invoke_without_command=True)
@click.pass_context
@guarded
def grants(context: click.Context) -> None:
    """Rights: which group may do what, with which objects. Without a word: list them."""
    if context.invoked_subcommand is not None:
        return
    table = Table("group", "verb", "kind", "relation", "fields", box=None)
    for each in opened().read(people.grants, SYSTEM):
        table.add_row(each.group, each.verb, each.kind, each.relation, each.fields)
    out.print(table)


@grants.command("add")
@click.argument("group")
@click.argument("verb")
@click.argument("kind")
@click.argument("relation")
@click.option("--fields", default="*", show_default=True, help="What of the object may be seen.")
@guarded
def grants_add(group: str, verb: str, kind: str, relation: str, fields: str) -> None:
    """Let GROUP ("*": everyone) VERB every KIND that stands in RELATION to the person."""
    opened().do(accounts.grant, SYSTEM, group, verb, kind, relation, fields)


@grants.command("remove")
@click.argument("group")
@click.argument("verb")
@click.argument("kind")
@click.argument("relation")
@guarded
def grants_remove(group: str, verb: str, kind: str, relation: str) -> None:
    """Take a grant back."""
    opened().do(accounts.revoke, SYSTEM, group, verb, kind, relation)


@main.command("calendar")
@click.argument("day", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("kind", type=click.Choice(["holiday", "workday", "weekday"]))
@guarded
def calendar_(day: dt.datetime, kind: str) -> None:
    """Make DAY a holiday or a workday; "weekday": what Monday to Friday says."""
    opened().do(calendar.set_day, SYSTEM, day.date(), None if kind == "weekday" else kind)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--who", "show_who", is_flag=True, help="Show who gets each task.")
@guarded
def check(paths: tuple[Path, ...], show_who: bool) -> None:
    """Check diagrams, forms and rule files; every problem with file, line and element.

    What a diagram refers to is looked for among PATHS and in the installation, if there is one."""
    settings = Settings()
    before = deploy.Known()
    if settings.database_url or (settings.home / "guicheng.db").exists():
        before = opened().read(deploy.known, SYSTEM)
    sources, unreadable = read_sources(paths)
    checked, problems = deploy.check_sources(sources, before)
    if before.sources:
        problems += opened().read(deploy.unbound, SYSTEM, checked)
    problems = unreadable + problems
    tell_all(problems)
    if show_who:
        tell_who(sources)
    errors = sum(problem.severity == "error" for problem in problems)
    if errors:
        err.print(say("{count} problems must be mended.", count=errors), style="red")
        sys.exit(2)
    out.print(say("{count} files are in order.", count=len(sources)))


@main.command("templates")
@click.argument("file", default="-", type=click.File("w", encoding="utf-8", lazy=True, atomic=True))
def templates_(file: IO[str]) -> None:
    """Write the element templates of all operations to FILE (default: standard output).

    Camunda Modeler offers them where it finds them: .camunda/element-templates/NAME.json in the
    diagram's folder or one above it."""
    file.write(templates.text())


@main.command("deploy")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@guarded
def deploy_(paths: tuple[Path, ...]) -> None:
    """Check and deploy diagrams, forms and rule files: all of them or none. Shows who gets each task."""
    runtime = opened()
    tell_all(runtime.deploy(SYSTEM, paths, "cli"))
    tell_who(read_sources(paths)[0])
    out.print(say("Deployed."))


def tell_who(sources: Sequence[deploy.Source]) -> None:
    """Who gets each task of the diagrams, a table a process."""
    for process in deploy.processes_of(sources):
        rows = staffing.table(process)
        if not rows:
            continue
        table = Table(say("Task"), "id", say("Who gets it"), box=None, title_justify="left")
        table.title = f"{i18n.label(language(), dict(process.names), process.id)} ({process.id})"
        for row in rows:
            table.add_row(
                Text(i18n.label(language(), dict(row.names), row.task)),
                row.task,
                Text(_who(process, row)),
            )
        out.print(table)


def _who(process: Process, row: staffing.Row) -> str:
    """The people of one row in a sentence; what is an expression stays as it is written."""
    people = ", ".join([*([row.assignee] if row.assignee else []), *row.users, *map(_group, row.groups)])
    if row.source == "assignee":
        return people
    if row.source == "candidates":
        return say("one of {people}", people=people)
    if row.source == "lane":
        lane = i18n.label(language(), dict(process.lanes[row.lane].names), row.lane)
        return say("one of {people} (lane {lane})", people=people, lane=lane)
    return say("whoever has the lane of the calling process") if row.source == "caller" else say("nobody")


def _group(group: str) -> str:
    return i18n.label(language(), dict(GROUPS.get(group, {})), group)


@main.command()
@click.argument("process")
@click.option("--as", "username", required=True, help="Sign-in name of who starts it.")
@click.option("--answers", default="{}", help=ANSWERS)
@click.option("--business-key", default="", help="What the case is known by outside; messages may name it.")
@guarded
def start(process: str, username: str, answers: str, business_key: str) -> None:
    """Start PROCESS; prints the case's id."""
    runtime = opened()
    actor = acting(runtime, username)
    started = runtime.do(cases.start, actor, process, _answers(answers), business_key)
    Worker(runtime).drain()
    out.print(started.case)


@main.command()
@click.option("--as", "username", required=True, help="Whose inbox.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@guarded
def tasks(username: str, as_json: bool) -> None:
    """List a person's open tasks."""
    runtime = opened()
    actor, after = acting(runtime, username), None
    table = Table(
        Column("id", no_wrap=True, min_width=32), say("Task"), say("Case"), say("Process"), box=None
    )
    while True:
        page = runtime.read(inbox.todo, actor, after=after, limit=200)
        for row in page.rows:
            name = i18n.label(language(), dict(row.names), row.element)
            title = i18n.label(language(), dict(row.case_title))
            if as_json:
                out.print(
                    orjson.dumps(
                        {
                            "id": row.id,
                            "element": row.element,
                            "name": name,
                            "case": row.case,
                            "title": title,
                            "process": row.process,
                        }
                    ).decode(),
                    markup=False,
                )
            table.add_row(row.id, name, title, row.process)
        after = page.next
        if after is None:
            break
    if not as_json:
        out.print(table)


@main.command()
@click.argument("task")
@click.option("--as", "username", required=True, help="Who completes it.")
@click.option("--answers", default="{}", help=ANSWERS)
@guarded
def complete(task: str, username: str, answers: str) -> None:
    """Complete TASK with the form's answers."""
    runtime = opened()
    runtime.do(user_tasks.complete, acting(runtime, username), task, _answers(answers))
    Worker(runtime).drain()
    out.print(say("Done."))


@main.command("variables")
@click.argument("case")
@click.option("--as", "username", required=True, help="Who asks; they must see the whole case.")
@guarded
def variables_(case: str, username: str) -> None:
    """Print the variables of CASE as one JSON object.

    What JSON has no word for is a map with one key: {"$decimal": "12.50"}, {"$date": "2026-03-09"},
    {"$datetime": …}, {"$duration": "P3D"}, {"$file": {…}}."""
    runtime = opened()
    click.echo(values.dumps(runtime.read(variables.variables, acting(runtime, username), case)))


@main.group(invoke_without_command=True)
@click.pass_context
@guarded
def incidents(context: click.Context) -> None:
    """What needs a person: list the open incidents."""
    if context.invoked_subcommand is not None:
        return
    table = Table(
        Column("id", no_wrap=True, min_width=32),
        say("Case"),
        say("Process"),
        say("Step"),
        say("Reason"),
        box=None,
    )
    for row in opened().read(incident_queries.listing, SYSTEM):
        table.add_row(row.id, row.case, row.process, row.element, row.reason)
    out.print(table)


@incidents.command("retry")
@click.argument("incident")
@guarded
def incidents_retry(incident: str) -> None:
    """Try the step behind INCIDENT again, once its cause is mended."""
    runtime = opened()
    runtime.do(incident_commands.retry, SYSTEM, incident)
    Worker(runtime).drain()
    out.print(say("Done."))


@main.command()
@click.argument("name")
@click.option("--key", default="", help="The correlation key: whom it is for.")
@click.option("--payload", default="{}", help=PAYLOAD)
@click.option("--reference", default="", help="Names this very message: sent again, it does nothing.")
@click.option(
    "--correlate", is_flag=True, help="To the one receiver that waits now, else refused and not kept."
)
@guarded
def message(name: str, key: str, payload: str, reference: str, correlate: bool) -> None:
    """Send message NAME; it is kept until somebody waits for it."""
    runtime = opened()
    if correlate:
        out.print(runtime.do(messages_.correlate, SYSTEM, name, key, _answers(payload)).case)
    else:
        runtime.do(messages_.send, SYSTEM, name, key, _answers(payload), reference)
    Worker(runtime).drain()
    if not correlate:
        out.print(say("Done."))


@main.command()
@click.argument("name")
@click.option("--payload", default="{}", help=PAYLOAD)
@click.option("--reference", default="", help="Names this very signal: thrown again, it does nothing.")
@guarded
def signal(name: str, payload: str, reference: str) -> None:
    """Throw signal NAME: to every case that waits for it now, and to each process that it starts."""
    runtime = opened()
    runtime.do(signals.throw, SYSTEM, name, _answers(payload), reference)
    Worker(runtime).drain()
    out.print(say("Done."))


@main.command()
@click.option("--as", "username", required=True, help="Sign-in name of who starts what holds.")
@click.option(
    "--variables", default="{}", help="What the conditions read: JSON, @FILE, or - for standard input."
)
@click.option("--business-key", default="", help="Of each case that is started.")
@guarded
def evaluate(username: str, variables: str, business_key: str) -> None:
    """Start every process whose conditional start event holds now; prints the cases' ids."""
    runtime = opened()
    actor = acting(runtime, username)
    begun = runtime.do(conditions.evaluate, actor, _answers(variables), business_key)
    Worker(runtime).drain()
    for started in begun:
        out.print(started.case)


@main.group(invoke_without_command=True)
@click.pass_context
@guarded
def messages(context: click.Context) -> None:
    """Messages that found no receiver: kept, expired, or fitting several cases."""
    if context.invoked_subcommand is not None:
        return
    table = Table(
        Column("id", no_wrap=True, min_width=32),
        say("Message"),
        say("Key"),
        say("State"),
        say("Since"),
        say("Kept until"),
        say("Case"),
        say("Step"),
        say("Content"),
        box=None,
    )
    for row in opened().read(message_queries.listing, SYSTEM):
        table.add_row(
            row.id,
            row.name,
            row.key or "–",
            say(message_queries.SENTENCES[row.state]),
            _moment(row.since),
            _moment(row.until) if row.until else "–",
            row.case or "–",
            row.element or "–",
            values.dumps(row.payload),
        )
    out.print(table)


@messages.command("deliver")
@click.argument("message_id", metavar="MESSAGE")
@guarded
def messages_deliver(message_id: str) -> None:
    """Look for the receiver of MESSAGE again; it is kept again for the time of the installation."""
    runtime = opened()
    runtime.do(messages_.deliver, SYSTEM, message_id)
    Worker(runtime).drain()
    out.print(say("Done."))


@messages.command("discard")
@click.argument("message_id", metavar="MESSAGE")
@guarded
def messages_discard(message_id: str) -> None:
    """Nobody is to have MESSAGE any more; that it was discarded is kept."""
    opened().do(messages_.discard, SYSTEM, message_id)
    out.print(say("Done."))


@main.command()
@click.argument("rule")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="An input; may be given often.")
@click.option("--as-of", default=None, metavar="DATE", help="Which day's version decides (default: today).")
@guarded
def decide(rule: str, inputs: tuple[str, ...], as_of: str | None) -> None:
    """Ask RULE for a decision and show why; nothing is kept."""
    given = dict(pair.partition("=")[::2] for pair in inputs)
    told = opened().read(deciding.ask, SYSTEM, rule, given, as_of, language())
    for label, value in told.outputs:
        out.print(f"{label}: {value}", markup=False)
    for reason in told.reasons:
        out.print(f"  {reason}", markup=False)
    if told.refused:
        err.print(told.refused, style="red", markup=False)
        sys.exit(1)


@main.command()
@click.option("--once", is_flag=True, help="Do what is due now and end.")
@guarded
def work(once: bool) -> None:
    """Run due work: timers, messages, retries."""
    worker = Worker(opened())
    if once:
        out.print(say("{count} jobs done.", count=worker.drain()))
        return
    worker.start()
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        worker.stop()


def _moment(at: dt.datetime) -> str:
    return f"{at.astimezone(ZoneInfo(Settings().zone)):%Y-%m-%d %H:%M}"


def _answers(text: str) -> dict[str, Any]:
    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        text = Path(text[1:]).read_text(encoding="utf-8")
    try:
        # Numbers with a point are read as Decimal: an answer's 0.1 is a tenth.
        data = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise NotJson(reason=error) from None
    if not isinstance(data, dict):
        raise NotJson(reason="{} expected")
    return values.from_json(data)


def tell_all(problems: Iterable[Problem]) -> None:
    for problem in problems:
        style = "red" if problem.severity == "error" else "yellow"
        err.print(tell(problem), style=style, markup=False)
