"""What strangers upload is refused quickly, with a reason, and never crashes the check."""

import os
import random
import signal
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import values
from runtime.bpmn import check as checking
from runtime.bpmn import child
from runtime.bpmn.catalogue import Catalogue
from runtime.bpmn.check import check, refused
from runtime.bpmn.child import check_in_child
from tests.core.bpmn.hostile import CORPUS
from tests.core.bpmn.office import CATALOGUE, FOLDER

GOOD = (FOLDER / "element_allowed" / "valid_tasks.bpmn").read_bytes()
HEAD = b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p" isExecutable="true">'
TAIL = b"</process></definitions>"
ROOT = FOLDER.parents[1]
FILES = sorted(FOLDER.glob("*/*.bpmn"))


def tasks(count):
    """`count` tasks in a row, with their flows."""
    parts = [b'<startEvent id="t0"/>']
    for number in range(1, count):
        parts.append(b'<userTask id="t%d" name="x"/>' % number)
        parts.append(b'<sequenceFlow id="f%d" sourceRef="t%d" targetRef="t%d"/>' % (number, number - 1, number))
    return HEAD + b"".join(parts) + TAIL


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_file_is_refused_for_a_true_reason_within_the_limits_of_its_child(name):
    make, reasons = CORPUS[name]
    diagram, problems = check_in_child(make(), "hostile.bpmn", CATALOGUE)
    said = {problem.rule for problem in problems if problem.severity == "error"}
    assert not said & {"check_too_slow", "check_failed"} - set(reasons)
    assert said & set(reasons) if said else not reasons or "" in reasons, [str(problem) for problem in problems][:5]
    assert (diagram is None) == bool(said)
    assert all(problem.file == "hostile.bpmn" for problem in problems)
    assert all(len(str(problem)) < 2_000 for problem in problems)


def test_the_corpus_is_large():
    assert len(CORPUS) >= 60


def forks(count):
    """`count` gateways in a row, with a task beside each."""
    parts = [b'<startEvent id="g0"/>']
    for number in range(1, count):
        parts.append(b'<parallelGateway id="g%d"/><userTask id="u%d" name="x"/>' % (number, number))
        for source, target in (("g", "g"), ("g", "u"), ("u", "g")):
            first = number - 1 if (source, target) == ("g", "g") else number
            second = number if target == "u" or source == "g" else number - 1
            parts.append(
                f'<sequenceFlow id="{source}{target}{number}" sourceRef="{source}{first}" '
                f'targetRef="{target}{second}"/>'.encode()
            )
    return HEAD + b"".join(parts) + TAIL


def test_a_wall_of_tasks_is_checked_within_the_limits_of_its_child():
    _, problems = check_in_child(tasks(checking.MAX_NODES), "wall.bpmn", CATALOGUE)
    assert not {problem.rule for problem in problems} & {"check_too_slow", "check_failed"}
    assert len(problems) == checking.MAX_PROBLEMS


def test_thousands_of_forks_are_checked_within_the_limits_of_their_child():
    _, problems = check_in_child(forks(990), "forks.bpmn", CATALOGUE)
    assert problems and not {problem.rule for problem in problems} & {"check_too_slow", "check_failed"}


def test_python_in_a_diagram_is_refused_wherever_it_stands():
    for name in ("script/invalid_python_condition", "script/invalid_python_parameter", "bad_expression/invalid_python"):
        assert refused(check((FOLDER / f"{name}.bpmn").read_bytes(), "x.bpmn", CATALOGUE)[1])


def test_the_child_says_the_same_as_the_check():
    for path in (FILES[0], FILES[-1]):
        here = check(path.read_bytes(), "x.bpmn", CATALOGUE)
        there = check_in_child(path.read_bytes(), "x.bpmn", CATALOGUE)
        assert here[1] == there[1]
        assert there[0] == (None if refused(here[1]) else here[0])


def test_a_file_that_takes_too_long_is_refused():
    child.close()
    diagram, (problem,) = check_in_child(GOOD, "x.bpmn", CATALOGUE, seconds=0.01)
    assert diagram is None
    assert (problem.rule, problem.severity, problem.file) == ("check_too_slow", "error", "x.bpmn")


def test_a_child_that_dies_refuses_the_file(monkeypatch):
    child.close()
    monkeypatch.setattr("runtime.children.sys.executable", "/bin/false")
    diagram, (problem,) = check_in_child(GOOD, "x.bpmn", CATALOGUE)
    assert diagram is None
    assert (problem.rule, problem.severity) == ("check_failed", "error")


