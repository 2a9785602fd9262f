"""Processes that a person may start, and the form to start one with; a process drawn, with its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime import forms, functions, i18n, library
from runtime.bpmn.model import ACTIVITIES
from runtime.handbook import carriers
from runtime.identity import Actor, require
from runtime.queries import handbook
from runtime.queries.path import labels
from runtime.store import deployments
from runtime.store.db import Transaction


@dataclass(frozen=True)
class ProcessRow:
    """`chapter`: of the handbook, in the reader's language; "" where its clause is in none."""

    key: str
    names: Mapping[str, str]
    description: str
    clause: str
    chapter: str = ""


@dataclass(frozen=True)
class StartPage:
    """`schema` is None when the process starts without a form."""

    key: str
    names: Mapping[str, str]
    description: str
    clause: str
    schema: dict[str, Any] | None
    data: dict[str, Any]


@dataclass(frozen=True)
class StepRow:
    """An activity: what it is called and what is told to whoever does it, in the reader's language."""

    id: str
    name: str
    clause: str
    guidance: str


@dataclass(frozen=True)
class DrawnPage:
    """A process as it is deployed now; `labels` of its diagram's elements in the reader's language."""

    key: str
    names: Mapping[str, str]
    version: int
    description: str
    clause: str
    xml: str
    labels: Mapping[str, str]
    steps: list[StepRow]


def drawn(tx: Transaction, actor: Actor, key: str, language: str) -> DrawnPage:
    """Raises NoSuchProcess."""
    require(actor, "read", "process")
    row = library.newest(tx, "bpmn", key)
    if row is None:
        raise library.NoSuchProcess(process=key)
    model = library.process(tx, row.id)
    return DrawnPage(
        key,
        model.names,
        row.version,
        i18n.label(language, model.guidance),
        model.properties.get("clause", ""),
        deployments.get(tx, row.id).content,
        labels(model, language),
        [
            StepRow(
                node.id,
                i18n.label(language, dict(node.names), node.id),
                node.properties.get("clause", ""),
                i18n.label(language, node.guidance),
            )
            for node in model.walk()
            if node.kind in ACTIVITIES
        ],
    )


def startable(tx: Transaction, actor: Actor, language: str) -> list[ProcessRow]:
    """By chapter, in the handbook's order; within one by clause, then by process id. What is in none comes last."""
    chapters = handbook.chapters(tx, language)
    order = {clause: place for place, clause in enumerate(chapters)}
    rows = []
    for row in library.active(tx, "bpmn"):
        model = library.process(tx, row.id)
        if library.plain_start(model) is not None and library.may_start(model, actor):
            told = i18n.label(language, model.guidance)
            clause = model.properties.get("clause", "")
            first = next((each for each in carriers.expand(clause) if each in chapters), None)
            place, chapter = (order[first], chapters[first]) if first is not None else (len(order), "")
            rows.append((place, row.key, ProcessRow(row.key, model.names, told, clause, chapter)))
    return [row for *_, row in sorted(rows, key=lambda each: each[:2])]


def start_page(tx: Transaction, actor: Actor, key: str, language: str) -> StartPage:
    """Raises NoSuchProcess also for one that the reader may not start."""
    row = library.newest(tx, "bpmn", key)
    model = library.process(tx, row.id) if row is not None else None
    begin = library.plain_start(model) if model is not None else None
    if model is None or begin is None or not library.may_start(model, actor):
        raise library.NoSuchProcess(process=key)
    schema = None
    data: dict[str, Any] = {}
    form_id = library.form_id(tx, begin, row.id, library.start_form(begin))
    if form_id is not None:
        form = library.form(tx, form_id, begin.id)
        usual = functions.defaults(tx, actor, form, {"initiator": actor.public_id})
        known = {**usual, **library.against(tx, form, language)}
        options = library.options(tx, form, actor, language, known)
        schema = forms.localise(form, language, options)
        data = forms.for_browser(form, known, options, language)
    told = i18n.label(language, model.guidance)
    return StartPage(key, model.names, told, model.properties.get("clause", ""), schema, data)
