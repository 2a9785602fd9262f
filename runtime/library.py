"""Deployed resources, compiled, held by content; what a form takes from the books.

A resource row never changes, so what was made of it is kept by its id and shared by
all threads. Not here: deploying (commands/deploy.py), people and days (household.py)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, cast

from runtime import forms, i18n, values
from runtime import handbook as handbooks
from runtime.bpmn import read
from runtime.bpmn.model import SENDING, Node, Process, Scope
from runtime.engine import execution
from runtime.errors import Failed, GuichengError, NotFound, Problem
from runtime.household import Kept, as_of_revision, house, organisation, today
from runtime.identity import Actor
from runtime.ledger import kept, leavings, obstacles, own, reading
from runtime.rules import evaluate, rulefile, simulate
from runtime.store import deployments, event_log, states
from runtime.store import handbooks as handbook_store
from runtime.store.db import Transaction


class NoSuchProcess(NotFound):
    """There is no process {process}."""

    code = "process.unknown"


class NoSuchRule(NotFound):
    """There is no rule {rule}."""

    code = "rule.unknown"


class NoSuchCase(NotFound):
    """This case does not exist, or you may not see it."""

    code = "case.not_found"


class NoSuchTask(NotFound):
    """This task does not exist, or is not yours to see."""

    code = "user_task.not_found"


class NoSuchForm(NotFound):
    """There is no form {form}."""

    code = "form.unknown"


class NoSuchVersion(NotFound):
    """There is no version {version} of {key}."""

    code = "resource.no_version"


class NoRuleInForce(Failed):
    """No version of rule {rule} is in force on {date}."""

    code = "rule.none_in_force"


class ResourceUnreadable(Failed):
    """The deployed {kind} {key} can no longer be read: {reason}"""

    code = "resource.unreadable"


_NUMBER = re.compile(r"[1-9]\d{0,8}")


# What a text says depends on nothing but the text: every installation that this process opens reads it once.
# By the text itself and not by its hash in the database, of which a doctor wants to know whether it is true.
_read: Kept[Any] = Kept(1000)


def newest(tx: Transaction, kind: str, key: str) -> Any:
    """The newest active version of a resource, without its content; None if there is none."""
    return as_of_revision(tx, (kind, key), lambda: deployments.latest(tx, kind, key))


def active(tx: Transaction, kind: str) -> list[Any]:
    """The newest active version of every key of a kind, without content."""
    return cast(list[Any], as_of_revision(tx, kind, lambda: deployments.active(tx, kind)))


def _content(tx: Transaction, resource_id: int, kind: str) -> Any:
    row = deployments.get(tx, resource_id)
    if row is None or row.kind != kind:
        raise ResourceUnreadable(kind=kind, key=resource_id, reason="it is gone")
    return row


def process(tx: Transaction, resource_id: int) -> Process:
    """The diagram's process, as deployed in this very version."""

    def make() -> Process:
        row = _content(tx, resource_id, "bpmn")
        processes, problems = _read.get(("bpmn", row.file, row.content), lambda: _processes(row))
        if row.key not in processes:
            raise ResourceUnreadable(problems, kind="bpmn", key=row.key, reason=row.file)
        return cast(Process, processes[row.key])

    return house(tx).processes.get(resource_id, make)


def read_form(file: str, text: str) -> tuple[forms.Form | None, list[Problem]]:
    """Of a text that is deployed: kept."""
    return cast(Any, _read.get(("form", file, text), lambda: forms.load(text, file)))


def read_rule(file: str, text: str) -> tuple[rulefile.RuleFile | None, list[Problem]]:
    """Of a text that is deployed: kept."""
    return cast(Any, _read.get(("rule", file, text), lambda: rulefile.load(text, file)))


def keep(read: Iterable[tuple[str, str, str, Any]]) -> None:
    """What was read of texts that are deployed need not be read again: kind, file, text, and one form, rule or
    process of it each."""
    files: dict[tuple[str, str, str], Any] = {}
    for kind, file, text, found in read:
        key = (kind, file, text)
        if kind == "bpmn":
            found = files.get(key, {}) | {found.id: replace(found, scope=_calling(found.scope))}
        files[key] = found
    for key, found in files.items():
        _read.put(key, (found, []))


def _processes(row: Any) -> tuple[dict[str, Process], list[Problem]]:
    """All of a file, which may hold several."""
    diagram, problems = read.diagram(row.content.encode(), row.file)
    found = diagram.processes.items() if diagram is not None else ()
    return {key: replace(process, scope=_calling(process.scope)) for key, process in found}, problems


def nodes(tx: Transaction, resource_id: int) -> Mapping[str, Node]:
    """Every node of a diagram's process, on whichever level, by id."""
    return house(tx).nodes.get(
        resource_id, lambda: {node.id: node for node in process(tx, resource_id).walk()}
    )


