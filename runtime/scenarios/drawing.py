"""Coverage as pages: each process's diagram with what was covered drawn on it, and a page that lists them.

Drawn by the bundle that draws the diagrams of cases (web/frontend/src/diagram.js); the pages and what they
need lie in one folder that any browser opens, without a server. Not here: what was covered (coverage.py)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup, escape

from runtime import i18n
from runtime.bpmn.model import Process
from runtime.errors import Failed
from runtime.folders import ROOT
from runtime.i18n import say
from runtime.queries.path import labels
from runtime.scenarios.coverage import KINDS, Coverage, Share, shares

STATIC = ROOT / "web" / "static"
ASSETS = ("app.css", "dist/diagram.css", "dist/diagram.js")
PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="stylesheet" href="app.css">
<link rel="stylesheet" href="diagram.css">
<script src="diagram.js" defer></script>
</head>
<body><main><div class="page">{body}</div></main></body>
</html>
"""


class NothingToDrawWith(Failed):
    """What draws diagrams in a browser is missing ({file}). Set the house up again: python3 run.py setup"""

    code = "scenario.no_drawing"


def draw(folder: Path, models: Mapping[str, tuple[Process, str]], coverage: Coverage, language: str) -> Path:
    """Write the pages of these processes (key → process, its XML) to the folder; the page that lists them.

    Raises NothingToDrawWith."""
    for name in ASSETS:
        if not (STATIC / name).is_file():
            raise NothingToDrawWith(file=name)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ASSETS:
        shutil.copyfile(STATIC / name, folder / Path(name).name)
    for key, (model, xml) in models.items():
        page = _process(model, xml, coverage, language)
        (folder / f"{key}.html").write_text(page, encoding="utf-8")
    index = folder / "index.html"
    index.write_text(_index(models, coverage, language), encoding="utf-8")
    return index


def headings(language: str) -> dict[str, str]:
    """What each kind is called."""
    told = {
        "flows": say(language, "Flows"),
        "tasks": say(language, "Tasks"),
        "ends": say(language, "End events"),
        "boundaries": say(language, "Boundary events"),
    }
    return {kind: told[kind] for kind in KINDS}


def _index(models: Mapping[str, tuple[Process, str]], coverage: Coverage, language: str) -> str:
    head = Markup("").join(Markup("<th>{}</th>").format(text) for text in headings(language).values())
    rows = Markup("").join(
        Markup('<tr><th scope="row"><a href="{}.html">{}</a></th>{}</tr>').format(
            key, i18n.label(language, dict(model.names), key), _cells(shares(model, coverage))
        )
        for key, (model, _) in models.items()
    )
    title = say(language, "What the scenarios covered")
    body = Markup(
        '<h1>{}</h1><div class="table-wrap card"><table><thead><tr><th>{}</th>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(title, say(language, "Process"), head, rows)
    return _page(title, body, language)


def _cells(found: Mapping[str, Share]) -> Markup:
    cells = ("<td><b>{}</b></td>" if share.missing else "<td>{}</td>" for share in found.values())
    told = (f"{share.covered} / {share.of}" for share in found.values())
    return Markup("").join(Markup(cell).format(text) for cell, text in zip(cells, told, strict=True))


def _process(model: Process, xml: str, coverage: Coverage, language: str) -> str:
    found, called = shares(model, coverage), labels(model, language)
    view = {
        "xml": xml,
        "done": [id for id, times in coverage.elements.get(model.id, {}).items() if times],
        "flows": [id for id, times in coverage.flows.get(model.id, {}).items() if times],
        "missed": [id for share in found.values() for id in share.missing],
        "labels": dict(called),
    }
    title = i18n.label(language, dict(model.names), model.id)
    shown = headings(language)
    missed = Markup("").join(
        Markup("<h2>{}: {}</h2><ul>{}</ul>").format(
            shown[kind],
            say(language, "{covered} of {of}", covered=share.covered, of=share.of),
            Markup("").join(
                Markup('<li>{} <span class="code muted">{}</span></li>').format(called.get(id, ""), id)
                for id in share.missing
            ),
        )
        for kind, share in found.items()
        if share.of
    )
    body = Markup(
        '<p><a href="index.html">{all}</a></p><h1>{title}</h1>'
        '<div class="card diagram" data-diagram><script type="application/json" data-view>{view}</script>'
        '<div class="diagram-canvas" data-canvas></div><div class="diagram-tools">'
        '<button type="button" data-zoom="out" aria-label="{smaller}">−</button>'
        '<button type="button" data-zoom="in" aria-label="{larger}">+</button>'
        '<button type="button" data-zoom="fit">{whole}</button></div></div>'
        '<p class="legend muted"><span class="key is-done">{done}</span>'
        '<span class="key is-missed">{missing}</span></p>{missed}'
    ).format(
        all=say(language, "What the scenarios covered"),
        title=title,
        view=_json(view),
        smaller=say(language, "Smaller"),
        larger=say(language, "Larger"),
        whole=say(language, "Whole"),
        done=say(language, "covered"),
        missing=say(language, "not covered"),
        missed=missed,
    )
    return _page(title, body, language)


def _json(view: Mapping[str, object]) -> Markup:
    """JSON that ends no script: a name in a diagram may hold “</script>”."""
    text = json.dumps(view, ensure_ascii=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _page(title: str, body: Markup, language: str) -> str:
    lang = {"zh_Hans": "zh-Hans", "zh_Hant": "zh-Hant"}.get(language, "en")
    return Markup(PAGE).format(lang=lang, title=escape(title), body=body)
