"""One's own account: access tokens made, shown once and revoked on the page."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from runtime import demo
from runtime.commands import files
from tests.office import Office
from tests.web.programs import Program
from tests.web.stand_ins import send
from web.api.routes import PREFIX
from web.app import create_app


@pytest.fixture
def browser(office: Office) -> Iterator[FlaskClient]:
    client = create_app(office.runtime, demo.people()).test_client()
    send(client, "/sign-in", {"username": "chenjie", "password": demo.PASSWORD}, page="/sign-in")
    yield client


def make(browser: FlaskClient, **fields: Any) -> Any:
    given = {"name": "夜间导入", "days": "30", "password": demo.PASSWORD, **fields}
    return send(browser, "/account/tokens", given)


def test_a_token_is_shown_once_and_opens_the_api(browser: FlaskClient) -> None:
    page = make(browser)
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store"
    secret = re.search(r'<code class="secret">(guicheng_[\w-]+)</code>', page.text)
    assert secret
    program = browser.application.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {secret[1]}"}
    assert program.get(f"{PREFIX}/session", headers=headers).json["username"] == "chenjie"
    later = browser.get("/account").text
    assert "夜间导入" in later and secret[1] not in later


def test_a_revoked_token_leaves_the_list_and_opens_nothing(browser: FlaskClient) -> None:
    secret = re.search(r'class="secret">([\w-]+)<', make(browser).text)[1]  # type: ignore[index]
    address = re.search(r'action="(/account/tokens/\w+/revoke)"', browser.get("/account").text)
    assert address and send(browser, address[1], {}).status_code == 302
    assert "夜间导入" not in browser.get("/account").text
    headers = {"Authorization": f"Bearer {secret}"}
    assert browser.get(f"{PREFIX}/session", headers=headers).status_code == 401
    assert send(browser, address[1], {}).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"password": "wrong password"}, 403),
        ({"password": ""}, 403),
        ({"name": " "}, 400),
        ({"name": "x" * 101}, 400),
        ({"days": "3650"}, 400),
        ({"days": "x"}, 400),
    ],
)
def test_what_does_not_fit_makes_none(browser: FlaskClient, fields: dict[str, str], status: int) -> None:
    page = make(browser, **fields)
    assert page.status_code == status and "guicheng_" not in page.text
    assert "/revoke" not in browser.get("/account").text


def test_somebody_elses_token_is_neither_seen_nor_revoked(office: Office, browser: FlaskClient) -> None:
    other = Program(office, "wangfang")
    assert "/revoke" not in browser.get("/account").text
    assert send(browser, f"/account/tokens/{other.made.id}/revoke", {}).status_code == 404
    assert other.get("/session")[0] == 200


def test_a_name_stays_a_name(browser: FlaskClient) -> None:
    make(browser, name="<img src=x onerror=alert(1)>{{7*7}}")
    page = browser.get("/account").text
    assert "<img src=x" not in page and html.escape("<img src=x onerror=alert(1)>{{7*7}}") in page


def test_all_that_is_held_comes_in_a_zip_for_who_says_their_password(office: Office, browser: FlaskClient) -> None:
    office.runtime.do(files.store, office.as_("chenjie").actor, "../../合同 <1>.pdf", "application/pdf", b"%PDF-1.4")
    answer = send(browser, "/account/data", {"password": demo.PASSWORD}, page="/account")
    assert answer.mimetype == "application/zip" and "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert json.loads(archive.read("data.json"))["account"]["username"] == "chenjie"
        [file] = [name for name in archive.namelist() if name.startswith("files/")]
        assert file.count("/") == 1 and ".." not in file.split("/") and archive.read(file) == b"%PDF-1.4"
    refused = send(browser, "/account/data", {"password": "x"}, page="/account")
    assert refused.status_code == 403 and refused.mimetype == "text/html"
