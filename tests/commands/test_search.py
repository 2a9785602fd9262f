"""Search: what a case or task is called finds it, in Chinese and English, for those who may see it."""

from __future__ import annotations

import random
from itertools import product

import pytest

from runtime.commands import advance
from runtime.identity import SYSTEM
from runtime.queries import search
from runtime.queries.pages import BadCursor
from runtime.store import search as index
from runtime.store.user_tasks import candidates
from runtime.values import Value
from tests.diagrams import bpmn, end, properties, start, user
from tests.office import Office
from tests.queries_seen import asked, plan, scans

TITLES = properties(title="${number} ${what}", title_en="${number} ${english}", name_en="Purchase execution")
ORDER = (
    bpmn(
        "order",
        start(),
        user("review", properties(name_en="Review the order"), candidateGroups="specialist"),
        user("approve", properties(name_en="Approve it"), candidateGroups="manager"),
        end(),
        extra=TITLES,
    )
    .replace('name="order"', 'name="采购执行"')
    .replace('name="review"', 'name="审核订单"')
    .replace('name="approve"', 'name="批准"')
)
SECRET = bpmn(
    "appraise",
    start(),
    user("mend", candidateGroups="admin"),
    end(),
    extra=properties(confidential="true", subject="${about}", title="评 ${name}"),
    starters="hr",
)


def begin(firm: Office, who: str, process: str, key: str = "", **variables: Value) -> str:
    actor = firm.as_(who).actor
    moved = firm.runtime.do(
        lambda tx, actor: advance.begin(tx, actor, process, variables=variables, business_key=key), actor
    )
    firm.later(minutes=1)
    return moved.case


def order(firm: Office, number: str, what: str, english: str, who: str = "spec") -> str:
    return begin(firm, who, "order", number, number=number, what=what, english=english)


def found(firm: Office, who: str, text: str) -> list[str]:
    """Cases, newest first."""
    return [row.id for row in firm.runtime.read(search.find, firm.as_(who).actor, text).cases]


def tasks(firm: Office, who: str, text: str) -> list[str]:
    """Elements of tasks, newest first."""
    return [row.element for row in firm.runtime.read(search.find, firm.as_(who).actor, text).tasks]


@pytest.fixture
def orders(firm: Office) -> list[str]:
    firm.deploy(ORDER)
    return [
        order(firm, "PO-2026-0012", "隆基组件 王芳", "LONGi modules, Wang Fang"),
        order(firm, "PO-2026-0123", "逆变器采购", "Sungrow inverters"),
        order(firm, "SO-2025-0012", "JAM72D42-585 𬭎材", "café chairs"),
    ]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("王芳", [0]), ("芳", [0]), ("隆基组件", [0]), ("基组", [0]), ("逆变器", [1]), ("采购", [2, 1, 0]),
        ("逆变 采购", [1]), ("王芳 逆变", []), ("芳王", []), ("材", [2]), ("𬭎材", [2]), ("𬭎", [2]),
        ("PO-2026", [1, 0]), ("po2026", [1, 0]), ("ＰＯ－２０２６", [1, 0]), ("PO-2026-0012", [0]), ("0012", [2, 0]),
        ("2026-01", [1]), ("JAM72D", [2]), ("jam72d42-58", [2]), ("72D42", [2]),
        ("inver", [1]), ("INVERTERS", [1]), ("verters", []), ("wang long", [0]), ("café", [2]), ("caf", [2]),
        ("purchase", [2, 1, 0]), ("exec LONGi", [0]), ("采购执行 王芳", [0]), ("执行", [2, 1, 0]),
        ("", []), ("   ", []), ("-", []), ("。，", []), ("没有", []), ("review", []),
    ],
)  # fmt: skip
def test_a_case_is_found_by_its_title_its_key_and_its_process(
    firm: Office, orders: list[str], text: str, places: list[int]
) -> None:
    assert found(firm, "spec", text) == [orders[place] for place in places]


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("审核", ["review", "review"]), ("review", ["review", "review"]), ("the order", ["review", "review"]),
        ("批准", []), ("审核 王芳", []), ("审核 逆变器", ["review"]), ("采购 审核 PO", ["review"]),
        ("SO-2025", ["review"]), ("执行", ["review", "review"]),
    ],
)  # fmt: skip
def test_an_open_task_is_found_by_its_name_and_by_its_case(
    firm: Office, orders: list[str], text: str, elements: list[str]
) -> None:
    firm.as_("spec").do("review", orders[0])  # the manager has that one now
    assert tasks(firm, "spec2", text) == elements
    if not text.isascii():
        assert tasks(firm, "boss", "批准") == ["approve"] and tasks(firm, "boss", "王芳") == ["approve"]


