"""Deploying diagrams, forms and rule files: check, version, activate.

Everything of one deployment is checked together, with what is active already; any
error refuses all of it, and what was deployed before stays as it was. The folder is
a source, the database the truth: a file deploys only when it changed since it was
last taken, and a version edited in the browser meanwhile is kept beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import sqlalchemy as sa

from runtime import forms, functions, household, library
from runtime.bpmn import child
from runtime.bpmn.catalogue import Catalogue, Signature
from runtime.bpmn.model import Process
from runtime.commands import triggers
from runtime.errors import Invalid, NotFound, Problem
from runtime.identity import GROUPS, Actor, require
from runtime.ids import public_id
from runtime.ledger import operations
from runtime.rules import child as rule_child
from runtime.rules import rulefile
from runtime.store import accounts, deployments, jobs
from runtime.store.db import Transaction
from runtime.store.deployments import resources


class DeploymentRefused(Invalid):
    """Nothing was deployed: {count} problems must be mended first."""

    code = "deployment.refused"


@dataclass(frozen=True)
class Source:
    """A file to deploy. `path` is relative, with forward slashes."""

    path: str
    content: str

    @property
    def sha256(self) -> str:
        return deployments.digest(self.content)


@dataclass(frozen=True)
class Checked:
    """A source that passed: one resource a process, form or rule, as it was read."""

    source: Source
    kind: str
    key: str
    read: forms.Form | rulefile.RuleFile | Process
    effective_from: dt.date | None = None

    @property
    def process(self) -> Process | None:
        return self.read if isinstance(self.read, Process) else None


@dataclass(frozen=True)
class Judged:
    """What was to be deployed, what of it passed, and every problem of all of it."""

    sources: Sequence[Source]
    checked: Sequence[Checked]
    problems: list[Problem]

    @property
    def errors(self) -> int:
        return sum(problem.severity == "error" for problem in self.problems)


@dataclass(frozen=True)
class Known:
    """What is deployed already: newest active content by kind and key; message → (process, start event)."""

    sources: dict[tuple[str, str], Source] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    started: dict[str, tuple[str, str]] = field(default_factory=dict)


def known(tx: Transaction, actor: Actor) -> Known:
    """What a check needs to know of the database (a query: run it before `check_sources`)."""
    return Known(
        {
            (kind, row.key): Source(row.file, deployments.get(tx, row.id).content)
            for kind in ("bpmn", "form", "rule")
            for row in deployments.active(tx, kind)
        },
        deployments.taken(tx),
        {start.name: (start.process, start.element) for start in deployments.started_by_messages(tx)},
    )


def kind_of(path: str) -> str | None:
    """bpmn, form or rule by the file's name; None for what is not deployed (scenarios, notes)."""
    name = PurePosixPath(path).name
    if name.endswith(".scenarios.yaml"):
        return None
    return {".bpmn": "bpmn", ".form": "form", ".yaml": "rule", ".yml": "rule"}.get(PurePosixPath(name).suffix)


def check_sources(sources: Sequence[Source], before: Known) -> tuple[list[Checked], list[Problem]]:
    """Every problem of every source, each judged beside the others and what is active.

    Diagrams and the proofs of rules are judged in child processes, and a diagram is read here only after
    it was accepted: a file that asks for too much ends its child and is refused. The two kinds have a child each,
    which work side by side."""
    apart = ThreadPoolExecutor(1, "proofs")
    try:
        return _checked(sources, before, apart)
    finally:
        apart.shutdown(cancel_futures=True)


