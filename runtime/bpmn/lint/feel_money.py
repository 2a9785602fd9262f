"""FEEL computes in binary floating point, which is no way to compute with money."""

import re

from runtime.bpmn.lint.rule import Findings, Source, found, rule
from runtime.bpmn.lint.texts import texts
from runtime.formulas import is_feel
from runtime.v8 import MAX_LENGTH

# Words that stand for money, as a name or a part of one.
MONEY = re.compile(
    r"(?<![a-z])(amount|price|cost|total|fee|wage|salary|bonus|tax|money|budget|payment|discount|balance|rate"
    r"|cny|rmb|yuan|usd|eur)s?(?![a-z])"
    r"|金额|金額|单价|單價|总价|總價|价格|價格|费|費|总额|總額|工资|工資|薪|奖金|獎金|税|稅|预算|預算|货款|貨款|元",
    re.IGNORECASE,
)
FRACTION = re.compile(r"(?<![\w.])\d*\.\d+(?![\w.])")
# A minus is a sign where nothing stands before it. Ranges (1..10) are no fractions.
COMPUTES = re.compile(r"[+*/]|[\w)\]}]\s*-\s*[\w(]|\b(sum|mean|product|median|stddev)\s*\(")
QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')


@rule("feel_money", severity="warning")
def feel_money(source: Source) -> Findings:
    """The {what} of “{name}” computes with money in FEEL, where 0.1 + 0.2 is not 0.3: write it as ${…}."""
    for text in texts(source):
        # What is longer is refused by bad_expression.
        if is_feel(text.text) and len(text.text) <= MAX_LENGTH and computes_with_money(text.text.strip()[1:]):
            yield found(text.at, line=text.line, what=text.what)


def computes_with_money(feel: str) -> bool:
    """Whether an expression has arithmetic and either a fraction or a name that stands for money."""
    # Names in camelCase and with _ are told apart at their humps and joints.
    bare = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", QUOTED.sub('""', feel))
    return bool(COMPUTES.search(bare) and (FRACTION.search(bare) or MONEY.search(bare)))
