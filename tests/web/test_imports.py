"""Starting from Excel in the browser: the template, an upload, the dry run that comes of it, and who may."""

from __future__ import annotations

import html
import io
import json
import re
from typing import Any

from runtime import workbooks
from runtime.workbooks import write
from tests.web.test_with_runtime import Browser, send

ADDRESS = "/imports/opening/template.xlsx"


def test_a_template_is_filled_in_and_its_dry_run_tells_every_problem(office: Any) -> None:
    supervisor = Browser(office, "chenjie")
    got = supervisor.client.get(ADDRESS)
    assert got.status_code == 200 and "attachment" in got.headers["Content-Disposition"]
    sheets = {sheet.name: sheet.rows for sheet in workbooks.read(got.data).sheets}
    assert list(sheets) == ["仓库", "供应商", "客户", "组件", "库存", "填写说明"]
    head = [str(cell) for cell in sheets["库存"][0][1]]
    rows = [head, ["LJ-M60-295", "SH", "5", "200", ""], ["NO-SUCH", "HF", "=1+1", "", ""]]
    content = write.workbook([write.Written("库存", rows)])
    file = {"file": (io.BytesIO(content), "旧系统.xlsx", write.MEDIA_TYPE)}
    kept = send(supervisor.client, "/files", file).json
    answers = {"workbook": kept, "control_count": 2, "control_quantity": "7", "control_amount": "1400"}
    started = send(supervisor.client, "/processes/opening_import/start", {"answers": json.dumps(answers)})
    assert started.status_code == 302
    office.settle()
    [task] = re.findall(r'href="(/tasks/\w+)"', supervisor.client.get("/inbox").text)
    shown = supervisor.client.get(task).text
    assert set(re.findall(r'"problem": ?"(\w+)"', html.unescape(shown))) == {
        "counted_already", "unknown_component", "unknown_warehouse", "not_a_number", "missing",
    }  # fmt: skip

    # Why it could not go on is told once: with another file it is another matter.
    desk = office.as_("chenjie")
    desk.do("check_import", import_action="submit")
    assert desk.page("check_import").data["import_problem"]
    desk.do("check_import", import_action="retry", workbook=kept)
    office.settle()
    assert desk.page("check_import").data.get("import_problem") is None


def test_a_template_is_for_those_who_may_begin_the_import(office: Any) -> None:
    assert Browser(office, "zhangmin").client.get(ADDRESS).status_code == 403
    assert Browser(office, "chenjie").client.get("/imports/people/template.xlsx").status_code == 403
    assert Browser(office, "linxi").client.get("/imports/planets/template.xlsx").status_code == 404
