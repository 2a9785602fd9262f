"""A scenario as data: everything that was written, with its place in the file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Place:
    """Counted from 1; 0 when it stands nowhere."""

    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Written:
    """A value of the file, `${…}` not yet evaluated: text, boolean, integer, Decimal, date, list, map, null."""

    value: Any
    at: Place = Place()


Fields = Mapping[str, Written]


@dataclass(frozen=True)
class Do:
    """A task is done; `every`: each open one of the element, in whatever case."""

    at: Place
    task: str
    who: str
    answers: Fields = field(default_factory=dict)
    every: bool = False


@dataclass(frozen=True)
class Wait:
    at: Place
    by: dt.timedelta


@dataclass(frozen=True)
class Until:
    at: Place
    when: Written


@dataclass(frozen=True)
class Send:
    at: Place
    message: str
    key: Written
    payload: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class Publish:
    """A rule file is published anew with texts replaced: old → new."""

    at: Place
    rule: str
    replace: Fields


@dataclass(frozen=True)
class Draft:
    """A person saves a draft of a rule file with texts replaced, and it is proven: old → new."""

    at: Place
    rule: str
    who: str
    replace: Fields


@dataclass(frozen=True)
class Report:
    """Whom a person reports to from now on; `to` "" is nobody."""

    at: Place
    of: str
    to: str


@dataclass(frozen=True)
class Begin:
    """A case begins, in one of the ways: a person starts it, a message, a timer, or the runtime with variables."""

    at: Place
    process: str
    who: str = ""
    answers: Fields = field(default_factory=dict)
    message: Send | None = None
    timer: str = ""
    variables: Fields | None = None


Step = Do | Wait | Until | Send | Publish | Draft | Report | Begin


@dataclass(frozen=True)
class Wanted:
    """The case that is looked at, if not the one that was started."""

    at: Place
    process: str
    where: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    """Somebody whom the scenario needs beside the people of the demo department."""

    at: Place
    username: str
    name: str
    groups: tuple[str, ...]
    superior: str


@dataclass(frozen=True)
class Scenario:
    """One worked example of a process. `file` as it is shown; `ends` and their places."""

    file: str
    process: str
    at: Place
    name: str
    start: Begin
    ends: Fields
    world: str = "demo"  # demo | empty
    people: tuple[Person, ...] = ()
    before: tuple[Step, ...] = ()
    case: Wanted | None = None
    steps: tuple[Step, ...] = ()
    expect: Fields = field(default_factory=dict)
    stock: Fields = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.process}: {self.name}"
