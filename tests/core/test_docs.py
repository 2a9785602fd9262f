"""The documentation says what the code does: tables made from it, links, commands, settings, words.

UPDATE_DOCS=1 writes the tables that are made from the code."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po

from runtime import i18n
from runtime.bpmn.lint import RULES
from runtime.ledger.inputs import _ANNOTATED, _PLAIN
from runtime.ledger.operations import OPERATIONS
from tests.core import documents
from tests.core.documents import DOCS, ROOT

PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
COMMAND = re.compile(r"(?:^|[\s(/&])(guicheng|python3 run\.py) ([a-z]\S*(?: (?:[a-z]+(?=\s|$)|…))?|WORD)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
# Words of run.py itself; every other one is passed on to guicheng.
RUN_PY = {"test", "bench", "soak", "setup", "lock"}


def told(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- what is made from the code ----------------------------------------------------


@pytest.mark.parametrize("name", sorted(documents.pages()))
def test_what_is_made_from_the_code_is_as_the_code_is(name: str) -> None:
    path, wanted = DOCS / name, documents.pages()[name]
    if os.environ.get("UPDATE_DOCS"):
        path.write_text(wanted, encoding="utf-8")
    found = path.read_text(encoding="utf-8")
    lines = difflib.unified_diff(found.splitlines(), wanted.splitlines(), name, "the code", n=0, lineterm="")
    assert found == wanted, "run: UPDATE_DOCS=1 python3 run.py test tests/core/test_docs.py\n" + "\n".join(
        lines
    )


def test_every_part_is_on_a_page() -> None:
    parts = [
        part[2] for path in DOCS.glob("*.md") for part in documents.MADE.finditer(path.read_text("utf-8"))
    ]
    assert sorted(parts) == sorted(documents.PARTS)


def test_the_tables_are_not_empty() -> None:
    # If the search went blind, the tests above could not fail.
    assert {"user_task.already_completed", "sign_in.needed", "xml.doctype"} <= set(documents.errors())
    assert {"rule_file.alias", "form.html", "deployed_twice"} <= {code for code, _ in documents.findings()}
    assert "guicheng admin create" in dict(documents.commands())


def test_one_code_means_one_sentence() -> None:
    documents.import_everything()
    errors = documents.all_errors()
    codes = {error.code: documents.sentence(error) for error in errors}
    assert [e.__name__ for e in errors if documents.sentence(e) != codes[e.code]] == []


def test_every_operation_is_on_a_page() -> None:
    text = "".join(
        (DOCS / page).read_text(encoding="utf-8") for page in ("operations.md", "service-tasks.md")
    )
    # Another test of the same run may have registered one of its own.
    ours = [topic for topic, found in OPERATIONS.items() if found.run.__module__.startswith("runtime.")]
    assert len(ours) > 40
    assert [topic for topic in ours if f"### {topic}\n" not in text] == []


def test_every_kind_of_input_is_explained() -> None:
    text = (DOCS / "service-tasks.md").read_text(encoding="utf-8")
    kinds = {*_ANNOTATED, *(kind for kind, _ in _PLAIN.values())}
    assert {kind for kind in kinds if f"| `{kind}` |" not in text} == set()


def test_every_lint_rule_has_a_page_in_the_index() -> None:
    index = (DOCS / "lint" / "README.md").read_text(encoding="utf-8")
    assert [rule for rule in RULES if f"({rule}.md)" not in index] == []


def test_every_setting_is_explained() -> None:
    from runtime.settings import Settings

    assert set(documents.settings_told()) == set(Settings.model_fields)


def test_every_variable_of_the_environment_is_documented() -> None:
    known = "".join((DOCS / page).read_text("utf-8") for page in ("operate.md", "developers.md"))
    sources = [
        *(ROOT / "runtime").rglob("*.py"),
        *(ROOT / "web").rglob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
    ]
    sources.append(ROOT / "run.py")
    used = {
        name for path in sources for name in re.findall(r"GUICHENG_[A-Z_]*[A-Z]", path.read_text("utf-8"))
    }
    assert {name for name in used if f"`{name}`" not in known} == set()


# --- commands, links, index --------------------------------------------------------


def commands_in(text: str) -> set[str]:
    """`guicheng …` and `python3 run.py …` of shell examples and of code in a line."""
    shell = [body for language, body in FENCE.findall(text) if language == "sh"]
    lines = [line for body in shell for line in body.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    found = set()
    for line in lines:
        for begin in COMMAND.finditer(line):
            found.add(f"{begin[1]} {begin[2]}")
    return found


def exists(command: str) -> bool:
    known = dict(documents.commands())
    program, _, words = (
        command.partition(" ") if command.startswith("guicheng") else ("run.py", "", command[15:])
    )
    first = words.split()[0]
    if first == "WORD" or (program == "run.py" and first in RUN_PY):
        return True
    found = known.get(f"guicheng {first}")
    if found is None or not isinstance(found, click.Group):
        return found is not None
    # A group needs the name of what is in it, unless it does something by itself.
    if words == first:
        return found.invoke_without_command
    return words.endswith(" …") or f"guicheng {words}" in known


@pytest.mark.parametrize("path", PAGES, ids=told)
def test_the_commands_of_a_page_exist(path: Path) -> None:
    assert [command for command in sorted(commands_in(path.read_text("utf-8"))) if not exists(command)] == []


def test_commands_are_found_where_they_stand() -> None:
    found = commands_in((ROOT / "README.md").read_text(encoding="utf-8"))
    assert {"python3 run.py demo", "python3 run.py admin create", "guicheng person add"} <= found
    assert not exists("guicheng fly") and not exists("guicheng db") and not exists("python3 run.py fly")
    assert exists("guicheng db upgrade") and exists("guicheng check processes")


def anchors(path: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(path: Path) -> list[str]:
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text(encoding="utf-8")))
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


@pytest.mark.parametrize("path", PAGES, ids=told)
def test_every_link_leads_somewhere(path: Path) -> None:
    broken = []
    for link in links(path):
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(link)
    assert broken == []


def test_the_index_names_every_page() -> None:
    index = DOCS / "README.md"
    named = {(DOCS / link.partition("#")[0]).resolve() for link in links(index)}
    pages = {path.resolve() for path in DOCS.rglob("*.md") if path.parent.name != "lint"} - {index.resolve()}
    assert sorted(told(path) for path in pages - named) == []


def test_decisions_are_numbered_in_a_row() -> None:
    numbers = sorted(int(path.name[:4]) for path in (DOCS / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


# --- words -------------------------------------------------------------------------


def test_every_process_stands_in_the_list_for_process_owners() -> None:
    listed = re.findall(r"^\| `(\w+)` ", (DOCS / "processes.md").read_text(encoding="utf-8"), re.MULTILINE)
    shipped = [file.stem for file in (ROOT / "processes").glob("*/*.bpmn")]
    assert sorted(set(shipped) - set(listed)) == []


def glossary() -> list[list[str]]:
    """Rows of the glossary: English, Simplified, Traditional, and what is not said (split at ·)."""
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"
    ]
    return [row for row in rows if len(row) == 4 and not row[0].startswith(("English", "-"))]


def chinese_texts() -> list[tuple[str, str]]:
    """Everything that is said in Chinese: translations, diagrams, forms, rule files."""
    found = [(told(path), path.read_text("utf-8")) for path in (ROOT / "runtime").glob("translations/*/*.po")]
    for folder in ("processes", "rules"):
        found += [
            (told(path), path.read_text("utf-8")) for path in (ROOT / folder).rglob("*.*") if path.is_file()
        ]
    return found


def test_one_thing_has_one_name() -> None:
    avoided = {word.strip() for row in glossary() for word in row[3].split("·") if word.strip()}
    assert len(avoided) > 10
    said = [f"{where}: {word}" for where, text in chinese_texts() for word in sorted(avoided) if word in text]
    assert said == []


@pytest.mark.parametrize("language", documents.CHINESE)
def test_a_sentence_is_translated_in_one_place(language: str) -> None:
    seen: dict[str, str] = {}
    twice = []
    for path in sorted((ROOT / "runtime" / "translations" / language).glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source):
                if message.id and str(message.id) in seen:
                    twice.append(f"{message.id} ({seen[str(message.id)]}, {path.name})")
                seen[str(message.id)] = path.name
    assert twice == []


def test_traditional_quotes_are_corner_brackets() -> None:
    wrong = [text for text in i18n.catalogue("zh_Hant").values() if re.search("[“”]", text)]
    assert wrong == []