def external_topics(tx: Transaction, resource_id: int) -> frozenset[str]:
    """The topics of a diagram that were no operation of the house when this version was deployed."""

    def make() -> frozenset[str]:
        return frozenset(_content(tx, resource_id, "bpmn").external_topics or ())

    return house(tx).external.get(resource_id, make)


def _calling(scope: Scope) -> Scope:
    """The level with each call activity naming what it calls as a case binds it: a fixed version by a
    name of its own, `sub:3` or `sub@tag`, so that one case may run two versions of a process."""
    nodes = {
        node.id: replace(
            node, called=_bound_as(node), scope=_calling(node.scope) if node.scope is not None else None
        )
        for node in scope.nodes.values()
    }
    return Scope(nodes, scope.flows)


def _bound_as(node: Node) -> str:
    binding = node.attributes.get("calledElementBinding", "latest")
    if binding == "version":
        return f"{node.called}:{node.attributes.get('calledElementVersion', '')}"
    if binding == "versionTag":
        return f"{node.called}@{node.attributes.get('calledElementVersionTag', '')}"
    return node.called


def _bound(tx: Transaction, name: str) -> int:
    """The resource of what a case binds by this name. Raises NoSuchProcess, NoSuchVersion."""
    key, by_number, number = name.partition(":")
    key, by_tag, tag = key.partition("@")
    if by_number:
        return version(tx, "bpmn", key, number)
    if by_tag:
        for row in deployments.versions(tx, "bpmn", key):
            if row.version is not None and process(tx, row.id).attributes.get("versionTag") == tag:
                return int(row.id)
        raise NoSuchVersion(key=key, version=tag)
    row = newest(tx, "bpmn", key)
    if row is None:
        raise NoSuchProcess(process=key)
    return int(row.id)


def version(tx: Transaction, kind: str, key: str, number: str) -> int:
    """The resource of a version by its number. Raises NoSuchVersion."""
    row = deployments.version(tx, kind, key, int(number)) if _NUMBER.fullmatch(number) else None
    if row is None:
        raise NoSuchVersion(key=key, version=number)
    return int(row.id)


def fixed(tx: Transaction, node: Node) -> None:
    """See that the version which a node asks for is there. Raises NoSuchVersion."""
    if node.kind == "callActivity" and _bound_as(node) != node.called:
        _bound(tx, _bound_as(node))
    for what, kind in (("formRef", "form"), ("decisionRef", "rule")):
        if node.attributes.get(f"{what}Binding") == "version":
            version(tx, kind, node.attributes.get(what, ""), node.attributes.get(f"{what}Version", ""))


def called_by(model: Process) -> list[str]:
    return sorted({node.called for node in model.walk() if node.called})


def bind(tx: Transaction, key: str) -> dict[str, int]:
    """Process id → resource id for `key` and all that it calls, as now active or in the version asked for.

    A case keeps these versions for life. Raises NoSuchProcess, NoSuchVersion."""
    bindings: dict[str, int] = {}
    pending = [key]
    while pending:
        name = pending.pop()
        if name in bindings:
            continue
        bindings[name] = _bound(tx, name)
        pending.extend(called_by(process(tx, bindings[name])))
    return bindings


def definition(tx: Transaction, key: str, bindings: Mapping[str, int]) -> execution.Definition:
    """The compiled process of a case, its called processes in the case's versions."""

    def make() -> execution.Definition:
        return execution.compile(
            process(tx, bindings[key]), lambda name: replace(process(tx, bindings[name]), id=name)
        )

    return house(tx).definitions.get((key, tuple(sorted(bindings.items()))), make)


def at_rest(
    tx: Transaction, case_id: int, process: str, bindings: Mapping[str, int], state: str
) -> execution.Execution:
    """A case as it is stored (columns of its row), to be asked and not moved."""
    stored = states.load(tx, case_id, state)
    return execution.Execution.restore(definition(tx, process, bindings), stored.data, fetch=stored.fetch)


def form(tx: Transaction, resource_id: int, element: str = "") -> forms.Form:
    """A form file; or, when the resource is a diagram, the form that stands in its `element`."""

    def make() -> forms.Form:
        row = deployments.get(tx, resource_id)
        if row is not None and row.kind == "bpmn":
            node = process(tx, resource_id).node(element)
            found, problems = forms.from_fields(element, node.fields, row.file)
        else:
            row = _content(tx, resource_id, "form")
            found, problems = read_form(row.file, row.content)
        if found is None:
            raise ResourceUnreadable(problems, kind="form", key=row.key, reason=row.file)
        return found

    return house(tx).forms.get((resource_id, element), make)


