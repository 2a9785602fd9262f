"""The house itself: the set-up script, the locks, the import contracts, what lies at the top.

Not here: anything that needs the network; `python3 run.py` on a fresh machine is CI's."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-build.lock"]


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain(name: str) -> str:
    """A distribution's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[ <>=!~;\[]", name)[0]).lower()


def locked(lock: str) -> dict[str, set[str]]:
    """Each package of a lock with its versions: more than one where Pythons differ."""
    found: dict[str, set[str]] = {}
    text = (ROOT / lock).read_text(encoding="utf-8")
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE):
        found.setdefault(plain(name), set()).add(version)
    return found


# --- locks -------------------------------------------------------------------------


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(
    ("wanted", "lock"),
    [
        (PROJECT["project"]["dependencies"], "requirements.lock"),
        (PROJECT["project"]["dependencies"], "requirements-dev.lock"),
        (PROJECT["dependency-groups"]["dev"], "requirements-dev.lock"),
        (PROJECT["dependency-groups"]["build"], "requirements-build.lock"),
        (PROJECT["build-system"]["requires"], "requirements-build.lock"),
    ],
)
def test_the_locks_follow_pyproject(wanted: list[str], lock: str) -> None:
    has = locked(lock)
    unmet = [
        line
        for line in wanted
        if not any(
            Requirement(line).specifier.contains(version, prereleases=True)
            for version in has.get(plain(line), ())
        )
    ]
    assert unmet == [], "run: python3 run.py lock"


def test_the_checks_run_on_the_versions_that_the_demo_runs_on() -> None:
    runs, checks = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: versions for name, versions in runs.items() if checks.get(name) != versions} == {}


@pytest.mark.parametrize("name", ["web/frontend", "tests/core/bpmn/real"])
def test_npms_lock_names_hashes_and_no_address(name: str) -> None:
    folder = ROOT / name
    text = (folder / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    lock = json.loads(text)
    asked = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    assert [path for path, entry in packages.items() if "resolved" in entry] == []
    assert [path for path, entry in packages.items() if not entry.get("integrity")] == []
    for kind in ("dependencies", "devDependencies"):
        assert lock["packages"][""].get(kind) == asked.get(kind), "run: python3 run.py lock"


def test_everything_imported_is_asked_for() -> None:
    """Nothing works only because another package happened to bring it along."""
    asked = {plain(line) for line in PROJECT["project"]["dependencies"]}
    brings = packages_distributions()
    missing = {}
    for path in python_files("runtime", "web"):
        for name in imported(path) - set(sys.stdlib_module_names) - {"runtime", "web"}:
            if not {plain(each) for each in brings.get(name, [])} & asked | ({plain(name)} & asked):
                missing[name] = str(path.relative_to(ROOT))
    # werkzeug, jinja2, markupsafe, itsdangerous and click are Flask's own surface; so is wtforms Flask-WTF's.
    part_of_flask = {"werkzeug", "jinja2", "markupsafe", "wtforms", "pydantic"}
    assert {name: path for name, path in missing.items() if name not in part_of_flask} == {}


def python_files(*folders: str) -> list[Path]:
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [path for path in found if "frontend" not in path.parts]


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


# --- the set-up script -------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """run.py as it would be in another folder."""
    for name in ["run.py", "pyproject.toml", *LOCKS]:
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(
        ROOT / "web" / "frontend",
        tmp_path / "web" / "frontend",
        ignore=shutil.ignore_patterns("node_modules"),
    )
    return load(tmp_path / "run.py")


def finished(run: ModuleType, level: str = "demo") -> None:
    """What a finished set-up leaves behind."""
    run.BIN.mkdir(parents=True, exist_ok=True)
    (run.BIN / "python").symlink_to(sys.executable)
    run.write_stamp(level)
    browser = run.frontend()
    browser.DIST.mkdir(parents=True)
    browser.STAMP.write_text(browser.wanted(), encoding="ascii")


def test_a_folder_without_an_environment_is_set_up(run: ModuleType) -> None:
    assert not run.fresh("demo")


def test_a_finished_environment_is_left_alone(run: ModuleType) -> None:
    finished(run)
    assert run.fresh("demo")


def test_the_checks_need_more_than_the_demo(run: ModuleType) -> None:
    finished(run)
    assert not run.fresh("dev")


def test_who_has_the_checks_also_has_the_demo(run: ModuleType) -> None:
    finished(run, "dev")
    assert run.fresh("demo")


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml", "web/frontend/src/form.js"])
def test_a_change_of_what_it_was_made_from_is_noticed(run: ModuleType, changed: str) -> None:
    finished(run)
    with (run.ROOT / changed).open("a", encoding="utf-8") as file:
        file.write("\n// changed\n")
    assert not run.fresh("demo")


def test_an_environment_half_made_is_made_anew(run: ModuleType) -> None:
    finished(run)
    run.STAMP.unlink()
    assert not run.sound(run.read_stamp())


def test_a_damaged_stamp_counts_as_none(run: ModuleType) -> None:
    finished(run)
    run.STAMP.write_text("[1, 2", encoding="utf-8")
    assert run.read_stamp() == {}
    run.STAMP.write_text("[1, 2]", encoding="utf-8")
    assert run.read_stamp() == {}


def test_an_environment_whose_python_is_gone_is_made_anew(run: ModuleType) -> None:
    finished(run)
    (run.BIN / "python").unlink()
    assert not run.sound(run.read_stamp())


def test_what_debian_packs_apart_is_named_in_one_line(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "nowhere"))
    with pytest.raises(run.Stop) as stop:
        run.require_headers(also_venv=True)
    here = f"python3.{sys.version_info.minor}"
    assert str(stop.value) == (
        f"this Python has no venv and Python.h; on Debian: apt-get install {here}-venv {here}-dev"
    )


