"""The index that search asks: which words stand in each case's title and business key.

Words are given out here, the same for both databases: Chinese as overlapping pairs of characters, since
people look for 采购 and 王芳; everything else by its letters and by its digits, found by how it begins.
SQLite keeps them in FTS5, PostgreSQL in a GIN index; neither ever sees what somebody typed, only words.
Not here: what a person may find (queries/search.py)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy import DDL, event
from sqlalchemy.dialects.postgresql import TSQUERY

from runtime.store.cases import cases
from runtime.store.db import Transaction
from runtime.store.prepared import Prepared
from runtime.store.purges import PURGED

# Not of the metadata: on SQLite it is a virtual table, which no tool may make or compare as a plain one.
case_search = sa.table("case_search", sa.column("rowid", sa.Integer), sa.column("words", sa.Text))
NAME = "case_search"
LONGEST_PREFIX = 4
MOST_WORDS = 50  # that are asked for instead of how they begin
TABLE = {
    "sqlite": [
        # Which words, not where: half the size. Beginnings of 2 to 4 letters have an index of their own.
        f"CREATE VIRTUAL TABLE {NAME} USING fts5("
        f"words, tokenize = 'ascii', detail = none, columnsize = 0, prefix = '2 3 {LONGEST_PREFIX}')"
    ],
    "postgresql": [
        f"CREATE TABLE {NAME} (rowid bigint PRIMARY KEY REFERENCES cases (id), words tsvector NOT NULL)",
        f"CREATE INDEX ix_{NAME}_words ON {NAME} USING gin (words)",
    ],
}
for _dialect, _statements in TABLE.items():
    for _statement in _statements:
        event.listen(cases, "after_create", DDL(_statement).execute_if(dialect=_dialect))

_WORD = re.compile(r"[^\W_]+")
_HAN = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_HAN}]+|\d+|[^\d{_HAN}]+")
_IS_HAN = re.compile(rf"[{_HAN}]")


def plain(text: str) -> str:
    """As it is compared: full-width, half-width and capitals are the same."""
    return unicodedata.normalize("NFKC", text).casefold()


def _runs(text: str) -> list[str]:
    return [run for word in _WORD.findall(plain(text)) for run in _RUN.findall(word)]


def _spelled(run: str) -> str:
    """In ASCII, so that no tokenizer of any version has an opinion on it; beginnings stay beginnings."""
    return "".join(letter if letter.isascii() else f"u{ord(letter):05x}" for letter in run)


def words(text: str) -> set[str]:
    """What a text is found by."""
    found: set[str] = set()
    for run in _runs(text):
        if _IS_HAN.match(run):
            # The last character by itself too, so that each is the beginning of some word.
            found |= {_spelled(run[at : at + 2]) for at in range(len(run))}
        else:
            found.add(_spelled(run))
    return found


def wanted(text: str) -> list[tuple[str, bool]]:
    """(word, whether its beginning is enough) for each word that must be there."""
    asked: dict[tuple[str, bool], None] = {}
    for run in _runs(text):
        if not _IS_HAN.match(run):
            # What begins with one letter is nearly everything.
            asked[_spelled(run), len(run) > 1] = None
        elif len(run) == 1:
            asked[_spelled(run), True] = None
        else:
            asked |= dict.fromkeys((_spelled(run[at : at + 2]), False) for at in range(len(run) - 1))
    return list(asked)


def process_word(process: str) -> str:
    """The word that all cases of a process have: no text has one with a 0 in front of a letter."""
    return "0p" + "".join(f"{ord(letter):05x}" for letter in process)


def document(process: str, title: Mapping[str, str], business_key: str, confidential: bool) -> str:
    """What a case is found by, as words. Who sees where a confidential case stands does not see its key."""
    found = {process_word(process)}
    for text in [*title.values(), "" if confidential else business_key]:
        found |= words(text)
    return " ".join(sorted(found))


def index(
    tx: Transaction, case_id: int, process: str, title: Mapping[str, str], business_key: str, confidential: bool
) -> None:
    """The case is found by this from now on. One statement."""
    text = document(process, title, business_key, confidential)
    _PREPARED[tx.connection.dialect.name].run(tx, id=case_id, words=text)


_PUT = {
    "sqlite": sa.text(f"INSERT OR REPLACE INTO {NAME} (rowid, words) VALUES (:id, :words)"),
    "postgresql": sa.text(
        f"INSERT INTO {NAME} (rowid, words) VALUES (:id, array_to_tsvector(string_to_array(:words, ' '))) "
        "ON CONFLICT (rowid) DO UPDATE SET words = excluded.words"
    ),
}
_PREPARED = {dialect: Prepared(statement) for dialect, statement in _PUT.items()}


def rebuild(connection: sa.Connection) -> int:
    """Index every case anew that was not erased; how many there are. For databases of before the index, copied ones,
    and those whose index is damaged."""
    if connection.dialect.name == "sqlite":
        # Deleting rows would ask the index that may be damaged.
        for statement in (f"DROP TABLE {NAME}", *TABLE["sqlite"]):
            connection.exec_driver_sql(statement)
    else:
        connection.execute(sa.text(f"DELETE FROM {NAME}"))
    columns = cases.c.id, cases.c.process, cases.c.title, cases.c.business_key, cases.c.confidential
    last = count = 0
    while rows := connection.execute(
        sa.select(*columns).where(cases.c.id > last, cases.c.status != PURGED).order_by(cases.c.id).limit(5000)
    ).all():
        found = [{"id": row.id, "words": document(*row[1:])} for row in rows]
        connection.execute(_PUT[connection.dialect.name], found)
        last, count = rows[-1].id, count + len(rows)
    return count


def every(parts: Iterable[str]) -> str:
    """An expression that asks for all of some; "" asks for nothing."""
    given = list(filter(None, parts))
    return f"({' & '.join(given)})" if given else ""


def some(parts: Iterable[str]) -> str:
    """An expression that asks for one of some."""
    given = list(filter(None, parts))
    return f"({' | '.join(given)})" if given else ""


def has(word: str, beginning: bool = False) -> str:
    """An expression that asks for a word (letters and digits only, as they are given out here)."""
    assert word.isalnum() and word.isascii(), word
    return f"'{word}':*" if beginning else f"'{word}'"


def asks(tx: Transaction, word: str, beginning: bool) -> str:
    """As `has`, for the same rows. SQLite gathers all rows of a beginning that is longer than those it keeps before it
    gives the newest, but walks those of whole words from the newest on: these are asked for, if few begin so."""
    if beginning and len(word) > LONGEST_PREFIX and tx.connection.dialect.name == "sqlite":
        known = [found for (found,) in _KNOWN.all(tx, beginning=word, behind=word + "~", most=MOST_WORDS + 1)]
        if 0 < len(known) <= MOST_WORDS:
            return some(has(found) for found in known)
    return has(word, beginning)


_KNOWN = Prepared(  # db.VOCABULARY; no word has a letter behind ~
    sa.text("SELECT term FROM temp.case_search_words WHERE term >= :beginning AND term < :behind LIMIT :most")
    .columns(sa.column("term", sa.Text))
)  # fmt: skip


def matches(dialect: str, expression: str) -> sa.ColumnElement[bool]:
    """Which rows of case_search fit an expression."""
    if dialect == "sqlite":
        spoken = expression.replace("':*", '" *').replace("'", '"').replace("&", "AND").replace("|", "OR")
        return sa.literal_column(NAME).op("MATCH")(sa.literal(spoken))
    return case_search.c.words.op("@@")(sa.cast(sa.literal(expression), TSQUERY))
