"""The people of the demo department: six of the department, eight whom it works with.

Not here: writing them (seeding)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

PASSWORD = "guicheng-demo"  # of all of them, and no secret


@dataclass(frozen=True)
class Person:
    """`superior`: a username; `wage`: CNY a month, where the demo has one."""

    username: str
    names: Mapping[str, str]
    group: str
    superior: str | None
    wage: Decimal | None = None
    password: str = PASSWORD

    @property
    def groups(self) -> tuple[str, ...]:
        return (self.group,)


def _person(
    username: str, hans: str, hant: str, english: str, group: str, superior: str | None, wage: int = 0
) -> Person:
    names = {"zh_Hans": hans, "zh_Hant": hant, "en": english}
    return Person(username, names, group, superior, Decimal(wage) if wage else None)


# Superiors before those who report to them.
PEOPLE = (
    _person("zhaoming", "赵明", "趙明", "Zhao Ming", "division_lead", None),
    _person("wangfang", "王芳", "王芳", "Wang Fang", "manager", "zhaoming", 26000),
    _person("chenjie", "陈杰", "陳傑", "Chen Jie", "supervisor", "wangfang", 17500),
    _person("liyang", "李洋", "李洋", "Li Yang", "specialist", "chenjie", 11200),
    _person("zhangmin", "张敏", "張敏", "Zhang Min", "specialist", "chenjie", 10800),
    _person("zhoulei", "周磊", "周磊", "Zhou Lei", "specialist", "chenjie", 9600),
    _person("xuhui", "徐慧", "徐慧", "Xu Hui", "analyst", "wangfang", 13800),
    _person("sunli", "孙丽", "孫麗", "Sun Li", "hr", "zhaoming"),
    _person("qianwei", "钱伟", "錢偉", "Qian Wei", "finance", "zhaoming"),
    _person("wuting", "吴婷", "吳婷", "Wu Ting", "purchasing", "zhaoming"),
    _person("hujun", "胡军", "胡軍", "Hu Jun", "purchasing", "wuting"),
    _person("guotao", "郭涛", "郭濤", "Guo Tao", "logistics", "zhaoming"),
    _person("machao", "马超", "馬超", "Ma Chao", "logistics", "guotao"),
    _person("linxi", "林溪", "林溪", "Lin Xi", "admin", "zhaoming"),
)


def people() -> list[Person]:
    """Everybody of the demo, superiors first."""
    return list(PEOPLE)
