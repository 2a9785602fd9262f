"""What the fixture diagrams of tests/bpmn may refer to."""

from pathlib import Path

from runtime import v8
from runtime.bpmn.catalogue import Catalogue, Signature
from runtime.bpmn.check import check
from runtime.errors import Problem

FOLDER = Path(__file__).parents[2] / "bpmn"
v8.use(FOLDER.parents[1] / "web" / "static" / "dist" / "feelin.js")

CATALOGUE = Catalogue(
    forms=frozenset({"plan_form", "order_form"}),
    rules={
        "approval_limits": Signature(
            required=frozenset({"amount"}), outputs=frozenset({"approver", "level"})
        ),
        "always": Signature(outputs=frozenset({"answer"})),
    },
    topics={
        "inventory.reserve": Signature(
            required=frozenset({"sku", "pieces"}),
            optional=frozenset({"warehouse"}),
            errors=frozenset({"out_of_stock"}),
        ),
        "requests.approve": Signature(required=frozenset({"by"}), errors=frozenset({"same_person"})),
        "http.request": Signature(
            required=frozenset({"url"}), optional=frozenset({"headers", "authorization", "body"})
        ),
        "notify.send": Signature(optional=frozenset({"to", "text"})),
    },
    processes=frozenset({"purchase_execution"}),
    groups=frozenset({"supervisor", "manager"}),
    functions=frozenset({"name_of", "now", "superior_of", "workday_after", "execution.getVariable", "secret"}),
)


def problems_of(path: Path, catalogue: Catalogue = CATALOGUE) -> list[Problem]:
    return check(path.read_bytes(), path.name, catalogue)[1]


def problems_in(text: str, catalogue: Catalogue = CATALOGUE) -> list[Problem]:
    return check(text.encode(), "test.bpmn", catalogue)[1]
