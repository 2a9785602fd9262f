"""What can go wrong with a script."""

from __future__ import annotations

from runtime.errors import Failed, Invalid


class Thrown(Exception):
    """The script threw a BpmnError: a business error with a code and a message, for a boundary event."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code, message)
        self.code, self.message = code, message


class ScriptMalformed(Invalid):
    """The script cannot be read at its line {line}: {reason}"""

    code = "script.malformed"


class ScriptFailed(Invalid):
    """The script failed at its line {line}: {reason}"""

    code = "script.failed"


class ScriptNotAValue(Invalid):
    """The script gives something that cannot be kept: {reason}"""

    code = "script.not_a_value"


class ScriptTooSlow(Invalid):
    """The script takes longer than allowed ({seconds} s)."""

    code = "script.too_slow"


class ScriptTooBig(Invalid):
    """The script is too long, takes too much memory or gives too much."""

    code = "script.too_big"


class ScriptsBusy(Failed):
    """Other scripts are running for too long; this one had no turn."""

    code = "script.busy"


class ScriptsUnavailable(Failed):
    """No process for scripts could be started here."""

    code = "script.unavailable"
