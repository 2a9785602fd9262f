"""The parts of docs/ that are made from the code, between `<!-- made: NAME -->` and `<!-- end -->`.

Not here: comparing them with the pages, or writing them (test_docs.py)."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

import runtime
import web
from runtime import i18n
from runtime.access import DEFAULT_GRANTS
from runtime.cli.handbook import shipped_sources
from runtime.doctor import INVARIANTS
from runtime.errors import GuichengError
from runtime.folders import shipped_handbook
from runtime.handbook import carriers, read
from runtime.identity import GROUPS
from runtime.settings import Settings
from tests.coverage import page
from web.api.routes import ROUTES
from web.app import HTTP_SENTENCES
from web.cli import main

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
MADE = re.compile(r"(<!-- made: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
CHINESE = ("zh_Hans", "zh_Hant")


def pages() -> dict[str, str]:
    """Page (relative to docs/) → its text with every made part as it should be."""
    found = {}
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if MADE.search(text):
            found[path.name] = MADE.sub(lambda part: part[1] + PARTS[part[2]]() + part[3], text)
    return found


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


# --- errors ------------------------------------------------------------------------


def import_everything() -> None:
    for package in (runtime, web):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            # Programs, and what needs a database to be imported.
            if not re.search(r"__main__|\.migrations|\.wsgi$|\.frontend", module.name):
                importlib.import_module(module.name)


def all_errors() -> list[type[GuichengError]]:
    """Every class of error of ours, by code and module."""
    import_everything()

    def below(parent: type[GuichengError]) -> Iterator[type[GuichengError]]:
        for child in parent.__subclasses__():
            if child.__module__.partition(".")[0] in ("runtime", "web"):
                yield child
                yield from below(child)

    return sorted(below(GuichengError), key=lambda error: (error.code, error.__module__))


def errors() -> dict[str, type[GuichengError]]:
    return {error.code: error for error in all_errors()}


def error_table() -> str:
    rows = [[f"`{code}`", str(error.status), *_told(sentence(error))] for code, error in errors().items()]
    return table(["Code", "Status", "English", "简体中文", "繁體中文"], rows)


def sentence(error: type[GuichengError]) -> str:
    # A property of the error, which is made without what its __init__ wants.
    return error.sentence()


def http_table() -> str:
    rows = [[f"`http.{status}`", str(status), *_told(text)] for status, text in HTTP_SENTENCES.items()]
    csrf = "This page has been open since another sign-in. Reload it and try again."
    return table(
        ["Code", "Status", "English", "简体中文", "繁體中文"], [["`csrf`", "400", *_told(csrf)], *rows]
    )


def finding_table() -> str:
    """What `check` says of files: the code in brackets at the end of its lines. Diagrams: docs/lint."""
    rows = [[f"`{code}`", *_told(text)] for code, text in sorted(findings())]
    return table(["Code", "English", "简体中文", "繁體中文"], rows)


def findings() -> set[tuple[str, str]]:
    """(code, sentence) of every Problem that is no lint rule's."""
    from runtime.handbook.problems import SENTENCES as OF_HANDBOOKS
    from runtime.rules.problems import SENTENCES
    from runtime.scenarios.problems import SENTENCES as OF_SCENARIOS

    found = {*SENTENCES.items(), *OF_SCENARIOS.items(), *OF_HANDBOOKS.items()}
    for path in sorted((ROOT / "runtime").rglob("*.py")):
        if path.parent.name == "doctor":
            continue  # what it finds is no file's
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = (
                getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            )
            if name == "Problem" or (name == "add" and "forms" in path.parts):
                texts = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant)]
                if len(texts) == 2 and all(isinstance(text, str) and text for text in texts):
                    found.add((texts[0], texts[1]))
    return found


def _told(sentence: str) -> list[str]:
    return [sentence, *(i18n.catalogue(language).get(sentence, "") for language in CHINESE)]


# --- settings, grants, groups ------------------------------------------------------


def settings_told() -> dict[str, str]:
    """Setting → what the docstring of Settings says of it."""
    text = " ".join((Settings.__doc__ or "").split("\n\n", 1)[1].split())
    return {m[1]: m[2].strip() for m in re.finditer(r"(?:^|; )(\w+): (.*?)(?=; \w+: |\.?$)", text)}


def settings() -> str:
    told = settings_told()
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "off" if default is False else f"`{default}`" if str(default) else "empty"
        rows.append([f"`GUICHENG_{name.upper()}`", shown, told.get(name, "")])
    return table(["Variable", "Default", ""], rows)


def grants() -> str:
    rows = [
        [
            "everyone" if grant.group == "*" else f"`{grant.group}`",
            grant.verb,
            grant.kind.replace("_", " "),
            grant.relation,
            "all" if grant.fields == "*" else grant.fields.replace(",", ", "),
        ]
        for grant in DEFAULT_GRANTS
    ]
    return table(["Group", "may", "what", "whose", "of it"], rows)


