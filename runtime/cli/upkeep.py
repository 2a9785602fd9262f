"""Keeping an installation whole: looking at it, copying it, bringing a copy back, erasing what is old.

Not here: setting it up (installation.py), what needs a person (work.py)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from runtime import backup, clock, doctor
from runtime.backup import tombstones as tombstone_files
from runtime.bootstrap import Runtime
from runtime.cli.terminal import err, guarded, main, opened, out, say
from runtime.commands import purge
from runtime.errors import Failed, Unavailable
from runtime.identity import SYSTEM
from runtime.settings import Settings
from runtime.store import erasures, migrate


class DatabaseUnreadable(Failed):
    """The database cannot be read: {reason}"""

    code = "database.unreadable"


def _opened() -> Runtime:
    try:
        return opened()
    except sa.exc.DatabaseError as error:
        raise DatabaseUnreadable(reason=str(error.orig)) from error


def _progress() -> Progress:
    """On standard error, and only where somebody looks."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


@main.command("doctor")
@click.option("--quick", is_flag=True, help="Without reading logs, files, diagrams and ended cases.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding, a line each.")
@guarded
def doctor_(quick: bool, as_json: bool) -> None:
    """Look whether the installation is whole: cases, tasks, timers, logs, books, files.

    Changes nothing, and may run while people work. Exit status 1 if something is wrong."""
    runtime = _opened()
    broken: dict[str, int] = {}
    with _progress() as bar:
        task = bar.add_task(say("Looking"), total=None)

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        try:
            for finding in doctor.examine(runtime.engine, runtime.house, quick=quick, progress=told):
                broken[finding.invariant.name] = broken.get(finding.invariant.name, 0) + 1
                _tell(finding, as_json)
        except sa.exc.DatabaseError as error:
            raise DatabaseUnreadable(reason=str(error.orig)) from error
    if not as_json:
        _conclude(broken)
    if broken:
        sys.exit(1)


def _tell(finding: doctor.Finding, as_json: bool) -> None:
    invariant, problem = finding.invariant, finding.problem
    sentence = say(problem.message, **problem.params)
    if not as_json:
        out.print(f"{problem.where}: {sentence} [{invariant.name}]", style="red", markup=False)
        return
    told = {
        "invariant": invariant.name,
        "finding": problem.rule,
        "where": problem.where,
        "message": sentence,
        "holds": say(invariant.sentence),
        "remedy": say(doctor.SENTENCES[invariant.remedy]),
    }
    click.echo(json.dumps(told, ensure_ascii=False))


def _conclude(broken: dict[str, int]) -> None:
    """What should hold and does not, once each, and what to do."""
    for name, count in broken.items():
        invariant = doctor.INVARIANTS[name]
        out.print(f"\n[bold]{name}[/] ({count})")
        out.print(f"  {say(invariant.sentence)}", markup=False)
        out.print(f"  {say(doctor.SENTENCES[invariant.remedy])}", markup=False)
    if broken:
        out.print("\n" + say("{count} things are wrong.", count=sum(broken.values())), style="red")
    else:
        out.print(say("Everything is whole."))


FILE = click.Path(dir_okay=False, path_type=Path)


def _installation(runtime: Runtime) -> backup.Installation:
    return backup.Installation(runtime.engine, runtime.settings.home, runtime.settings.pg_bin)


