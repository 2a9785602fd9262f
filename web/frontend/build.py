"""Builds what the browser runs: `src/*.js` and their styles -> `../static/dist`.

One file in `src/` is one bundle; what bundles share goes into a folder below it.
Standard library only: run.py reads `fresh()` from here, hatch_hook.py calls `build()`
while the project is installed. Not here: where Node comes from (hatch_hook.py)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
DIST = HERE.parent / "static" / "dist"
STAMP = DIST / "stamp"
MODULES = HERE / "node_modules"
INSTALLED = MODULES / ".installed"

OPTIONS = [
    "--bundle",
    "--minify",
    "--format=iife",
    "--target=es2021",
    "--charset=utf8",
    "--loader:.svg=dataurl",
    "--legal-comments=none",  # LICENSES.txt holds them whole
    "--log-level=warning",
]


def wanted() -> str:
    """The digest of everything that the bundles are made of."""
    digest = hashlib.sha256(" ".join(OPTIONS).encode())
    sources = [path for path in (HERE / "src").rglob("*") if path.is_file()]
    for path in sorted([HERE / "package.json", HERE / "package-lock.json", *sources]):
        digest.update(b"\0" + path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def fresh() -> bool:
    """Whether `../static/dist` is what `src/` and the lock say now."""
    return STAMP.is_file() and STAMP.read_text(encoding="ascii") == wanted()


def build(node: Path, npm: Path) -> None:
    """Make `../static/dist` anew unless it is fresh; `npm` is npm-cli.js.

    Raises SystemExit with what npm or esbuild said. Interrupted, it leaves the
    former bundles in place and the next call starts over."""
    if fresh():
        return
    digest = wanted()
    _install(node, npm)
    made = MODULES / ".made"
    shutil.rmtree(made, ignore_errors=True)
    # esbuild's own start file looks for the program of this platform among npm's
    # optional packages, so it runs although no package's install script did.
    esbuild = MODULES / "esbuild" / "bin" / "esbuild"
    entries = sorted(str(path.relative_to(HERE)) for path in (HERE / "src").glob("*.js"))
    meta = MODULES / ".inputs.json"
    _run([_program(node, esbuild), *entries, *OPTIONS, f"--outdir={made}", f"--metafile={meta}"], "esbuild")
    (made / "LICENSES.txt").write_text(_licences(meta), encoding="utf-8")
    (made / "stamp").write_text(digest, encoding="ascii")
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.parent.mkdir(parents=True, exist_ok=True)
    made.rename(DIST)


def _install(node: Path, npm: Path) -> None:
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED.is_file() and INSTALLED.read_text(encoding="ascii") == lock:
        return
    _run([[node, npm], "ci", "--ignore-scripts", "--no-audit", "--no-fund"], "npm ci")
    INSTALLED.write_text(lock, encoding="ascii")


def _licences(meta: Path) -> str:
    """The licence of every package that got into a bundle: they ask to travel with it."""
    packages = set()
    for source in json.loads(meta.read_text(encoding="utf-8"))["inputs"]:
        if source.startswith("node_modules/"):
            _, scope, name, *_ = source.split("/")
            packages.add(f"{scope}/{name}" if scope.startswith("@") else scope)
    texts = []
    for package in sorted(packages):
        about = json.loads((MODULES / package / "package.json").read_text(encoding="utf-8"))
        files = [p for p in sorted((MODULES / package).iterdir()) if p.name.upper().startswith("LICEN")]
        text = "\n".join(path.read_text(encoding="utf-8").strip() for path in files if path.is_file())
        texts.append(f"{package} {about['version']} ({about.get('license', 'see below')})\n\n{text}\n")
    return ("\n" + "-" * 80 + "\n\n").join(texts)


def _program(node: Path, script: Path) -> list[Path]:
    """How to start `script`: by node, or by itself where it is a program already."""
    with script.open("rb") as file:
        return [node, script] if file.read(2) == b"#!" else [script]


def _run(command: list, what: str) -> None:
    head, *rest = command
    # A company's own certificate authority is known to the system, not to Node.
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
    done = subprocess.run(
        [*map(str, head), *rest], cwd=HERE, env=environment, text=True, capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(f"{what} failed:\n{done.stdout}{done.stderr}")
