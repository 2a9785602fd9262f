"""How the log is written: a line of words on a terminal, a JSON object a line everywhere else, without secrets.

What is bound to the context (`structlog.contextvars`: the request, the case, the job) stands in each line. Libraries
that use the standard log come the same way. Not here: what is logged."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

FORMATS = ("auto", "json", "text")
HIDDEN = "…"
# Whatever is called so is not written, whoever logs it.
SECRET_NAMES = re.compile(r"password|secret|token|authorization|cookie|csrf|digest", re.IGNORECASE)
# An access token, and the password in an address of a database, in any text.
SECRET_TEXTS = re.compile(r"guicheng_[\w-]{20,}|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)")


def hide(value: Any, name: str = "") -> Any:
    """`value` without what nobody may read in a log."""
    if name and SECRET_NAMES.search(name):
        return HIDDEN
    if isinstance(value, str):
        return SECRET_TEXTS.sub(HIDDEN, value)
    if isinstance(value, Mapping):
        return {key: hide(each, str(key)) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [hide(each) for each in value]
    return value


def _without_secrets(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    return {key: hide(value, key) for key, value in line.items()}


def _in_json(asked: str) -> bool:
    return asked == "json" or (asked != "text" and not sys.stderr.isatty())


def configure(asked: str = "auto") -> None:
    """Write to standard error from now on; may be called again. `asked`: one of FORMATS."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if _in_json(asked):
        # A traceback names places. What stood in variables there, wages and passwords, is nobody's to read.
        last: list[Processor] = [
            structlog.processors.format_exc_info,
            _without_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    else:
        plain = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        last = [_without_secrets, plain]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Whatever standard error is when the line is written.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = _Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, _Handler)] + [handler]
    # alembic tells each migration, waitress each thread that waits: nobody asked.
    root.setLevel(logging.WARNING)


class _Handler(logging.StreamHandler):
    """Ours, told from a test's; writes to what standard error is now."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)