def _tell_about(about: backup.About) -> None:
    counts = ", ".join(f"{say(name)}: {count}" for name, count in about.counts.items()) or "–"
    sentence = "Version of the tables {revision}, {size} KB; {counts}"
    out.print(
        say(sentence, revision=about.revision, size=-(-about.size // 1024), counts=counts), markup=False
    )


@main.command("backup")
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.option("--with-secret", is_flag=True, help="Also keep the secret that signs cookies, as FILE.secret.")
@guarded
def backup_(file: Path, force: bool, with_secret: bool) -> None:
    """Copy the whole installation into FILE while people work; it is there whole or not at all.

    SQLite: a database file. PostgreSQL: a dump by pg_dump. Uploaded files are in it."""
    runtime = _opened()
    with _progress() as bar:
        task = bar.add_task(say("Copying"), total=None)

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        about = backup.save(_installation(runtime), file, force=force, with_secret=with_secret, progress=told)
    out.print(say("Kept in {file}.", file=file), markup=False)
    _tell_about(about)
    _keep_tombstones(runtime)
    if not about.secret:
        out.print(say("The secret that signs cookies is not in it: --with-secret, or keep GUICHENG_SECRET."))
    # A copy of what is not whole is still the best there is.
    found = sum(1 for _ in doctor.examine(runtime.engine, runtime.house, quick=True))
    runtime.close()
    if found:
        sentence = "The installation itself is not whole ({count}): guicheng doctor"
        err.print(say(sentence, count=found), style="yellow")


def _keep_tombstones(runtime: Runtime) -> None:
    """Beside the backups, as of now; or that they are not."""
    file = runtime.settings.tombstones
    if file:
        runtime.keep_tombstones()
        out.print(say("What was erased of records on people is kept in {file}.", file=file), markup=False)
    else:
        sentence = "What is erased of records on people later no file will say: set GUICHENG_TOMBSTONES."
        err.print(say(sentence), style="yellow")


@main.command("restore")
@click.argument("file", type=FILE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--keep", is_flag=True, help="Erase no details of cases whose time is over.")
@click.option(
    "--tombstones", type=FILE, help="What was erased of records on people; instead of GUICHENG_TOMBSTONES."
)
@click.option(
    "--without-tombstones", is_flag=True, help="Even if records on people come back that were erased since."
)
@guarded
def restore(file: Path, yes: bool, keep: bool, tombstones: Path | None, without_tombstones: bool) -> None:
    """Put the backup FILE in place of this installation, which is kept beside it.

    Refused while anybody works with it, and where nothing says which records on people were erased since: neither
    the installation that is replaced nor the file of tombstones. They are erased again, and details of cases whose
    time is over, as `guicheng purge` would, unless --keep says otherwise. A backup of an older version is brought to
    this one."""
    runtime = Runtime(Settings())
    erased_here = _erased_here(runtime)
    runtime.engine.dispose()
    installation = _installation(runtime)
    about = backup.look(installation, file)
    following = None if without_tombstones else _following(runtime, about, erased_here, tombstones)
    _tell_about(about)
    older = about.revision != migrate.head()
    if older:
        out.print(say("It is of an older version and will be brought to this one."), style="yellow")
    if not yes:
        click.confirm(say("Replace this installation?"), abort=True)
    stamp = f"{clock.now().astimezone(ZoneInfo(runtime.settings.zone)):%Y%m%d-%H%M%S}"
    again = 0

    def settle(url: str) -> None:
        nonlocal again
        beside = Runtime(Settings(database_url=url))
        try:
            if older:
                beside.upgrade()
            beside.load()
            again = beside.do(purge.repeat, SYSTEM, following)
        finally:
            beside.close()

    restored = backup.restore(installation, file, stamp, settle)
    runtime = Runtime(Settings())
    runtime.load()
    # Of before it was restored: only backups from then go on with them.
    beside = Path(runtime.settings.tombstones) if runtime.settings.tombstones else None
    if beside is not None and beside.exists():
        before = beside.with_name(f"{beside.name}.before-restore-{stamp}")
        beside.rename(before)
        restored.kept.append(str(before))
    for name in restored.kept:
        out.print(say("What was there is kept as {name}.", name=name), markup=False)
    _keep_tombstones(runtime)
    erased = 0 if keep else _erase(runtime)[1]
    found = sum(1 for _ in doctor.examine(runtime.engine, runtime.house, quick=True))
    runtime.close()
    if following is None:
        sentence = (
            "Records on people that were erased since this backup are back. Have human resources start the retention"
            " of records now: it lists again what is over its time."
        )
        err.print(say(sentence), style="yellow")
    elif again:
        out.print(say("{count} records on people were erased again.", count=again))
    if erased:
        out.print(say("{count} cases were erased.", count=erased))
    if found:
        err.print(
            say("The installation itself is not whole ({count}): guicheng doctor", count=found), style="red"
        )
        sys.exit(1)
    out.print(say("Restored. Timers that came due meanwhile fire at the next start."))


def _following(
    runtime: Runtime, about: backup.About, here: erasures.Tombstones | None, named: Path | None
) -> list[erasures.Erasure]:
    """What was erased since the backup was made. Raises TombstonesMissing and its like."""
    beside = Path(runtime.settings.tombstones) if runtime.settings.tombstones else None
    file = named or (beside if beside is not None and beside.exists() else None)
    kept = None if file is None else tombstone_files.read(file)
    following = tombstone_files.following(about, here, file, kept)
    if kept is not None and (here is None or about.line not in here.lines):
        # The file alone tells, and only until it was written.
        at = kept.at.astimezone(ZoneInfo(runtime.settings.zone))
        sentence = "Tombstones of {at}: what was erased of records on people after that is not in them."
        err.print(say(sentence, at=f"{at:%Y-%m-%d %H:%M}"), style="yellow")
    return following


def _erased_here(runtime: Runtime) -> erasures.Tombstones | None:
    """What was erased of records on people in the installation that is to be replaced, if it can be read."""
    url = runtime.engine.url
    if runtime.engine.dialect.name == "sqlite" and not Path(str(url.database)).exists():
        return None
    try:
        if not sa.inspect(runtime.engine).has_table(erasures.erasures.name):
            # Of a version that erased none.
            return erasures.Tombstones(runtime.read(purge.lines, SYSTEM), [])
        return runtime.read(purge.erased_records, SYSTEM)
    except (sa.exc.DatabaseError, Unavailable):
        return None


# Why a case keeps its details though its time is over (commands.purge.Found.held).
SENTENCES = {
    "": "may go",
    "books": "a document in the books is still open",
    "jobs": "something of it is still on its way",
    "incidents": "an incident of it is open",
}
AT_ONCE = 20  # cases erased in one transaction: nobody waits long for it


def _erase(runtime: Runtime, *, dry_run: bool = False) -> tuple[dict[tuple[str, str], int], int]:
    """Erase what may go; (process, why it stays) → cases whose time is over, and how many were erased."""
    told: dict[tuple[str, str], int] = {}
    erased, after = 0, 0
    while True:
        found, following = runtime.read(purge.look, SYSTEM, after)
        for each in found:
            told[each.process, each.held] = told.get((each.process, each.held), 0) + 1
        going = [each.id for each in found if not each.held]
        if not dry_run:
            for first in range(0, len(going), AT_ONCE):
                erased += runtime.do(purge.purge, SYSTEM, going[first : first + AT_ONCE])
        if following is None:
            break
        after = following
    while not dry_run and runtime.do(purge.forget, SYSTEM):
        pass
    return told, erased


@main.command("purge")
@click.option("--dry-run", is_flag=True, help="Only say what would go, and what would stay and why.")
@guarded
def purge_(dry_run: bool) -> None:
    """Erase the details of cases that ended long ago: log, decisions, variables, tasks, jobs, files.

    How long they are kept, the diagram says (historyTimeToLive), else GUICHENG_HISTORY_DAYS; without
    either for ever. A tombstone stays, so that the chain of hashes still holds. There is no way back
    but a backup."""
    runtime = opened()
    told, erased = _erase(runtime, dry_run=dry_run)
    table = Table(say("Process"), Column(say("Cases"), justify="right"), "", box=None)
    for (process, held), count in sorted(told.items()):
        table.add_row(Text(process), str(count), say(SENTENCES[held]))
    if told:
        out.print(table)
    if dry_run:
        out.print(say("Nothing was erased."))
    else:
        out.print(say("{count} cases were erased.", count=erased))
        if runtime.settings.tombstones:
            _keep_tombstones(runtime)
    runtime.close()