def groups() -> str:
    rows = [
        [f"`{key}`", *(names[lang] for lang in ("en", "zh_Hans", "zh_Hant"))] for key, names in GROUPS.items()
    ]
    return table(["Group", "English", "简体中文", "繁體中文"], rows)


# --- the command line --------------------------------------------------------------


def commands(group: click.Group = main, path: str = "guicheng") -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups before what is in them."""
    for name in sorted(group.commands):
        command = group.commands[name]
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


def cli() -> str:
    parts = []
    for name, command in commands():
        if isinstance(command, click.Group) and not command.invoke_without_command:
            continue
        context = click.Context(command, info_name=name)
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        help_text = re.sub(r"(?<!\n)\n(?!\n)", " ", cleandoc(command.help or "").replace("\b", "")).strip()
        rows = [
            [f"`{record[0]}`", record[1]]
            for parameter in command.get_params(context)
            if isinstance(parameter, click.Option)
            and "--help" not in parameter.opts
            and (record := parameter.get_help_record(context))
        ]
        part = f"### {name}\n\n```text\n{usage}\n```\n\n{help_text}\n"
        parts.append(part + ("\n" + table(["Option", ""], rows) if rows else ""))
    return "\n".join(parts)


# --- diagrams of others ------------------------------------------------------------


def real_files() -> str:
    """Every diagram of the packages in tests/core/bpmn/real with its verdict and the rules that refuse it."""
    from tests.core.bpmn.real import verdicts

    judged = verdicts.all_of_them()
    parts = []
    for package in sorted({verdict.package for verdict in judged}):
        ours = [verdict for verdict in judged if verdict.package == package]
        rows = [
            [
                f"`{verdict.file}`",
                "accepted" if not verdict.reasons else ", ".join(map(_rule, verdict.reasons)),
            ]
            for verdict in ours
        ]
        accepted = sum(not verdict.reasons for verdict in ours)
        head = f"### {package} {verdicts.version(package)}\n\n{len(ours)} diagrams, {accepted} accepted.\n\n"
        parts.append(head + table(["Diagram", "Verdict"], rows))
    return "\n".join(parts)


def real_reasons() -> str:
    """Each reason of all verdicts: how many files it refuses, and one of its sentences."""
    from tests.core.bpmn.real import verdicts

    judged = verdicts.all_of_them()
    reasons = sorted({rule for verdict in judged for rule in verdict.reasons})
    rows = []
    for rule in reasons:
        having = [verdict for verdict in judged if rule in verdict.reasons]
        first = having[0]
        rows.append([_rule(rule), str(len(having)), f"{first.reasons[rule]} (`{Path(first.file).name}`)"])
    return table(["Rule", "Files", "For example"], rows)


def _rule(name: str) -> str:
    return f"[{name}](lint/{name}.md)" if (DOCS / "lint" / f"{name}.md").exists() else f"`{name}`"


def invariants() -> str:
    """What `guicheng doctor` asks, in the order in which it asks; `quick`: also with --quick."""
    asked = sorted(INVARIANTS.values(), key=lambda each: each.of_cases)
    rows = [[f"`{each.name}`", each.sentence, "" if each.slow else "✓"] for each in asked]
    return table(["Invariant", "What holds", "`--quick`"], rows)


def policy_coverage() -> str:
    """Each clause with what carries it out; those that nothing carries out yet stand out, and first as a list."""
    handbook, _ = read(shipped_handbook())
    assert handbook is not None
    found = carriers.collect(handbook, shipped_sources()[0].named())
    missing = [f"{each.id} {each.titles['zh_Hans']}" for each in carriers.missing(handbook, found)]
    rows = []
    for entry in handbook.entries:
        title = f"{entry.titles['zh_Hans']} · {entry.titles['en']}"
        if entry.section:
            rows.append([f"**{entry.id}**", f"**{title}**", ""])
        else:
            carried = " · ".join(f"`{each}`" for each in found.of.get(entry.id, ()))
            rows.append([entry.id, title, carried or "**nothing yet**"])
    of, count = len(handbook.clauses), len(missing)
    told = f"{of - count} of {of} clauses are carried out. Nothing carries out yet"
    told = (
        f"{told} {count}: {', '.join(missing)}.\n\n" if missing else f"All {of} clauses are carried out.\n\n"
    )
    return told + table(["Clause", "", "Carried out by"], rows)


def api() -> str:
    """Every address of the API, with what it does."""
    rows = [
        [
            f"`{route.method} {route.path.replace('<', '{').replace('>', '}')}`",
            " ".join(route.told.split("\n\n")[0].split()),
        ]
        for route in sorted(ROUTES, key=lambda route: (route.path, route.method))
    ]
    return table(["/api/v1", ""], rows)


PARTS = {
    "api": api,
    "policy-coverage": policy_coverage,
    "invariants": invariants,
    "real-files": real_files,
    "real-reasons": real_reasons,
    "errors": error_table,
    "http-errors": http_table,
    "findings": finding_table,
    "settings": settings,
    "grants": grants,
    "groups": groups,
    "cli": cli,
    **page.parts(table),
}