@pytest.mark.parametrize(
    "text",
    [
        '"', "'", '" OR "', "王芳 OR 逆变器", "words:王芳", "NEAR(王芳 逆变)", "*", "王*", "^王芳", "-王芳", "(",
        "a) OR (b",
        "' | '王芳", "王芳:*", "!王芳", "& |", "\\", "%", "_", "王芳' & 'x", "\0", "王\0芳", "x" * 10_000, "𝟘" * 50,
        "a b c d e f g h i j k l", "AND", "NOT 王芳", "<->", "\u202e王芳", "0p", "u00000",
    ],
)  # fmt: skip
def test_nothing_that_is_typed_is_an_instruction_to_the_index(firm: Office, orders: list[str], text: str) -> None:
    cases = found(firm, "spec", text)
    # At most what stands there by the words alone: never another case than the one of 王芳.
    assert set(cases) <= {orders[0]}


def test_who_may_not_see_a_case_does_not_find_it(firm: Office, orders: list[str]) -> None:
    assert found(firm, "buyer", "王芳") == [] and tasks(firm, "buyer", "王芳") == []
    assert found(firm, "sup", "王芳") == [orders[0]]  # the starter's superior


def test_a_confidential_case_is_found_by_those_whom_it_concerns_and_never_by_its_key(firm: Office) -> None:
    firm.deploy(SECRET)
    about = firm.as_("spec2").actor.public_id
    case = begin(firm, "hr", "appraise", "S-8000", about=about, name="王芳", wage=8000)
    everybody = ("spec", "spec2", "sup", "boss", "lead", "hr", "money", "buyer", "root")
    seen = [who for who in everybody if found(firm, who, "王芳") == [case]]
    assert seen == ["spec2", "sup", "boss", "lead", "hr", "money", "root"]
    for who in everybody:
        assert found(firm, who, "S-8000") == [] and found(firm, who, "8000") == []
    assert tasks(firm, "root", "mend") == ["mend"] and tasks(firm, "spec", "mend") == []


def test_what_a_case_is_called_now_finds_it_and_what_it_was_called_does_not(firm: Office) -> None:
    firm.deploy(
        bpmn("errand", start(), user("name_it", candidateGroups="specialist"), user("do_it", candidateGroups="manager"),
             end(), extra=properties(title="${name_it_by == null ? '无名' : '有名'}"))
    )  # fmt: skip
    case = firm.as_("spec").start("errand").id
    assert found(firm, "spec", "errand") == [case] and found(firm, "spec", "有名") == []
    firm.as_("spec").do("name_it")
    assert found(firm, "spec", "有名") == [case] and found(firm, "spec", "无名") == []


def test_a_case_whose_name_stays_is_indexed_once(firm: Office, orders: list[str]) -> None:
    with asked(firm.runtime.engine) as said:
        firm.as_("spec").do("review", orders[0])
    assert [text for text, _ in said if index.NAME in text] == []


def test_search_goes_on_page_by_page(firm: Office) -> None:
    firm.deploy(ORDER)
    made = [order(firm, f"PO-{number}", "电缆", "cables") for number in range(5)]
    seen: list[str] = []
    after = None
    actor = firm.as_("spec").actor
    while True:
        page = firm.runtime.read(search.find, actor, "电缆", after=after, limit=2)
        seen += [row.id for row in page.cases]
        assert bool(page.tasks) == (after is None)
        if page.next is None:
            break
        after = page.next
    assert seen == made[::-1]