def test_uv_is_installed_by_its_locked_hashes(run: ModuleType) -> None:
    version, block = run.locked_uv()
    assert block.startswith(f"uv=={version}")
    assert block.count("--hash=sha256:") > 5
    assert set(re.findall(r"^[\w.-]+(?===)", block, re.MULTILINE)) == {"uv"}


def test_an_older_uv_of_the_machine_is_not_used(run: ModuleType, tmp_path: Path) -> None:
    for version, verdict in {"0.4.0": False, run.locked_uv()[0]: True, "99.0.0": True}.items():
        uv = tmp_path / "uv"
        uv.write_text(f"#!/bin/sh\necho 'uv {version} (x86_64)'\n", encoding="utf-8")
        uv.chmod(0o755)
        assert run.new_enough(uv) is verdict, version


def test_help_needs_no_set_up(tmp_path: Path) -> None:
    shutil.copy(ROOT / "run.py", tmp_path)
    said = subprocess.run(
        [sys.executable, tmp_path / "run.py", "--help"], capture_output=True, text=True, check=True, env={}
    )
    assert "python3 run.py demo" in said.stdout
    assert os.listdir(tmp_path) == ["run.py"]


def test_the_script_needs_the_standard_library_alone() -> None:
    for path in (ROOT / "run.py", ROOT / "web" / "frontend" / "build.py"):
        assert imported(path) <= set(sys.stdlib_module_names)


# --- the browser's part ------------------------------------------------------------


def test_the_bundles_are_what_the_sources_say() -> None:
    build = load(ROOT / "web" / "frontend" / "build.py")
    assert build.fresh(), "run: python3 run.py setup"
    bundles = {path.stem for path in (ROOT / "web" / "frontend" / "src").glob("*.js")}
    assert {path.stem for path in build.DIST.glob("*.js")} == bundles
    assert "bpmn-js" in (build.DIST / "LICENSES.txt").read_text(encoding="utf-8")


# --- contracts ---------------------------------------------------------------------

TRESPASSES = {
    "a module that is on no floor fails": ("runtime/utils.py", ""),
    "The runtime knows no web": ("runtime/clock.py", "import web"),
    "The web parses, calls and renders": ("web/trespass.py", "from runtime.store import db"),
    "there is one door: runtime/delivery": ("runtime/worker.py", "import socket"),
    "do no IO": ("runtime/identity.py", "import socket"),
    "Only the web speaks HTTP": ("runtime/store/db.py", "import flask"),
    "The web speaks no SQL": ("web/trespass.py", "import sqlalchemy"),
    "SpiffWorkflow has one door": ("runtime/commands/advance.py", "import SpiffWorkflow"),
    "durable_rules has one door": ("runtime/commands/advance.py", "import durable.lang"),
    "XML has one door": ("runtime/commands/advance.py", "import lxml.etree"),
    "JavaScript has two doors": ("runtime/commands/advance.py", "import py_mini_racer"),
    "Tables of the store know only the database": ("runtime/store/jobs.py", "import runtime.store.cases"),
    "Only processes write the ledger": ("runtime/commands/cases.py", "import runtime.ledger"),
}


def test_every_contract_catches_its_trespass(tmp_path: Path) -> None:
    """A contract that never fails proves nothing: in a copy each is broken once."""
    for folder in ("runtime", "web"):
        for path in python_files(folder):
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, line in TRESPASSES.values():
        with (tmp_path / file).open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")
    linter = Path(sys.executable).parent / "lint-imports"
    said = subprocess.run([linter, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Broken contracts" in said.stdout, said.stdout + said.stderr
    broken = " ".join(said.stdout.split("Broken contracts")[-1].split())
    assert [name for name in TRESPASSES if name not in broken] == []
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    assert len(contracts) == len(TRESPASSES)


# --- the top level -----------------------------------------------------------------


def test_no_file_holds_both_sides_of_a_merge() -> None:
    marker = re.compile(r"^(<{7} |>{7} |={7}$)", re.MULTILINE)
    ours = "py css js html md po yaml bpmn form toml json".split()
    files = [
        file
        for folder in ("docs", "processes", "rules", "runtime", "tests", "web")
        for file in (ROOT / folder).rglob("*.*")
        if file.suffix[1:] in ours and "node_modules" not in file.parts
    ]
    files += [file for file in ROOT.iterdir() if file.suffix[1:] in ours]
    assert len(files) > 1000
    assert [str(file.relative_to(ROOT)) for file in files if marker.search(file.read_text("utf-8"))] == []


def test_the_top_level_is_as_the_owner_gave_it() -> None:
    given = {"pyproject.toml", "processes", "rules", "runtime", "web", "tests", "README.md"}
    beside = {"run.py", *LOCKS, "docs", "CHANGELOG.md", "LICENSE", ".ci", ".git", ".gitignore"}
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    found = {path.name for path in ROOT.iterdir() if not any(path.match(line.strip("/")) for line in ignored)}
    assert found - given - beside == set()