def _checked(
    sources: Sequence[Source], before: Known, apart: Executor
) -> tuple[list[Checked], list[Problem]]:
    checked: list[Checked] = []
    problems: list[Problem] = []
    proofs: list[tuple[list[Problem], Future[list[Problem]]]] = []  # what is known of a rule file, and what comes
    catalogue = catalogue_of(before)
    for source in sources:
        kind = kind_of(source.path)
        if kind == "form":
            form, found = forms.load(source.content, source.path)
            problems += found
            if form is not None:
                checked.append(Checked(source, "form", form.id, form))
                catalogue = _with_form(catalogue, form)
        elif kind == "rule":
            rule, found = rulefile.load(source.content, source.path)
            problems += found
            if rule is not None:
                unchanged = before.sources.get(("rule", rule.key))
                if unchanged is None or unchanged.sha256 != source.sha256:
                    # Examples and differential fuzz, in a child with a time limit.
                    proof = apart.submit(rule_child.check_in_child, source.content, source.path)
                    proofs.append((found, proof))
                checked.append(Checked(source, "rule", rule.key, rule, rule.effective_from))
                catalogue = _with_rule(catalogue, rule)
        elif kind is None:
            problems.append(
                Problem(
                    "unknown_file", "Only .bpmn, .form and rule .yaml files can be deployed", file=source.path
                )
            )
    names = [(item.kind, item.key, item.source.path) for item in checked]
    diagrams = [source for source in sources if kind_of(source.path) == "bpmn"]
    unanswered: set[str] = set()
    fresh: dict[str, tuple[child.Outline, Source]] = {}
    # Diagrams of one deployment may call one another.
    for source in diagrams:
        outlines, failed = child.outlines_in_child(source.content.encode(), source.path)
        fresh |= {each.id: (each, source) for each in outlines}
        names += [("bpmn", each.id, source.path) for each in outlines]
        problems += failed
        unanswered |= {source.path} if failed else set()
    catalogue, called = _with_outlines(catalogue, fresh, before)
    problems += called
    calls = _calls(fresh, before)
    for source in diagrams:
        if source.path in unanswered:
            continue
        narrow = _of_file(catalogue, calls, [each for each, of in fresh.values() if of is source])
        diagram, found = child.check_in_child(source.content.encode(), source.path, narrow)
        problems += found
        for process in diagram.processes.values() if diagram else ():
            checked.append(Checked(source, "bpmn", process.id, process))
            problems += _fields(process, source.path)
    problems += _twice(names)
    problems += _started_twice(checked, before)
    for known, proof in proofs:
        problems += [problem for problem in proof.result() if problem not in known]
    return checked, problems


def _fields(process: Process, file: str) -> list[Problem]:
    """What is to be said of the forms that stand inside a diagram, each at its element and line."""
    return [
        replace(problem, where=node.id)
        for node in process.walk()
        if node.fields
        for problem in forms.from_fields(node.id, node.fields, file)[1]
    ]


def _twice(names: Iterable[tuple[str, str, str]]) -> list[Problem]:
    """What stands in two files: (kind, key, path) of each."""
    seen: dict[tuple[str, str], str] = {}
    found = []
    for kind, key, path in names:
        first = seen.setdefault((kind, key), path)
        if first != path:
            params = {"key": key, "first": first}
            found.append(Problem("deployed_twice", "{key} stands in {first} too", key, params, file=path))
    return found


def _started_twice(checked: Sequence[Checked], before: Known) -> list[Problem]:
    """A message starts one process: which of two it means, nothing could tell."""
    again = {item.key for item in checked if item.kind == "bpmn"}
    first = {name: place for name, place in before.started.items() if place[0] not in again}
    found = []
    for item in checked:
        nodes = item.process.scope.nodes if item.process is not None else {}
        for start in start_events(item.process) if item.process is not None else ():
            place = (item.key, start["element"])
            holder = first.setdefault(start["name"], place) if start["kind"] == "message" else place
            # The same process in two files is told already (_twice).
            if holder != place:
                found.append(
                    Problem(
                        "message_starts_two",
                        "The message {message} starts the process {process} by {element} already",
                        start["element"],
                        {"message": start["name"], "process": holder[0], "element": holder[1]},
                        file=item.source.path,
                        line=nodes[start["element"]].line,
                    )
                )
    return found


def catalogue_of(before: Known) -> Catalogue:
    """What a diagram may refer to: forms, rules, operations, processes, groups."""
    catalogue = Catalogue(
        forms=frozenset(),
        rules={},
        topics=operations.signatures(),
        processes=frozenset(),
        groups=frozenset(GROUPS),
        functions=functions.KNOWN,
    )
    for (kind, key), source in before.sources.items():
        if kind == "form":
            form, _ = library.read_form(source.path, source.content)
            catalogue = _with_form(catalogue, form) if form else catalogue
        elif kind == "rule":
            rule, _ = library.read_rule(source.path, source.content)
            catalogue = _with_rule(catalogue, rule) if rule else catalogue
        else:
            catalogue = _with_processes(catalogue, [key])
    return catalogue


