"""A process that works apart: it has no secrets, and nobody waits for it without an end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import children
from runtime.children import ROOT, Answers, Child, Gone, OutOfTime, surroundings


def test_a_child_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUICHENG_DATABASE_URL", "postgresql://it:secret@there/db")
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
    given = surroundings()
    assert "secret" not in str(given)
    assert "/somewhere/else" not in str(given)
    assert given["PATH"] == os.environ["PATH"]


def test_a_child_that_says_nothing_is_ended_by_the_clock() -> None:
    child = Child("runtime.scripts.child")
    try:
        with pytest.raises(Gone):
            # Nothing is asked, and what it says of itself has no end.
            child.timed(lambda _, answer: answer.read() or None, 0.2)
        assert child.late
        assert not child.usable
    finally:
        child.end()


def test_another_process_leaves_a_child_to_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child("runtime.scripts.child")
    process = child.process
    monkeypatch.setattr("runtime.children.os.getpid", lambda: -1)
    assert not child.usable
    child.end()
    monkeypatch.undo()
    # Not killed: it ends because nobody is at the other end.
    process.returncode = None
    for _ in range(100):
        if process.poll() is not None:
            break
        time.sleep(0.1)
    assert process.poll() is not None
    assert process.returncode != -9


# What it is told to do it does, for as long as it is told.
BUSY = """
import sys, time
from runtime.children import serve

def answer(question):
    kind, much = question.split()
    if kind == b"sleep":
        time.sleep(float(much))
    while kind == b"work" and time.process_time() < float(much):
        pass
    if kind == b"end":
        sys.exit(int(much))
    return kind

serve(answer, sys.stdin.buffer, sys.stdout.buffer)
"""


@pytest.fixture
def busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    (tmp_path / "busy.py").write_text(BUSY)
    monkeypatch.setattr(children, "surroundings", lambda: surroundings() | {"PYTHONPATH": f"{ROOT}:{tmp_path}"})
    answers = Answers("busy")
    yield answers
    answers.close()


def test_others_who_work_on_the_machine_take_no_time_from_a_question(busy: Answers) -> None:
    # Waiting is not working, and as long as this is what a loaded machine makes of a tenth of a second.
    assert busy.ask(b"sleep 0.5", 0.1) == b"sleep"


def test_a_question_has_a_processors_time_of_its_own_and_no_more(busy: Answers) -> None:
    assert busy.ask(b"work 1.2", 2) == b"work"
    first = busy.child
    # What the one before took is not counted against it.
    assert busy.ask(b"work 2.4", 2) == b"work"
    assert busy.child is first
    with pytest.raises(OutOfTime):
        busy.ask(b"work 60", 0.1)
    assert busy.ask(b"sleep 0", 1) == b"sleep"


def test_a_process_that_ends_is_told_of_and_the_next_question_has_a_new_one(busy: Answers) -> None:
    with pytest.raises(Gone, match="ended with 7"):
        busy.ask(b"end 7", 1)
    assert busy.ask(b"sleep 0", 1) == b"sleep"
