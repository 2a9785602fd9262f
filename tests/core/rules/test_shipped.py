"""The rule files that are delivered: they can be published, and their figures hold to the digit."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from runtime.rules import evaluate, rulefile
from runtime.rules.decision import Decision
from runtime.values import Value

FOLDER = Path(__file__).resolve().parents[3] / "rules"
FILES = sorted(FOLDER.glob("*.yaml"))
PAGE = (FOLDER.parent / "docs" / "rules.md").read_text(encoding="utf-8")


def decide(rule: str, **given: Value) -> Decision:
    text = (FOLDER / f"{rule}.yaml").read_text(encoding="utf-8")
    file, found = rulefile.load(text)
    assert file is not None, found
    return evaluate.decide(evaluate.compile(file, 1), given)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_delivered_file_can_be_published_without_a_remark(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [str(each) for each in evaluate.publishable(text, path.name)] == []
    file, _ = rulefile.load(text)
    assert file is not None and file.key == path.stem and file.clause


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_choice_is_told_by_a_name_and_not_by_its_code(path: Path) -> None:
    """A case shows what its rules were given; letters, such as classes and grades, are their own names."""
    file, _ = rulefile.load(path.read_text(encoding="utf-8"))
    assert file is not None
    fields = {**file.inputs, **file.outputs}
    codes = {
        (name, choice.value)
        for name, field in fields.items()
        for choice in field.choices
        if isinstance(choice.value, str) and not dict(choice.names).get("zh_Hans") and not choice.value.isupper()
    }
    assert codes == set()


def test_the_files_are_there() -> None:
    # Those that docs/rules.md tells of.
    told = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.M))
    assert {path.stem for path in FILES} <= told


STOCK = {"daily_demand": Decimal(40), "demand_deviation": Decimal(12), "lead_time_days": Decimal(14)}


def test_safety_stock_to_the_digit() -> None:
    golden = decide("safety_stock", **STOCK, lead_time_deviation=Decimal(3), z=Decimal("1.65"))
    assert golden.outputs == {
        "z_used": Decimal("1.65"), "safety_stock": Decimal("211.41"), "reorder_point": Decimal("771.41")
    }
    steady = decide("safety_stock", **STOCK, lead_time_deviation=Decimal(0), z=Decimal("1.65"))
    assert steady.outputs["safety_stock"] == Decimal("74.08")


@pytest.mark.parametrize(
    ("given", "z"),
    [({"service_level": 90}, "1.2816"), ({"service_level": 95}, "1.6449"), ({"service_level": 98}, "2.0537"),
     ({"service_level": 99}, "2.3263"), ({"abc_class": "A"}, "2.0537"), ({"abc_class": "B"}, "1.6449"),
     ({"abc_class": "C"}, "1.2816"), ({"abc_class": "C", "service_level": 99}, "2.3263")],
)
def test_the_safety_factor_is_the_exact_one(given: dict[str, Value], z: str) -> None:
    found = decide("safety_stock", **STOCK, lead_time_deviation=Decimal(3), **given)
    assert found.outputs["z_used"] == Decimal(z)


def test_a_component_of_no_class_is_refused_in_words() -> None:
    refused = decide("safety_stock", **STOCK, lead_time_deviation=Decimal(3)).refused
    assert refused is not None and "ABC" in refused["zh_Hans"]


def test_the_economic_lot_to_the_digit() -> None:
    found = decide(
        "reorder", on_hand=0, on_order=0, committed=0, safety_stock=0, reorder_point=0,
        annual_demand=Decimal(14600), order_cost=Decimal(800), holding_cost=Decimal(140),
    )
    assert found.outputs["lot_size"] == Decimal("408.48")


@pytest.mark.parametrize(
    ("on_hand", "on_order", "alert", "covered", "quantity"),
    [(5, 0, True, False, 35), (5, 100, True, True, 0), (10, 100, False, True, 0), (10, 0, False, False, 30),
     (9, 31, True, True, 0), (9, 30, True, False, 1), (40, 0, False, True, 0), (0, 0, True, False, 40)],
)
def test_the_alert_looks_at_what_is_on_hand_and_nothing_else(
    on_hand: int, on_order: int, alert: bool, covered: bool, quantity: int
) -> None:
    found = decide("reorder", on_hand=on_hand, on_order=on_order, committed=0, safety_stock=10, reorder_point=40)
    assert (found.outputs["alert"], found.outputs["covered"], found.outputs["proposed_quantity"]) == (
        alert, covered, quantity
    )


def test_a_proposal_fills_whole_pallets_beyond_the_reorder_point_and_a_lot() -> None:
    found = decide(
        "reorder", on_hand=200, on_order=0, committed=50, safety_stock=Decimal("211.41"),
        reorder_point=Decimal("771.41"), order_multiple=31, economic_lot=310,
    )
    quantity = found.outputs["proposed_quantity"]
    assert quantity == 961 and quantity % 31 == 0 and 150 + quantity >= Decimal("1081.41") > 150 + quantity - 31


def test_the_limit_itself_is_still_the_managers() -> None:
    assert decide("approval_limits", amount=Decimal("500000.00")).outputs == {"approver": "manager"}
    assert decide("approval_limits", amount=Decimal("500000.01")).outputs == {"approver": "division_lead"}


@pytest.mark.parametrize(
    ("scores", "score", "grade"),
    [((100, 100, 100), "100", "excellent"), ((90, 90, 90), "90", "excellent"), (("89.99", 90, 90), "89.99", "good"),
     ((80, 80, 80), "80", "good"), (("79.99", 80, 80), "79.99", "satisfactory"), ((60, 60, 60), "60", "satisfactory"),
     (("59.99", 60, 60), "59.99", "unsatisfactory"), ((0, 0, 0), "0", "unsatisfactory")],
)
def test_grades_at_their_edges(scores: tuple[object, ...], score: str, grade: str) -> None:
    work, ability, attitude = (Decimal(str(each)) for each in scores)
    found = decide("appraisal_grade", work=work, ability=ability, attitude=attitude)
    assert found.outputs == {"score": Decimal(score), "grade": grade}


@pytest.mark.parametrize("grade", ["excellent", "good", "satisfactory"])
def test_a_bonus_whose_percentage_is_unset_is_refused_and_never_0(grade: str) -> None:
    found = decide("bonus_tier", grade=grade, wage=Decimal(12000))
    assert found.outputs == {} and found.refusal is not None
    assert found.refusal.params["rule"] == "bonus_tier" and found.refusal.params["output"] == "percent"


def test_unsatisfactory_earns_no_bonus() -> None:
    assert decide("bonus_tier", grade="unsatisfactory", wage=Decimal(12000)).outputs == {"percent": 0, "amount": 0}


def test_a_percentage_once_entered_is_paid_to_the_cent() -> None:
    text = (FOLDER / "bonus_tier.yaml").read_text(encoding="utf-8").replace("percent: unset", "percent: 12.5", 1)
    file, _ = rulefile.load(text)
    assert file is not None
    found = evaluate.decide(evaluate.compile(file), {"grade": "excellent", "wage": Decimal("9876.54")})
    assert found.outputs == {"percent": Decimal("12.5"), "amount": Decimal("1234.57")}
    # The file's own example still expects the refusal: it has to be corrected before publishing.
    assert [each.rule for each in evaluate.publishable(text)] == ["rule_file.example_not_refused"]