def _with_form(catalogue: Catalogue, form: forms.Form) -> Catalogue:
    known = (catalogue.forms or frozenset()) | {form.id}
    return replace(catalogue, forms=known, fields={**catalogue.fields, form.id: frozenset(form.asked)})


def _with_processes(catalogue: Catalogue, keys: Iterable[str]) -> Catalogue:
    return replace(catalogue, processes=(catalogue.processes or frozenset()) | set(keys))


def _calls(
    fresh: Mapping[str, tuple[child.Outline, Source]], before: Known
) -> Mapping[str, frozenset[frozenset[str] | None]]:
    """What is handed over by each call of what is deployed now. Of what is deployed already only those are
    looked into that may call it."""
    outlines = [outline for outline, _ in fresh.values()]
    for (kind, key), source in before.sources.items():
        if kind == "bpmn" and key not in fresh and any(f'"{each}"' in source.content for each in fresh):
            found, _ = child.outlines_in_child(source.content.encode(), source.path)
            outlines += [each for each in found if each.id == key]
    calls: dict[str, frozenset[frozenset[str] | None]] = {}
    for outline in outlines:
        for called, names in outline.calls:
            calls[called] = calls.get(called, frozenset()) | {names}
    return calls


def _of_file(
    catalogue: Catalogue,
    calls: Mapping[str, frozenset[frozenset[str] | None]],
    outlines: Sequence[child.Outline],
) -> Catalogue:
    """With the fields of the forms that a file names, and the calls of its processes, alone: the rest would
    only travel to the child and back."""
    forms = {form for each in outlines for form in each.forms}
    return replace(
        catalogue,
        fields={form: keys for form, keys in catalogue.fields.items() if form in forms},
        calls={each.id: calls[each.id] for each in outlines if each.id in calls},
    )


def _with_outlines(
    catalogue: Catalogue, fresh: Mapping[str, tuple[child.Outline, Source]], before: Known
) -> tuple[Catalogue, list[Problem]]:
    """What may be called, after this deployment; and what would no longer be, although something deployed does."""
    deployed = {
        key: source for (kind, key), source in before.sources.items() if kind == "bpmn" and key not in fresh
    }
    lost = {key for key, (each, _) in fresh.items() if not each.callable}
    calls = {called for each, _ in fresh.values() for called, _ in each.calls}
    found = []
    uncallable = set(lost)
    # What is deployed is looked into only where that can matter.
    for key, source in (
        deployed.items() if lost else ((key, deployed[key]) for key in calls & deployed.keys())
    ):
        for each in child.outlines_in_child(source.content.encode(), source.path)[0]:
            if each.id != key:
                continue
            uncallable |= set() if each.callable else {key}
            for called in lost & {called for called, _ in each.calls}:
                params = {"caller": key, "process": called}
                sentence = "{caller} calls {process}, which has no start event without a trigger any more"
                path = fresh[called][1].path
                found.append(Problem("call_lost", sentence, called, params, file=path))
    known = _with_processes(catalogue, fresh)
    return replace(known, uncallable=frozenset(uncallable)), found


def _with_rule(catalogue: Catalogue, rule: rulefile.RuleFile) -> Catalogue:
    signature = Signature(
        required=frozenset(name for name, of in rule.inputs.items() if of.required),
        optional=frozenset(name for name, of in rule.inputs.items() if not of.required) | {"as_of"},
        outputs=frozenset(rule.outputs),
    )
    return replace(catalogue, rules={**(catalogue.rules or {}), rule.key: signature})


