"""What an invariant is, the list of all, and how one is written.

The function's docstring is the sentence of what must hold, its `yield`s are what does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, TypeVar

from runtime.errors import Problem

# What to do when one is broken. Nothing mends itself here: a wrong mend costs more than the defect.
SENTENCES = {
    "damaged": "The database itself is damaged: stop every process, keep a copy of its files and restore the "
    "newest backup.",
    "case": "Something wrote past this program, or it has an error: keep a copy of the database, look at the "
    "case's log, then restore a backup from before or cancel the case.",
    "log": "Somebody or something has changed the history past this program: find out who can write to the "
    "database, and compare it with a backup.",
    "books": "A figure was changed past this program: find out who can write to the database, and put it right "
    "by a process, never by hand.",
    "deployed": "Deploy the file again; cases that run on the damaged version need a backup from before.",
    "lists": "What people do is not wrong, only what lists and search show of it: stop every process and run "
    "guicheng db reindex.",
    "retention": "Have human resources start the process that erases what is over its time, and decide on what it "
    "lists.",
    "people": "Put the people and their groups right; give the task to somebody who is there.",
}


@dataclass(frozen=True)
class Invariant:
    """`ask` gives what does not hold: of one case (`of_cases`: it takes a Seen), or of the whole
    installation (it takes a Transaction). `slow`: it reads every log, file or diagram, and a
    quick look leaves it out."""

    name: str
    sentence: str  # English; the key of its translations
    remedy: str  # of SENTENCES
    ask: Callable[[Any], Iterator[Problem]]
    of_cases: bool
    slow: bool


@dataclass(frozen=True)
class Finding:
    """What does not hold: the invariant, and the problem with its place and sentence."""

    invariant: Invariant
    problem: Problem


INVARIANTS: dict[str, Invariant] = {}
F = TypeVar("F", bound=Callable[[Any], Iterator[Problem]])


def invariant(remedy: str, *, of_cases: bool = False, slow: bool = False) -> Callable[[F], F]:
    """Register the function below under its own name."""

    def register(function: F) -> F:
        sentence = " ".join((getdoc(function) or "").split("\n\n")[0].split())
        name = function.__name__
        assert remedy in SENTENCES and sentence and name not in INVARIANTS, name
        INVARIANTS[name] = Invariant(name, sentence, remedy, function, of_cases, slow)
        return function

    return register
