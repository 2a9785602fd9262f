"""What docs/operate.md gives to copy – systemd units, a compose file, Prometheus' part – is what those programs take.

Without Docker: the compose file is held against the names of its specification, and against itself."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from runtime.folders import ROOT
from runtime.settings import Settings
from web.cli import main

PAGE = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FIELDS = {f"GUICHENG_{name.upper()}" for name in Settings.model_fields}
# systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.kill(5): those that a unit here may use.
DIRECTIVES = {
    "Unit": {"Description", "After", "Wants", "Requires", "StartLimitIntervalSec"},
    "Service": {
        "Type", "User", "Group", "WorkingDirectory", "EnvironmentFile", "Environment", "ExecStart", "ExecStartPre",
        "Restart", "RestartSec", "KillMode", "TimeoutStopSec", "NoNewPrivileges", "ProtectSystem", "StateDirectory",
    },
    "Install": {"WantedBy"},
}  # fmt: skip
VALUES = {
    "Restart": {"no", "on-failure", "always"},
    "KillMode": {"control-group", "mixed", "process"},
    "WantedBy": {"multi-user.target"},
}
# https://github.com/compose-spec/compose-spec: of a service.
SERVICE = {
    "build", "command", "depends_on", "deploy", "entrypoint", "env_file", "environment", "expose", "healthcheck",
    "image", "networks", "ports", "profiles", "restart", "secrets", "stop_grace_period", "user", "volumes",
    "working_dir",
}  # fmt: skip
BUILD = {"context", "dockerfile", "dockerfile_inline", "args", "target"}
HEALTH = {"test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


def blocks(language: str) -> list[str]:
    return [text for found, text in BLOCK.findall(PAGE) if found == language]


def accepted(words: str) -> None:
    """The command line takes these words: the command is there, its options too, and what they are given fits."""
    program, *rest = shlex.split(words)
    assert Path(program).name == "guicheng", words
    group: click.Command = main
    context: click.Context | None = None
    while isinstance(group, click.Group):
        context = click.Context(group, parent=context, info_name=group.name)
        _, command, rest = group.resolve_command(context, rest)
        assert command is not None, words
        group = command
    group.make_context(group.name, rest, parent=context)


def settings_in(text: str) -> set[str]:
    return set(re.findall(r"\bGUICHENG_\w+", text))


# ---- systemd

UNITS = blocks("ini")


def read_unit(text: str) -> list[tuple[str, str, str]]:
    """(section, name, value) of each line that says something."""
    section, found = "", []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading[1]
        else:
            name, equals, value = line.partition("=")
            assert equals and section, line
            found.append((section, name, value))
    return found


@pytest.mark.parametrize("text", UNITS, ids=range(len(UNITS)))
def test_a_unit_says_what_systemd_and_the_command_line_take(text: str, tmp_path: Path) -> None:
    lines = read_unit(text)
    assert [line for line in lines if line[1] not in DIRECTIVES[line[0]]] == []
    assert [line for line in lines if line[2] not in VALUES.get(line[1], {line[2]})] == []
    # The other unit differs in what a comment says.
    commands = re.findall(r"ExecStart=(.+)", text)
    assert commands
    for words in commands:
        accepted(words)
    assert settings_in(text) <= FIELDS
    if shutil.which("systemd-analyze"):
        # It wants the program to be there; /opt/guicheng is not on this machine.
        unit = tmp_path / "guicheng-tried.service"
        unit.write_text(re.sub(r"ExecStart=/opt\S+", f"ExecStart={sys.executable}", text), encoding="utf-8")
        tried = ["systemd-analyze", "verify", "--man=no", str(unit)]
        said = subprocess.run(tried, capture_output=True, text=True, check=False)
        assert [line for line in (said.stdout + said.stderr).splitlines() if unit.name in line] == []


def test_a_unit_stops_later_than_its_servers_do() -> None:
    """gunicorn lets requests end for 30 seconds, a worker its job; SIGKILL must not come before."""
    both = next(text for text in UNITS if "--processes" in text)
    stops = {name: value for _, name, value in read_unit(both)}
    assert int(stops["TimeoutStopSec"]) > 30 and stops["KillMode"] == "mixed"


# ---- compose


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    (text,) = [text for text in blocks("yaml") if "services:" in text]
    return dict(YAML(typ="safe").load(text))


def test_the_compose_file_has_only_what_compose_knows(compose: dict[str, Any]) -> None:
    assert {name for name in compose if not name.startswith("x-")} == {"services", "volumes"}
    for name, service in compose["services"].items():
        assert service.keys() <= SERVICE, name
        assert "image" in service or service["build"].keys() <= BUILD, name
        assert service.get("healthcheck", {}).keys() <= HEALTH, name
        assert service["restart"] in ("no", "always", "on-failure", "unless-stopped"), name


def test_the_compose_file_refers_to_what_is_in_it(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services and how["condition"] in CONDITIONS, name
            assert how["condition"] != "service_healthy" or "healthcheck" in services[other], name
            # What is to end well must not be started again for ever.
            assert how["condition"] != "service_completed_successfully" or services[other]["restart"] == "on-failure"
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in compose["volumes"], name


def test_the_compose_file_starts_what_the_command_line_has(compose: dict[str, Any]) -> None:
    ours = {name: service for name, service in compose["services"].items() if "build" in service}
    assert ours.keys() == {"init", "web", "work"}
    for service in ours.values():
        accepted(service["command"])
        assert service["environment"].keys() <= FIELDS
        assert {"GUICHENG_DATABASE_URL", "GUICHENG_SECRET"} <= service["environment"].keys()
        # Its own files, by the command that the page begins with, on a Python that is taken.
        inline = service["build"]["dockerfile_inline"]
        assert "RUN python3 run.py setup" in inline and re.search(r"FROM python:3\.1[1-9]", inline)
    (text,) = [text for text in blocks("yaml") if "services:" in text]
    given = set(re.findall(r"\$\{(\w+)", text))
    assert given <= FIELDS | {"POSTGRES_PASSWORD"}
    url = ours["web"]["environment"]["GUICHENG_DATABASE_URL"]
    database = compose["services"]["database"]
    assert url == f"postgresql://{database['environment']['POSTGRES_USER']}:${{POSTGRES_PASSWORD}}@database/guicheng"


def test_prometheus_is_told_where_to_look() -> None:
    (text,) = [text for text in blocks("yaml") if "scrape_configs" in text]
    (job,) = YAML(typ="safe").load(text)["scrape_configs"]
    assert job.keys() <= {"job_name", "authorization", "static_configs", "metrics_path", "scheme"}
    assert job["authorization"].keys() <= {"type", "credentials", "credentials_file"}
