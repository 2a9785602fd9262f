"""Comments on cases and tasks, and what mentions oneself.

Not here: cases (cases.py), tasks (tasks.py)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pydantic import Field

from runtime.commands import comments
from runtime.queries import comments as queries
from runtime.queries import pages
from web import current, show
from web.api.reading import Asked, Sent
from web.api.routes import route
from web.api.shapes import Person

WRONG = [
    comments.NoText, comments.TooLong, comments.TooManyMentioned, comments.NobodyCalled, comments.SeveralCalled,
    comments.CannotSee, comments.HasLeft,
]  # fmt: skip
NOT_MINE = [comments.NoSuchComment, comments.NotYourComment, comments.WithdrawnAlready]


class Earlier(Asked):
    """`before`: the `earlier` of the page after it."""

    before: str | None = None
    limit: int = Field(default=50, ge=1, le=pages.LARGEST_PAGE)


class After(Asked):
    """`after`: the `next` of the page before."""

    after: str | None = None
    limit: int = Field(default=50, ge=1, le=pages.LARGEST_PAGE)


class Text(Sent):
    """Plain text; @ and a name, or a sign-in name, mentions somebody."""

    text: str


class New(Text):
    """`task`: one of the case's tasks, if the comment is on it."""

    task: str | None = None


@dataclass(frozen=True)
class Comment:
    """`text` is "" once it is withdrawn, and for who may have to do once more, without knowing it, what its author did;
    `about`: the task that it is on, or "". `unread`: it mentions
    oneself, who has not read it."""

    id: str
    author: Person | None
    at: dt.datetime
    text: str
    about: str
    mentions: list[Person]
    changed_at: dt.datetime | None
    withdrawn_at: dt.datetime | None
    may_change: bool
    unread: bool

    @classmethod
    def of(cls, row: queries.CommentView) -> Comment:
        people = [Person.of(each) for each in row.mentioned]
        return cls(
            row.id, Person.of(row.author), row.at, row.text, show.label(row.about),
            [each for each in people if each], row.changed_at, row.withdrawn_at, row.may_change, row.unread,
        )  # fmt: skip


@dataclass(frozen=True)
class Comments:
    """Oldest first. `seen`: whether one sees the case whole, without which its comments are not told; `earlier`
    goes into `before` for those before them, None: there are none."""

    seen: bool
    may_write: bool
    comments: list[Comment]
    earlier: str | None


@dataclass(frozen=True)
class Written:
    id: str


@dataclass(frozen=True)
class Mention:
    comment: str
    case: str
    case_title: str
    process: str
    author: Person | None
    at: dt.datetime
    text: str
    read: bool


@dataclass(frozen=True)
class Mentions:
    """A page of comments that mention oneself, latest first; `unread`: how many are not read yet, exact up to 999."""

    unread: int
    mentions: list[Mention]
    next: str | None


@route("GET", "/cases/<case>/comments", asks=Earlier, gives=Comments, refuses=[pages.BadCursor])
def thread(case: str, asked: Earlier) -> Comments:
    """The newest comments on a case and its tasks."""
    found = current.read(queries.thread, case, before=asked.before, limit=asked.limit)
    return Comments(found.seen, found.may_write, [Comment.of(row) for row in found.comments], found.earlier)


@route(
    "POST", "/cases/<case>/comments", takes=New, gives=Written, status=[201],
    refuses=[*WRONG, comments.NotWhole],
)  # fmt: skip
def write(case: str, sent: New) -> Written:
    """Comment on a case that one sees whole, or on one of its tasks."""
    return Written(current.do(comments.write, case, sent.text, sent.task))


@route(
    "POST", "/comments/<comment>/change", takes=Text, refuses=[*WRONG, *NOT_MINE, comments.NoLongerChangeable]
)
def change(comment: str, sent: Text) -> None:
    """Word one's own comment anew, shortly after it was written. The case's log keeps each wording."""
    current.do(comments.change, comment, sent.text)


@route("POST", "/comments/<comment>/withdraw", refuses=NOT_MINE)
def withdraw(comment: str) -> None:
    """Take one's own comment back. That there was one stays visible."""
    current.do(comments.withdraw, comment)


@route("POST", "/comments/<comment>/read", refuses=[comments.NoSuchComment])
def read(comment: str) -> None:
    """One has read what mentions oneself in this comment."""
    current.do(comments.read, comment)


@route("GET", "/inbox/mentions", asks=After, gives=Mentions, refuses=[pages.BadCursor])
def mentions(asked: After) -> Mentions:
    """Comments that mention oneself, latest first."""
    page = current.read(queries.mentioning, after=asked.after, limit=asked.limit)
    return Mentions(
        current.read(queries.unread),
        [
            Mention(
                row.comment, row.case, show.label(row.case_title), row.process, Person.of(row.author), row.at,
                row.text, row.read,
            )
            for row in page.rows
        ],
        page.next,
    )  # fmt: skip
