"""Cases and tasks, messages, incidents, and a question to a rule.

Not here: the pages for the same (web/)."""

from __future__ import annotations

import datetime as dt
import sys
from zoneinfo import ZoneInfo

import click
import orjson
from rich.table import Column, Table

from runtime import i18n, values
from runtime.cli.terminal import acting, err, given, guarded, language, main, opened, out, say
from runtime.commands import cancelling, cases, conditions, signals, user_tasks
from runtime.commands import incidents as incident_commands
from runtime.commands import messages as messages_
from runtime.identity import SYSTEM
from runtime.queries import decide as deciding
from runtime.queries import inbox, variables
from runtime.queries import incidents as incident_queries
from runtime.queries import messages as message_queries
from runtime.settings import Settings
from runtime.worker import Worker

ANSWERS = "The form's answers: JSON, @FILE, or - for standard input."
PAYLOAD = "What it carries: JSON, @FILE, or - for standard input."


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
    started = runtime.do(cases.start, actor, process, given(answers), business_key)
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
    runtime.do(user_tasks.complete, acting(runtime, username), task, given(answers))
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


WHY = click.option("--reason", required=True, help="Why; others will read it.")
VALUES = "Variables: JSON, @FILE, or - for standard input."


@incidents.command("skip")
@click.argument("incident")
@WHY
@click.option("--variables", default="{}", help=f"In place of what the step would have given. {VALUES}")
@guarded
def incidents_skip(incident: str, reason: str, variables: str) -> None:
    """Pass over the step behind INCIDENT: its case goes on as if it were done."""
    runtime = opened()
    runtime.do(incident_commands.skip, SYSTEM, incident, reason, given(variables))
    Worker(runtime).drain()
    out.print(say("Done."))


@incidents.command("correct")
@click.argument("incident")
@WHY
@click.option("--variables", required=True, help=VALUES)
@guarded
def incidents_correct(incident: str, reason: str, variables: str) -> None:
    """Write variables where the step behind INCIDENT sees them, and try it again."""
    runtime = opened()
    runtime.do(incident_commands.correct, SYSTEM, incident, reason, given(variables))
    Worker(runtime).drain()
    out.print(say("Done."))


@incidents.command("close")
@click.argument("incident")
@WHY
@guarded
def incidents_close(incident: str, reason: str) -> None:
    """Close INCIDENT where nothing is left to do; a message or start behind it is given up."""
    opened().do(incident_commands.close, SYSTEM, incident, reason)
    out.print(say("Done."))


@main.command("cancel")
@click.argument("case")
@WHY
@guarded
def cancel_case(case: str, reason: str) -> None:
    """End CASE where it stands: what waits is withdrawn, nothing that was done is undone."""
    runtime = opened()
    runtime.do(cancelling.cancel, SYSTEM, case, reason)
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
        out.print(runtime.do(messages_.correlate, SYSTEM, name, key, given(payload)).case)
    else:
        runtime.do(messages_.send, SYSTEM, name, key, given(payload), reference)
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
    runtime.do(signals.throw, SYSTEM, name, given(payload), reference)
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
    begun = runtime.do(conditions.evaluate, SYSTEM, given(variables), business_key, starter=actor)
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
    asked = dict(pair.partition("=")[::2] for pair in inputs)
    told = opened().read(deciding.ask, SYSTEM, rule, asked, as_of, language())
    for label, value in told.outputs:
        out.print(f"{label}: {value}", markup=False)
    for reason in told.reasons:
        out.print(f"  {reason}", markup=False)
    if told.refused:
        err.print(told.refused, style="red", markup=False)
        sys.exit(1)


def _moment(at: dt.datetime) -> str:
    return f"{at.astimezone(ZoneInfo(Settings().zone)):%Y-%m-%d %H:%M}"