def take(
    tx: Transaction, actor: Actor, checked: Sequence[Checked], origin: str, *, from_folder: bool = False
) -> list[Problem]:
    """Store what passed as new versions; unchanged content makes none. Returns conflicts (warnings)."""
    require(actor, "deploy", "process")
    notes: list[Problem] = []
    fresh: list[str] = []
    taken = deployments.taken(tx) if from_folder else {}
    if not checked:
        return notes
    noted = accounts.log(tx, actor.id, "deployed", origin, resources=[f"{c.kind} {c.key}" for c in checked])
    for item in checked:
        newest = deployments.latest(tx, item.kind, item.key)
        if newest is not None and newest.sha256 == item.source.sha256:
            continue
        # A file that had caught up with the browser leads again.
        caught_up = newest is not None and taken.get(item.source.path) == newest.sha256
        if from_folder and newest is not None and newest.origin == "browser" and not caught_up:
            _add(tx, actor, item, origin, None, base=newest.version)
            notes.append(
                Problem(
                    "edited_in_browser",
                    "{key} was edited in the browser since; that version stays, and this file is kept as a draft",
                    item.key,
                    {"key": item.key},
                    "warning",
                    item.source.path,
                )
            )
            continue
        _add(tx, actor, item, origin, noted)
        if item.process is not None:
            starts = start_events(item.process)
            deployments.replace_starts(tx, item.key, starts)
            jobs.wake_starters(tx, [start["name"] for start in starts if start["kind"] == "message"])
            fresh.append(item.key)
    if from_folder:
        for path, sha256 in {item.source.path: item.source.sha256 for item in checked}.items():
            deployments.take(tx, path, sha256)
    missing = unbound(tx, actor, checked)
    if missing:
        raise DeploymentRefused(missing, count=len(missing))
    library.keep((item.kind, item.source.path, item.source.content, item.read) for item in checked)
    for process in fresh:
        triggers.schedule_starts(tx, process)
    if fresh:
        household.house(tx).waking.call(tx)
    return notes


def unbound(tx: Transaction, actor: Actor, checked: Sequence[Checked]) -> list[Problem]:
    """Each element that asks for a version which does not exist (a query, too: `guicheng check`)."""
    found = []
    for item in checked:
        for node in item.process.walk() if item.process else ():
            try:
                library.fixed(tx, node)
            except NotFound as error:
                found.append(
                    Problem(
                        error.code,
                        error.message,
                        node.id,
                        error.params,
                        file=item.source.path,
                        line=node.line,
                    )
                )
    return found


def _external_topics(process: Process) -> list[str]:
    """What external workers do, decided here once for all cases of this version: an operation of this name
    that a later version of the house brings must not take their work, and one that it drops is missed.
    What the house delivers itself waits like theirs (commands/deliveries.py)."""
    known = {topic for topic in operations.signatures() if not operations.is_outside(topic)}
    return sorted({node.topic for node in process.walk() if node.topic} - known)


STARTING = ("message", "timer", "signal", "conditional")


def start_events(process: Process) -> list[dict[str, Any]]:
    """What starts it beside people: rows of start_events, without the process."""
    return [
        {"element": node.id, "kind": node.trigger.kind, "name": node.trigger.name}
        for node in process.scope.nodes.values()
        if node.kind == "startEvent" and node.trigger and node.trigger.kind in STARTING
    ]


def _add(
    tx: Transaction,
    actor: Actor,
    item: Checked,
    origin: str,
    deployment: int | None,
    base: int | None = None,
) -> None:
    draft = deployment is None
    if not draft and item.kind != "rule":
        # Rules stay active: the date decides which version speaks.
        tx.execute(
            sa.update(resources)
            .where(resources.c.kind == item.kind, resources.c.key == item.key, resources.c.state == "active")
            .values(state="retired")
        )
    deployments.add(
        tx,
        public_id=public_id(),
        kind=item.kind,
        key=item.key,
        version=None if draft else deployments.next_version(tx, item.kind, item.key),
        state="draft" if draft else "active",
        sha256=item.source.sha256,
        file=item.source.path,
        content=item.source.content,
        effective_from=item.effective_from,
        external_topics=_external_topics(item.process) if item.process is not None else None,
        base_version=base,
        origin=origin,
        deployment=deployment,
        created_by=actor.id or None,
    )
