"""A process that works apart: it has no secrets, and nobody waits for it without an end."""

from __future__ import annotations

import os
import time

import pytest

from runtime.children import Child, Gone, surroundings


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
