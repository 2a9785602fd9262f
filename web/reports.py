"""Reports with their charts, tables and files.

Not here: what they say and who may see it (queries/reports), how a file is written (spreadsheets.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, render_template, request

from runtime.commands import exports
from runtime.errors import Invalid
from runtime.queries import exported, processes, reports
from runtime.queries.reports import Column, Period, Report, monthly
from runtime.queries.reports.glance import Figure
from runtime.queries.reports.words import SENTENCES
from web import current, periods, show, sparklines, spreadsheets

bp = Blueprint("reports", __name__)
KINDS = ("csv", "xlsx")
# What the class of a report is called on its page.
LEVELS = {"confidential": "Confidential", "personal": "About people"}


class NotAFormat(Invalid):
    """A report is taken away as {known}."""

    code = "report.bad_format"


@bp.get("/reports")
def listing() -> str:
    kinds = current.read(reports.listing)
    told = current.read(monthly.documents) if any(kind.right == "report" for kind in kinds) else []
    watched = exported.may_see(current.actor())
    days, figures = current.read(reports.at_a_glance)
    return render_template(
        "reports.html",
        kinds=kinds,
        documents=told,
        watched=watched,
        days=days,
        # Of a new company all is nothing, or 0 of 0.
        begun=any(each.value or each.of or each.hidden for each in figures),
        figures=[_figure(each, days) for each in figures],
    )


def _figure(figure: Figure, days: Period) -> dict[str, Any]:
    """A figure of the front page in the reader's words, with its little curve."""
    column = Column("", "", figure.kind)
    of_now = figure.month == f"{days.until:%Y-%m}"
    curve = [(month, shown(column, value)) for month, value in figure.curve]
    return {
        "report": figure.report,
        "name": current.say(SENTENCES[figure.name]),
        # Of money that goes into millions nobody looks for the fen at a glance.
        "value": _whole(figure.value) if figure.kind == "money" else shown(column, figure.value),
        "unit": {"money": "CNY", "days": "days", "times": "times"}.get(figure.kind, ""),
        "known": figure.value is not None,
        "month": figure.month,
        "so_far": of_now,
        "target": None if figure.target is None else shown(column, figure.target),
        "verdict": figure.verdict,
        "of": figure.of if figure.of is None or figure.kind != "percent" else _whole(figure.of),
        "part": None if figure.month or figure.value is None or figure.kind != "percent" else min(figure.value, 100),
        "bad": figure.bad,
        "hidden": figure.hidden,
        "line": sparklines.sparkline([value for _, value in figure.curve], figure.target),
        "told": "; ".join(f"{month}: {value}" for month, value in curve),
    }


def _whole(value: Decimal | int | None) -> str:
    return "—" if value is None else show.number(round(value))


@bp.get("/reports/exports")
def taken() -> str:
    """What was taken away as files."""
    return render_template("exported.html", rows=current.read(exported.newest), kinds=reports.KINDS)


@bp.get("/reports/monthly/<number>")
def document(number: str) -> str:
    """The monthly analysis report, as a page that prints."""
    page = current.read(monthly.document, number)
    return render_template(
        "monthly.html",
        report=page,
        words={key: current.say(word) for key, word in SENTENCES.items()},
        charts=[chart for chart in _drawn_of(page) if chart],
        value=lambda unit, number: (
            show.number(number, 2 if unit == "CNY" else None) + ("%" if unit == "percent" else "")
        ),
    )


def _drawn_of(page: monthly.Document) -> list[dict[str, Any] | None]:
    """The document's pictures: key figures that are shares against their targets, sales, stock."""
    shares = [each for each in page.figures if each["unit"] == "percent"]
    return [
        _picture(
            current.say("Rates against their targets"),
            [current.say(SENTENCES[each["figure"]]) for each in shares],
            {"Actual": [each["value"] for each in shares], "Target": [each["target"] for each in shares]},
            percent=True,
        ),
        _picture(
            current.say("Sales settled, by customer (CNY)"),
            [show.label(names) for names, _ in page.sales],
            {"Sales settled": [amount for _, amount in page.sales]},
        ),
        _picture(
            current.say("Value of stock, by component (CNY)"),
            [show.label(names) for names, _ in page.stock],
            {"Value of stock": [worth for _, worth in page.stock]},
        ),
    ]


