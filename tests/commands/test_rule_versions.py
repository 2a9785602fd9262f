"""A rule edited in the browser and in the folder: neither is lost, and one publication wins."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from runtime.commands import drafts
from runtime.errors import GuichengError
from runtime.folders import ROOT
from runtime.identity import SYSTEM
from runtime.store import deployments
from tests.office import Office

KEY = "approval_limits"
TEXT = (ROOT / "rules" / f"{KEY}.yaml").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    return tmp_path / "rules"


def edit(office: Office, text: str, base: int) -> str:
    return office.runtime.do(drafts.save_rule, SYSTEM, KEY, text, base)


def sync(office: Office, folder: Path, text: str) -> list[str]:
    (folder / f"{KEY}.yaml").write_text(text, encoding="utf-8")
    return [problem.rule for problem in office.runtime.sync(folder)]


def active(office: Office) -> str:
    newest = office.runtime.read(lambda tx, actor: deployments.latest(tx, "rule", KEY), SYSTEM)
    return office.runtime.read(lambda tx, actor: deployments.get(tx, newest.id), SYSTEM).content


def test_a_file_that_changed_beside_the_browser_is_a_draft_until_it_has_caught_up(
    firm: Office, folder: Path
) -> None:
    sync(firm, folder, TEXT)
    browser = f"{TEXT}\n# browser\n"
    firm.runtime.publish_rule(SYSTEM, KEY, edit(firm, browser, 1))
    assert sync(firm, folder, f"{TEXT}\n# folder\n") == ["edited_in_browser"]
    assert active(firm) == browser
    assert sync(firm, folder, browser) == []
    later = f"{browser}# and then the folder\n"
    assert sync(firm, folder, later) == []
    assert active(firm) == later


def test_of_drafts_of_one_version_that_are_published_at_once_one_wins(firm: Office) -> None:
    firm.deploy(TEXT)
    drafts = [edit(firm, f"{TEXT}\n# {number}\n", 1) for number in range(3)]
    told: list[object] = []

    def publish(draft: str) -> None:
        try:
            told.append(firm.runtime.publish_rule(SYSTEM, KEY, draft))
        except GuichengError as late:
            told.append(late.code)

    threads = [threading.Thread(target=publish, args=(draft,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, told)) == ["2", "rule.moved", "rule.moved"]
