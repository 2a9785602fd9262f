"""The demo department at its browsers: the served house, and one desk a person.

A form is filled as its reader sees it: by the labels of its fields and options.
Not here: what people do (test_browser.py), the same work without a browser (scenarios.py)."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import waitress
from playwright.sync_api import Browser, BrowserContext, Locator, Page, TimeoutError, expect, sync_playwright

from runtime import clock, demo
from runtime.bootstrap import Runtime
from runtime.identity import SYSTEM, Actor
from runtime.settings import Settings
from runtime.store.db import Transaction
from runtime.store.jobs import jobs
from runtime.worker import Worker
from web.app import create_app

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 15_000  # milliseconds; two cores may be busy with other tests
# A date picker is drawn before it listens; no person types within the same few frames.
LISTENING = """async (input) => {
  while (!input._flatpickr?.config.onChange.length) await new Promise(requestAnimationFrame);
}"""
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 740}


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's own Chromium. Without one the tests fail: what they show is not shown otherwise."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise AssertionError("The browser tests need Chromium on the PATH, e.g. apt-get install chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


class House:
    """The department served on a port of its own, its worker beside it, and everybody's desk."""

    def __init__(self, home: Path, browser: Browser) -> None:
        self.runtime = Runtime(Settings(home=home, demo=True))
        self.runtime.load()
        self.browser = browser
        self.worker = Worker(self.runtime)
        self.worker.start()
        app = create_app(self.runtime, demo.people())
        self.server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4, ident=None)
        self.thread = threading.Thread(target=self.server.run, name="pages", daemon=True)
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.effective_port}"
        self.complaints: list[str] = []
        self.desks: dict[str, Desk] = {}
        self.contexts: list[BrowserContext] = []

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        self.server.close()
        self.worker.stop()
        self.runtime.close()

    def desk(self, username: str) -> Desk:
        """That person at a desktop, signed in; always the same one."""
        if username not in self.desks:
            self.desks[username] = Desk(self, username)
        return self.desks[username]

    def opened(self, **options: Any) -> Page:
        """A new browser's page. What it complains of is kept in `complaints`."""
        options = {"viewport": DESKTOP, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"} | options
        context = self.browser.new_context(base_url=self.address, **options)
        context.set_default_timeout(PATIENCE)
        # The browser lives at the department's time: date pickers refuse what is past.
        context.clock.set_fixed_time(clock.now())
        self.contexts.append(context)
        context.on("page", self._listen)
        return context.new_page()

    def _listen(self, page: Page) -> None:
        page.on("console", lambda said: said.type == "error" and self._complain(said.text, page))
        page.on("pageerror", lambda error: self._complain(str(error), page))

    def _complain(self, text: str, page: Page) -> None:
        # A page that the server refuses on purpose is what some tests are about.
        if "responded with a status of 4" not in text:
            self.complaints.append(f"{page.url}: {text}")

    def settle(self) -> None:
        """Wait until the worker has done everything that is due."""
        pause = threading.Event()
        for _ in range(1500):
            if not self.runtime.read(_due, SYSTEM):
                return
            pause.wait(0.01)
        raise AssertionError("the worker did not come to an end")

    def later(self, **by: float) -> None:
        """Let time pass here and in every browser, then wait for what has come due."""
        clock.shift(dt.timedelta(**by))
        for context in self.contexts:
            context.clock.set_fixed_time(clock.now())
        self.worker.wake()
        self.settle()


def _due(tx: Transaction, actor: Actor) -> int:
    query = sa.select(sa.func.count()).select_from(jobs)
    return int(tx.scalar(query.where(jobs.c.state == "waiting", jobs.c.due_at <= clock.now())))


class Desk:
    """One person at a browser, and what people do there."""

    def __init__(self, house: House, username: str, **options: Any) -> None:
        self.house = house
        self.username = username
        self.page = house.opened(**options)
        self.sign_in()

    def sign_in(self) -> None:
        self.page.goto("/sign-in")
        self.page.locator("input[name=username]:visible").fill(self.username)
        self.page.locator("input[name=password]:visible").fill(demo.PASSWORD)
        self.page.locator("form:has(input[name=password]:visible) button.primary").click()
        self.page.wait_for_url("**/inbox")

    def go(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def start(self, process: str, answers: Mapping[str, Any]) -> None:
        """Start a process from the list of those that this person may start."""
        page = self.go("/processes")
        page.get_by_role("link", name=process).click()
        ready(page)
        fill(page.locator("[data-form-body]"), answers)
        self.send()

    def inbox(self) -> list[str]:
        """What waits for this person: the name of each task."""
        self.house.settle()
        page = self.go("/inbox")
        return page.locator("a[data-row] .row-head b").all_inner_texts()

    def open(self, task: str, about: str = "") -> Page:
        """Open the one task of that name in the inbox and take it, if nobody has it yet."""
        self.house.settle()
        page = self.go("/inbox")
        rows = page.locator("a[data-row]").filter(has=page.locator("b", has_text=exactly(task)))
        rows = rows.filter(has_text=about) if about else rows
        assert rows.count(), f"{self.username} has no task {task} {about}, but {self.inbox()}"
        rows.first.click()
        page.wait_for_url("**/tasks/*")
        page.locator("#task h1", has_text=exactly(task)).wait_for()
        take = page.locator("form.claim button.primary")
        if take.count():
            with page.expect_navigation():
                take.click()
        ready(page)
        return page

    def do(self, task: str, answers: Mapping[str, Any] | None = None, *, about: str = "") -> None:
        """Open that task, fill its form and complete it; due work is done then."""
        page = self.open(task, about)
        fill(page.locator("[data-form-body]"), answers or {})
        self.send()

    def send(self) -> None:
        """Send the form. Fails with what the page says if it was not taken."""
        page = self.page
        press(page)
        told = page.locator(".notice.is-bad, .notice.is-kind, .is-error").all_inner_texts()
        assert page.locator(".flash").count(), f"{page.url} did not take it: {told}"
        self.house.settle()


def press(page: Page) -> None:
    """Send the open form and wait for the page that answers. Fails with what the form itself refuses."""
    try:
        with page.expect_navigation():
            page.locator("form[data-answer] button").click()
    except TimeoutError as never:
        marked = page.locator(".fjs-has-errors").all_inner_texts()
        raise AssertionError(f"{page.locator('h1').last.inner_text()} was not sent: {marked}") from never


def ready(page: Page) -> None:
    """Wait until the form is drawn."""
    page.locator("[data-form-body] .fjs-form-field, [data-form-body] .fjs-form").first.wait_for()


def exactly(text: str) -> re.Pattern[str]:
    # A required field's label ends in a star.
    return re.compile(rf"^\s*{re.escape(text)}\s*\*?\s*$")


def field(within: Locator, label: str, row: int = 0) -> Locator:
    """The field of that label; within a list, of that row, from 0."""
    labels = within.locator(".fjs-form-field-label:not(.fjs-inline-label)").filter(has_text=exactly(label))
    if row and labels.count() <= row:
        within.locator(".fjs-repeat-render-add").click()
    return labels.nth(row).locator(
        "xpath=ancestor::*[contains(concat(' ', @class, ' '), ' fjs-form-field ')][1]"
    )


def fill(within: Locator, answers: Mapping[str, Any], row: int = 0) -> None:
    """Answer fields by their labels: text, number, date, option's label, file, or rows of a list."""
    for label, answer in answers.items():
        found = field(within, label, row)
        kind = str(found.get_attribute("class"))
        if isinstance(answer, list):
            for place, line in enumerate(answer):
                fill(found, line, place)
        elif isinstance(answer, Path):
            found.locator("input[type=file]").set_input_files(answer)
        elif "fjs-form-field-radio" in kind:
            found.get_by_label(answer, exact=True).check()
        elif "fjs-form-field-select" in kind:
            choose(found, str(answer))
        elif isinstance(answer, dt.date):
            typed = found.locator("input.flatpickr-input")
            typed.evaluate(LISTENING)
            typed.fill(answer.strftime("%Y/%m/%d"))
            typed.press("Enter")
        else:
            found.locator("input:not([type=hidden]), textarea").first.fill(str(answer))


def choose(found: Locator, option: str) -> None:
    """An option of a select, found by typing as people do."""
    found.locator(".fjs-input-group").click()
    search = found.locator("input.fjs-input")
    if search.count():
        search.fill(option)
    found.locator(".fjs-dropdownlist-item", has_text=option).first.click()


def value(within: Locator, label: str) -> str:
    """What a field shows."""
    found = field(within, label)
    shown = found.locator("input:not([type=hidden]), textarea")
    return shown.first.input_value() if shown.count() else found.locator(".fjs-select-display").inner_text()
