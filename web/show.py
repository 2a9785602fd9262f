"""How things look on a page: times, dates, numbers, names, paths of assets.

Not here: what is shown (queries), the sentences (translations/*/web.po)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from flask import Flask, request, url_for
from markupsafe import Markup, escape

from runtime import clock, i18n
from runtime.errors import Problem
from runtime.identity import GROUPS
from runtime.queries import called, inbox, standing
from web import current, files, icons, messages, security

CODE = re.compile(r"(?<![A-Za-z0-9-])[A-Z0-9]+(?:-[A-Z0-9]+)+(?![A-Za-z0-9-])")
LONGEST_WHOLE = 24  # characters
_versions: dict[Path, tuple[int, str]] = {}


def equip(app: Flask) -> None:
    """Give the templates what they may use."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        _=current.say,
        asset=asset,
        file_limits=files.limits,
        form_messages=messages.of_forms,
        editor_messages=messages.of_editor,
        colon=lambda: i18n.colon(current.language()),
        group_names=group_names,
        here_with=here_with,
        most_counted=inbox.MOST,
        icon=icons.icon,
        label=label,
        languages=i18n.LANGUAGES,
        language=current.language,
        person=current.person,
        waits_for=waits_for,
        with_whom=with_whom,
        unread_mentions=current.unread_mentions,
        style_nonce=security.style_nonce,
        settings=lambda: current.runtime().settings,
        html_lang=lambda: current.language().replace("_", "-"),
    )
    app.jinja_env.filters.update(
        ago=ago,
        day=day,
        field_problems=field_problems,
        moment=moment,
        number=number,
        sentence=problem_text,
        shown=shown,
        whole=whole,
    )


def label(names: Mapping[str, str] | None, fallback: str = "") -> str:
    """`names` (by language) in the reader's language."""
    return i18n.label(current.language(), dict(names or {}), fallback)


def group_names(groups: Iterable[str]) -> str:
    return i18n.comma(current.language()).join(label(GROUPS.get(group), group) for group in sorted(groups))


def waits_for(of: standing.Standing) -> str:
    """Where a case waits and with whom, as one line of a list; "" if there is nothing to say."""
    if not of.first:
        return ""
    steps = i18n.comma(current.language()).join(_step(step) for step in of.first)
    if of.more:
        steps = current.say("{steps} and {more} more", steps=steps, more=of.more)
    if of.first[0].asked:
        return current.say("waits for {steps}", steps=steps)
    return current.say("stands at {steps}", steps=steps)


def with_whom(of: called.Called | standing.Standing) -> str:
    """With whom the open tasks of a called case are, or of those that a case called; "" if nobody is asked."""
    language = current.language()
    return i18n.comma(language).join(filter(None, (standing.whom(holder, language) for holder in of.holders)))


def _step(step: standing.Step) -> str:
    name, whom = label(step.names, step.element), standing.whom(step, current.language())
    return current.say("{step} ({whom})", step=name, whom=whom) if whom else name


def zone() -> ZoneInfo:
    """The business zone, in which every time is shown."""
    return ZoneInfo(str(current.runtime().settings.zone))


def locale() -> Locale:
    return Locale.parse(current.language())


def moment(at: dt.datetime | None) -> str:
    """Date and time of day in the business zone."""
    return format_datetime(at, "yyyy-MM-dd HH:mm", tzinfo=zone(), locale=locale()) if at else ""


def day(at: dt.date | dt.datetime | None) -> str:
    if isinstance(at, dt.datetime):
        at = at.astimezone(zone()).date()
    return format_date(at, "yyyy-MM-dd", locale=locale()) if at else ""


def ago(at: dt.datetime | None) -> Markup:
    """ "3 hours ago", "in 2 days"; the exact time on hover and for machines."""
    if at is None:
        return Markup()
    difference = at - clock.now()
    if abs(difference) < dt.timedelta(seconds=45):
        words = current.say("just now")
    elif abs(difference) > dt.timedelta(days=60):
        words = day(at)
    else:
        words = format_timedelta(difference, add_direction=True, locale=locale(), threshold=0.95)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), moment(at), words)


def number(value: Decimal | int | None, digits: int | None = None) -> str:
    """Grouped by thousands, trailing zeros gone; `digits` fixes the decimals."""
    if value is None:
        return ""
    pattern = "#,##0." + "0" * digits if digits else "#,##0.######"
    return format_decimal(value, pattern, locale=locale())


def shown(value: Any) -> str:
    """Any value of a case as a reader expects it."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return current.say("yes") if value else current.say("no")
    if isinstance(value, (int, Decimal)):
        return number(value)
    if isinstance(value, dt.datetime):
        return moment(value)
    if isinstance(value, dt.date):
        return day(value)
    if isinstance(value, Mapping):
        if set(value) & set(i18n.LANGUAGES):
            return label(value)
        return "; ".join(f"{k}: {shown(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return i18n.comma(current.language()).join(shown(item) for item in value) or "—"
    return str(getattr(value, "name", value))


def whole(text: str) -> Markup:
    """Text of which no number, code or day is broken at a hyphen: PO-2026-0012, QY-P60-265, 2026-10."""
    return Markup(CODE.sub(_whole, str(escape(text))))


def _whole(code: re.Match[str]) -> str:
    # What is longer than a phone is wide has to be broken somewhere.
    return f'<span class="nowrap">{code[0]}</span>' if len(code[0]) <= LONGEST_WHOLE else code[0]


def asset(name: str) -> str:
    """The address of a static file, different whenever its content is."""
    file = Path(__file__).parent / "static" / name
    try:
        changed = file.stat().st_mtime_ns
    except FileNotFoundError:
        return url_for("static", filename=name)
    known = _versions.get(file)
    if known is None or known[0] != changed:
        known = _versions[file] = (changed, sha256(file.read_bytes()).hexdigest()[:12])
    return url_for("static", filename=name, v=known[1])


def here_with(**changed: str) -> str:
    """This page's address with some of its query changed."""
    # Only what lists understand: url_for takes names such as _scheme for its own options.
    kept: dict[str, Any] = {
        name: request.args[name] for name in ("only", "process", "order", "q") if request.args.get(name)
    }
    endpoint = "inbox.todo" if request.blueprint != "inbox" or request.view_args else str(request.endpoint)
    return url_for(endpoint, **(kept | changed))


def field_problems(problems: list[Problem]) -> list[dict[str, str]]:
    """For dist/form.js: which field, and why."""
    return [{"where": problem.where, "text": problem_text(problem)} for problem in problems]


def problem_text(problem: Problem) -> str:
    """A `Problem` as a sentence in the reader's language."""
    return current.say(problem.message, **problem.params)