def test_whoever_sees_few_of_very_many_is_told_that_not_all_were_looked_at(
    firm: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.deploy(ORDER)
    mine = order(firm, "PO-1", "电缆", "cables", who="spec")
    for number in range(4):
        order(firm, f"PO-{number}", "电缆", "cables", who="buyer")
    # Nor is the specialists' group asked any more: only the starter sees a case.
    firm.runtime.do(lambda tx, actor: tx.execute(candidates.delete()), SYSTEM)
    monkeypatch.setattr(search, "LOOKED_AT", 2)
    actor = firm.as_("spec").actor
    first = firm.runtime.read(search.find, actor, "电缆")
    assert (first.cases, first.partly) == ([], True)
    second = firm.runtime.read(search.find, actor, "电缆", after=first.next)
    third = firm.runtime.read(search.find, actor, "电缆", after=second.next)
    assert [row.id for row in third.cases] == [mine] and (third.next, third.partly) == (None, False)


@pytest.mark.parametrize("cursor", ["x", "1.5", "1~2", "9" * 40, "-"])
def test_a_cursor_of_nobody_is_refused(firm: Office, cursor: str) -> None:
    firm.deploy(ORDER)
    with pytest.raises(BadCursor):
        firm.runtime.read(search.find, firm.as_("spec").actor, "电缆", after=cursor)


def test_no_search_looks_through_a_whole_table(firm: Office, orders: list[str]) -> None:
    actor = firm.as_("spec").actor
    firm.runtime.read(search.find, actor, "王芳")
    with asked(firm.runtime.engine) as said:
        for text in ("王芳", "审核", "采购 审核 PO", "review inverters"):
            firm.runtime.read(search.find, actor, text)
        firm.runtime.read(search.find, actor, "采购", after="100")
    tables = ("user_tasks", "user_tasks_1", "user_task_candidates", "cases", "people")
    assert scans(firm.runtime.engine, said, *tables) == []


def test_an_index_made_anew_finds_the_same(firm: Office, orders: list[str]) -> None:
    assert found(firm, "spec", "inverters") == [orders[1]]
    firm.runtime.do(lambda tx, actor: index.rebuild(tx.connection), SYSTEM)
    assert found(firm, "spec", "王芳") == [orders[0]] and found(firm, "spec", "2026") == [orders[1], orders[0]]
    assert found(firm, "spec", "inverters") == [orders[1]]


SAID = ("modules", "module", "modular", "modul2", "inverters", "inverted", "组件", "组合", "组", "逆变器", "芳")
TYPED = (
    "modul", "modules", "modulx", "module 组", "inverte 组件", "inver", "组", "组件 modul", "芳 modula", "逆", "PO",
)  # fmt: skip


def titles(firm: Office, seed: int) -> list[tuple[str, str, set[str]]]:
    """Cases of two people by turns, newest first: who started each, and the words that it is found by."""
    chance = random.Random(seed)
    firm.deploy(ORDER)
    made = []
    for number in range(24):
        what, english = chance.choice(SAID), " ".join(chance.sample(SAID, chance.randrange(3)))
        who = ("spec", "buyer")[number % 2]
        case = order(firm, f"PO-{number}", what, english, who)
        made.append((case, who, index.words(f"PO-{number} {what} {english}")))
    # Only who started a case sees it.
    firm.runtime.do(lambda tx, actor: tx.execute(candidates.delete()), SYSTEM)
    return made[::-1]


def fits(words: set[str], text: str) -> bool:
    return all(
        any(word.startswith(each) if begins else word == each for word in words)
        for part in text.split()
        for each, begins in index.wanted(part)
    )


@pytest.mark.parametrize("seed", range(3))
def test_however_a_beginning_is_asked_for_the_same_is_found_in_the_same_order(
    firm: Office, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    made = titles(firm, seed)
    for text, who in product(TYPED, ("spec", "buyer")):
        own = [case for case, starter, words in made if starter == who and fits(words, text)]
        pages = []
        # Never by its words, by few of them, by all of them; and so that some are not looked at.
        for most, looked_at in product((0, 2, 50), (3, 2_000)):
            monkeypatch.setattr(index, "MOST_WORDS", most)
            monkeypatch.setattr(search, "LOOKED_AT", looked_at)
            seen, after, each = [], None, []
            while True:
                page = firm.runtime.read(search.find, firm.as_(who).actor, text, after=after, limit=2)
                seen += [row.id for row in page.cases]
                each.append(page)
                if (after := page.next) is None:
                    break
            assert seen == own, (text, who, most, looked_at)
            pages.append((looked_at, each))
        for looked_at in (3, 2_000):
            first, *others = [each for at, each in pages if at == looked_at]
            assert all(other == first for other in others), (text, who)


def test_a_common_word_is_walked_from_the_newest_and_not_gathered(
    firm: Office, orders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def asks(word: str) -> str:
        return firm.runtime.read(lambda tx, actor: index.asks(tx, word, True), SYSTEM)

    sqlite = firm.runtime.engine.dialect.name == "sqlite"
    assert asks("inver") == ("('inverters')" if sqlite else "'inver':*")
    assert asks("inve") == "'inve':*"  # the index keeps these
    assert asks("nothing") == "'nothing':*"
    order(firm, "PO-1", "电缆", "inverted")
    assert asks("inver") == ("('inverted' | 'inverters')" if sqlite else "'inver':*")
    monkeypatch.setattr(index, "MOST_WORDS", 1)
    assert asks("inver") == "'inver':*"


def test_where_nothing_fits_nothing_is_walked(firm: Office, orders: list[str]) -> None:
    actor = firm.as_("spec").actor
    with asked(firm.runtime.engine) as said:
        firm.runtime.read(search.find, actor, "nothing")
    assert len([text for text, _ in said if f"FROM {index.NAME} " in f"{text} ".replace("\n", " ")]) == 1


def test_what_few_cases_have_is_found_apart_from_who_sees_them(firm: Office, orders: list[str]) -> None:
    """Or PostgreSQL goes through all cases from the newest on until it has a page of them."""
    actor = firm.as_("spec").actor
    with asked(firm.runtime.engine) as said:
        firm.runtime.read(search.find, actor, "王芳")
    walked = [(text, given) for text, given in said if index.NAME in text and "count(" not in text]
    assert len(walked) == 2
    for text, given in walked:
        lines = [line.removeprefix("->").split()[0] for line in plan(firm.runtime.engine, text, given)]
        assert lines.count("Limit") == (0 if firm.runtime.engine.dialect.name == "sqlite" else 2)