def form_id(tx: Transaction, node: Node, diagram: int, named: str, begun: int | None = None) -> int | None:
    """The resource that holds an element's form: its own diagram (id `diagram`), or the file that it
    names (`named`, evaluated). `begun`: the revision that the case began in; None for one that begins now.
    None if it has no form. Raises NoSuchForm, NoSuchVersion."""
    if node.fields:
        return diagram
    if not named:
        return None
    binding = node.attributes.get("formRefBinding")
    if binding == "version":
        return version(tx, "form", named, node.attributes.get("formRefVersion", ""))
    if binding == "deployment" and begun is not None:
        row = as_of_revision(tx, ("form", named, begun), lambda: deployments.as_of(tx, "form", named, begun))
    else:
        row = newest(tx, "form", named)
    if row is None:
        raise NoSuchForm(form=named)
    return int(row.id)


def spoken_names(tx: Transaction) -> dict[tuple[str, str], tuple[str, ...]]:
    """(process, user task, or "" for the process itself) → what it is called, in any language and version."""

    def make() -> dict[tuple[str, str], tuple[str, ...]]:
        found: dict[tuple[str, str], dict[str, None]] = {}
        for row in active(tx, "bpmn"):
            for each in deployments.versions(tx, "bpmn", row.key):
                if each.version is None:
                    continue  # a draft
                try:
                    model = process(tx, each.id)
                except ResourceUnreadable:
                    continue  # of an old version that read more; what else there is can be found
                found.setdefault((row.key, ""), {}).update(dict.fromkeys(model.names.values()))
                for node in model.walk():
                    if node.kind == "userTask":
                        found.setdefault((row.key, node.id), {}).update(dict.fromkeys(node.names.values()))
        return {key: tuple(texts) for key, texts in found.items()}

    return cast(dict[tuple[str, str], tuple[str, ...]], as_of_revision(tx, "spoken_names", make))


def answers(tx: Transaction) -> list[tuple[str, str]]:
    """(process that a message begins, message that it sends and another process waits for), as now deployed: what
    whoever began such a case may be waiting for."""

    def make() -> list[tuple[str, str]]:
        awaited: set[str] = set()
        sent: list[tuple[str, str]] = []
        for row in active(tx, "bpmn"):
            told = [(node.kind, node.trigger.name) for node in process(tx, row.id).walk()
                    if node.trigger is not None and node.trigger.kind == "message"]  # fmt: skip
            awaited.update(name for kind, name in told if kind not in SENDING and kind != "startEvent")
            if any(kind == "startEvent" for kind, _ in told):
                sent += [(row.key, name) for kind, name in told if kind in SENDING]
        return sorted({pair for pair in sent if pair[1] in awaited})

    return cast(list[tuple[str, str]], as_of_revision(tx, "answers", make))


def ruleset(tx: Transaction, key: str, as_of: dt.date, begun: int | None = None) -> evaluate.Ruleset:
    """The compiled rule that decides for a date; with `begun`, of what was deployed by that revision.
    Raises NoRuleInForce."""
    row = as_of_revision(
        tx, ("in_force", key, as_of, begun), lambda: deployments.in_force(tx, key, as_of, begun)
    )
    if row is None:
        raise NoRuleInForce(rule=key, date=as_of)
    return rule(tx, row.id)


def fixed_rule(tx: Transaction, key: str, number: str) -> evaluate.Ruleset:
    """The compiled rule in a version that a diagram asks for, whatever the date. Raises NoSuchVersion."""
    return rule(tx, version(tx, "rule", key, number))


def rule(tx: Transaction, resource_id: int) -> evaluate.Ruleset:
    """The compiled rule, as deployed in this very version. Raises ResourceUnreadable."""

    def make() -> evaluate.Ruleset:
        row = _content(tx, resource_id, "rule")
        found, problems = read_rule(row.file, row.content)
        if found is None:
            raise ResourceUnreadable(problems, kind="rule", key=row.key, reason=row.file)
        return evaluate.compile(found, version=row.version)

    return house(tx).rules.get(resource_id, make)


def rehearsal(tx: Transaction, file: rulefile.RuleFile, most: int) -> simulate.Replay:
    """Last month's decisions of a rule, the newest `most`, put to a draft of it; each change names its case's
    inner id."""
    since, until = simulate.last_month(today(tx), house(tx).zone)
    rows = event_log.decided(tx, file.key, since, until, most)
    return simulate.replay(file, (simulate.past(str(row.case_id), row.decision) for row in rows))


def rule_version(tx: Transaction, key: str, version: int) -> rulefile.RuleFile | None:
    """A rule file as it stood in a version, for telling what a decision meant."""
    row = deployments.version(tx, "rule", key, version)
    return rule(tx, row.id).file if row is not None else None