def _picture(
    title: str, labels: list[str], series: Mapping[str, Sequence[Any]], *, percent: bool = False
) -> dict[str, Any] | None:
    if not labels:
        return None
    return {
        "kind": "sideways",
        "title": title,
        "language": current.language().replace("_", "-"),
        "labels": labels,
        "series": [
            {
                "name": current.say(name),
                "percent": percent,
                "values": [float(each) if each is not None else None for each in values],
            }
            for name, values in series.items()
        ],
    }


@bp.get("/reports/<key>", endpoint="show")
def show_(key: str) -> str:
    since, until, period = periods.asked("year")
    report = current.read(reports.show, key, since, until)
    charts = [drawn(report)]
    if key == "key_figures":
        charts = [curve(name, told) for name, told in current.read(reports.trends, since, until).items()]
    return render_template(
        "report.html",
        kind=reports.find(key),
        report=report,
        terms=current.read(exported.terms, key, since, until),
        levels=LEVELS,
        since=since,
        until=until,
        period=period,
        periods=periods.names(),
        charts=[chart for chart in charts if chart],
        shown=shown,
    )


@bp.get("/reports/<key>/ask")
def ask(key: str) -> str:
    """The start form of a data export, with the report and its days filled in."""
    since, until, _ = periods.asked("year")
    current.read(exported.terms, key, since, until)
    form = current.read(processes.start_page, "data_export", current.language())
    wanted = {"export_scope": "report", "export_report": key}
    days = {"first_day": since.isoformat(), "last_day": until.isoformat()}
    return render_template("start.html", start=form, values={**form.data, **wanted, **days}, afresh=True)


@bp.post("/reports/<key>/exports")
def take(key: str) -> Response:
    """The report as a file, for whoever may take it away; the form sends `kind`, `since` and `until`."""
    kind = request.form.get("kind", "")
    if kind not in KINDS:
        raise NotAFormat(known=", ".join(KINDS))
    since, until = periods.sent()
    report = current.read(reports.show, key, since, until)
    title = current.say(reports.find(key).name)
    head = [current.say(column.name) for column in report.columns]
    rows = [[raw(column, row.cells[column.key]) for column in report.columns] for row in report.rows]
    current.do(exports.take, key, kind, since, until, len(rows))
    name = f"{key}-{since}-{until}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if kind == "csv":
        return Response(spreadsheets.as_csv(head, rows), mimetype=spreadsheets.CSV, headers=headers)
    return Response(spreadsheets.as_excel(title, head, rows), mimetype=spreadsheets.EXCEL, headers=headers)


def raw(column: Column, value: Any) -> Any:
    """A cell as a file holds it: words in the reader's language, numbers and days as they are."""
    if isinstance(value, Mapping):
        return show.label(value)
    if column.kind == "choice" and isinstance(value, str):
        return current.say(SENTENCES.get(value, value))
    return value


def shown(column: Column, value: Any) -> str:
    """A cell as a page shows it."""
    if value is None:
        return "—"
    if column.kind in ("money", "percent", "days", "times", "figure", "number"):
        return show.number(value, 2 if column.kind == "money" else None) + (
            "%" if column.kind == "percent" else ""
        )
    return str(show.day(value)) if column.kind == "date" else str(raw(column, value))


def drawn(report: Report) -> dict[str, Any] | None:
    """What dist/charts.js draws of a report; None: it has no chart, or nothing to draw."""
    chart, columns = report.chart, {column.key: column for column in report.columns}
    # What is hidden has its place and nothing that stands there: a month that was left out would be missed.
    rows = report.rows
    if chart is None or all(row.hidden for row in rows):
        return None
    label = columns[chart.label]
    return {
        "kind": chart.kind,
        "language": current.language().replace("_", "-"),
        "labels": [raw(label, row.cells[chart.label]) for row in rows],
        "series": [
            {
                "name": current.say(columns[key].name),
                "percent": columns[key].kind == "percent",
                "values": [float(row.cells[key]) if row.cells[key] is not None else None for row in rows],
            }
            for key in chart.series
        ],
    }


def curve(figure: str, told: Sequence[tuple[str, Any, Any]]) -> dict[str, Any]:
    """A key figure month by month, with its target."""
    values = {
        "name": current.say("Actual"),
        "percent": False,
        "values": [float(value) for _, value, _ in told],
    }
    targets = [None if target is None else float(target) for _, _, target in told]
    aim = {"name": current.say("Target"), "percent": False, "values": targets}
    return {
        "kind": "line",
        "title": current.say(SENTENCES.get(figure, figure)),
        "language": current.language().replace("_", "-"),
        "labels": [month for month, _, _ in told],
        "series": [values, aim] if any(target is not None for target in targets) else [values],
    }