def test_one_child_serves_one_file_after_another():
    check_in_child(GOOD, "x.bpmn", CATALOGUE)
    first = child._answers.child.process.pid
    assert child.outlines_in_child(GOOD, "x.bpmn") == ([child.Outline("test_process", True, ())], [])
    assert child.outlines_in_child(b"<html/>", "x.bpmn") == ([], [])
    assert check_in_child(GOOD, "x.bpmn", CATALOGUE)[0] is not None
    assert child._answers.child.process.pid == first


def test_after_a_child_has_ended_the_next_file_has_a_new_one():
    check_in_child(GOOD, "x.bpmn", CATALOGUE)
    # As one does that waited too long, just when it is asked.
    child._answers.child.process.kill()
    assert check_in_child(GOOD, "x.bpmn", CATALOGUE)[0] is not None
    os.kill(child._answers.child.process.pid, signal.SIGSTOP)
    assert check_in_child(GOOD, "x.bpmn", CATALOGUE, seconds=0.1)[1][0].rule == "check_too_slow"
    assert check_in_child(GOOD, "x.bpmn", CATALOGUE)[0] is not None


def test_a_child_gets_no_more_than_a_gigabyte_and_writes_no_file(tmp_path):
    limited = "from runtime.bpmn import child; child.confine(); "
    written = tmp_path / "x"
    for greedy in ("bytearray(child.MEMORY)", f"open({str(written)!r}, 'w').write('x' * 100_000)"):
        done = subprocess.run([sys.executable, "-c", limited + greedy], capture_output=True, check=False, cwd=ROOT)
        assert b"MemoryError" in done.stderr or b"OSError" in done.stderr, greedy
    assert written.read_bytes() == b""


@pytest.mark.parametrize("catalogue", [Catalogue(), CATALOGUE], ids=["nothing", "all"])
def test_a_catalogue_travels_as_tagged_json(catalogue):
    assert Catalogue.from_value(values.loads(values.dumps(catalogue.to_value()))) == catalogue


def test_ids_that_the_engine_reserves_are_as_good_as_others():
    data = GOOD.replace(b'"begun', b'"Start').replace(b'"done', b'"End')
    data = data.replace(b"_to_done", b"_to_End").replace(b'"reserve_to_End', b'"x')
    assert [str(p) for p in check(data, "x.bpmn", CATALOGUE)[1] if p.severity == "error"] == []


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(FILES), st.integers(0, 2**32))
def test_a_damaged_file_never_crashes_the_check(path, seed):
    chance = random.Random(seed)
    data = path.read_bytes()
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(data))
        other = FILES[chance.randrange(len(FILES))].read_bytes()
        cut = chance.randrange(len(other))
        piece = chance.choice([b"", b'"', b"<", b"<!-- -->", b" id=''", other[cut : cut + chance.randrange(200)]])
        data = data[:start] + piece + data[start + chance.randrange(60) :]
    diagram, problems = check(data, "damaged.bpmn", CATALOGUE)
    assert diagram is not None or problems


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(FILES), st.integers(0, 2**32))
def test_a_file_with_its_elements_shuffled_never_crashes_the_check(path, seed):
    chance = random.Random(seed)
    lines = path.read_bytes().split(b"\n")
    for _ in range(chance.randint(1, 6)):
        i, j = chance.randrange(len(lines)), chance.randrange(len(lines))
        words = lines[i].split(b'"')
        others = lines[j].split(b'"')
        if len(words) > 1 and len(others) > 1:
            words[1 + 2 * chance.randrange(len(words) // 2)] = others[1 + 2 * chance.randrange(len(others) // 2)]
            lines[i] = b'"'.join(words)
    diagram, problems = check(b"\n".join(lines), "shuffled.bpmn", CATALOGUE)
    assert diagram is not None or problems


READ_APART = ("script/valid_javascript", "script/invalid_syntax")
READ_APART += ("bad_expression/valid_feel", "bad_expression/invalid_feel")


@pytest.mark.parametrize("name", READ_APART)
def test_the_child_reads_scripts_and_feel_as_well(name):
    data = (FOLDER / f"{name}.bpmn").read_bytes()
    assert check_in_child(data, "x.bpmn", CATALOGUE)[1] == check(data, "x.bpmn", CATALOGUE)[1]