def handbook(tx: Transaction, id: int) -> handbooks.Handbook:
    """A version of the handbook, as it was loaded. Raises ResourceUnreadable."""

    def make() -> handbooks.Handbook:
        row = handbook_store.get(tx, id)
        found, problems = handbooks.read([(name, text) for name, text in row.files])
        if found is None:
            raise ResourceUnreadable(problems, kind="handbook", key=row.number, reason=row.files[0][0])
        return found

    return cast(handbooks.Handbook, house(tx).kept.get(("handbook", id), make))


def carriers(tx: Transaction, id: int) -> Mapping[str, list[handbooks.Carrier]]:
    """What carries out each clause of a version of the handbook, as everything is deployed now."""

    def make() -> Mapping[str, list[handbooks.Carrier]]:
        sources = handbooks.Sources(
            [(row.file, process(tx, row.id)) for row in active(tx, "bpmn")],
            [(row.file, rule(tx, row.id).file) for row in active(tx, "rule")],
        )
        return handbooks.collect(handbook(tx, id), sources.named()).of

    return cast(Mapping[str, list[handbooks.Carrier]], as_of_revision(tx, ("carriers", id), make))


def options(
    tx: Transaction,
    of: forms.Form,
    actor: Actor,
    language: str = i18n.DEFAULT,
    known: Mapping[str, values.Value] | None = None,
    case: Mapping[str, values.Value] = MappingProxyType({}),
) -> dict[str, list[dict[str, str]]]:
    """The choices that a form takes from the books: source → [{value, label}].

    With what is `known` already also the names of what stands there, which may be on offer no more. `case`: the
    variables by which some of it is on offer."""
    held = forms.held(of, known) if known else {}
    found = reading.options(tx, of.sources, language, held)
    others = found.get("other_people", [])
    if actor.public_id not in held.get("other_people", ()):
        others[:] = [each for each in others if each["value"] != actor.public_id]
    leaver = organisation(tx).by_public_id.get(str(case.get("leaver"))) if "new_superiors" in of.sources else None
    if leaver is not None:
        below = leavings.below_them(organisation(tx), leaver.public_id) - held.get("new_superiors", set())
        found["new_superiors"] = [each for each in found["new_superiors"] if each["value"] not in below]
    theirs = [each for each in of.sources if each not in own.NEEDS or actor.may(*own.NEEDS[each])]
    return found | own.options(tx, theirs, actor.public_id, today(tx), held)


def against(tx: Transaction, of: forms.Form, language: str) -> dict[str, str]:
    """What the books say against sending a form now, by the field that says so, in `language`."""
    said = _against(tx, of)
    return {key: i18n.say(language, error.sentence(), **error.params) for key, error in said.items()}


def unobstructed(tx: Transaction, of: forms.Form) -> None:
    """Raises FormInvalid with what the books say against sending it."""
    if said := _against(tx, of):
        raise forms.FormInvalid([Problem(each.code, each.message, key, each.params) for key, each in said.items()])


def _against(tx: Transaction, of: forms.Form) -> dict[str, GuichengError]:
    found = ((each.key, obstacles.OBSTACLES[each.obstacle](tx)) for each in of.fields if each.obstacle)
    return {key: error for key, error in found if error is not None}


def unsettled(tx: Transaction, cases: Collection[str]) -> set[str]:
    """Of these cases (public ids) those of which a document in the books is still open."""
    return reading.unsettled(tx, cases)


def erase(tx: Transaction, rows: Mapping[str, Collection[int]]) -> None:
    """Erase again what a process has erased (table → ids): a tombstone that names it is underway."""
    kept.erase(tx, rows)


def in_books(tx: Transaction, sha256: str) -> bool:
    """Whether a document in the books names the file of this content."""
    return reading.names_file(tx, sha256)


def plain_start(model: Process) -> Node | None:
    """The start event that a person starts the process by, or None."""
    for node in model.scope.nodes.values():
        if node.kind == "startEvent" and (node.trigger is None or node.trigger.kind == "none"):
            return node
    return None


def start_form(begin: Node) -> str:
    """The form file that a start event names; "" if none."""
    return begin.attributes.get("formRef") or begin.attributes.get("formKey", "")


def may_start(model: Process, actor: Actor) -> bool:
    """Whether the process is offered to people, and to this person."""
    return model.attributes.get("isStartableInTasklist") != "false" and is_starter(model, actor)


def is_starter(model: Process, actor: Actor) -> bool:
    """Whether the diagram names the person, or one of their groups, as a starter."""
    groups = {name.strip() for name in model.attributes.get("candidateStarterGroups", "").split(",")}
    people = {name.strip() for name in model.attributes.get("candidateStarterUsers", "").split(",")}
    return actor.may("start", "process") and bool(groups & actor.groups or actor.username in people)
