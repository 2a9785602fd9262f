"""What can go wrong while a process is compiled or run.

Not here: BPMN errors, which a diagram may catch (ports.BpmnError)."""

from __future__ import annotations

from runtime.errors import Conflict, Failed, Invalid, NotFound


class CannotRun(Invalid):
    """The process {process} uses something that does not run here; {count} problems were found."""

    code = "engine.cannot_run"


class ActivityNotFound(NotFound):
    """This step is no longer open."""

    code = "engine.activity_not_found"


class NotWaiting(Conflict):
    """This step is not waiting for that any more; somebody or something was faster."""

    code = "engine.not_waiting"


class NotDue(Conflict):
    """The timer of {element} is not due before {due}."""

    code = "engine.not_due"


class NotParked(Conflict):
    """The step {element} is not held up, so there is nothing to try again."""

    code = "engine.not_parked"


class CannotSkip(Conflict):
    """The step {element} cannot be passed over: it decides what comes next. Correct the variables instead."""

    code = "engine.cannot_skip"


class CaseEnded(Conflict):
    """This case has already ended."""

    code = "engine.case_ended"


class NoStart(Invalid):
    """The process {process} cannot be started at {start}."""

    code = "engine.no_start"


class Stuck(Failed):
    """The diagram or the case's data does not fit; trying again changes nothing until one is mended."""

    code = "engine.stuck"


class Deadlocked(Stuck):
    """Nothing can happen in this case any more: it waits at {elements} for what cannot come."""

    code = "engine.deadlocked"


class NoWayOut(Stuck):
    """None of the conditions after {element} holds, and it has no default flow."""

    code = "engine.no_way_out"


class NotTrueOrFalse(Stuck):
    """The condition {expression} at {element} gives {value}, which is neither true nor false."""

    code = "engine.not_true_or_false"


class NobodyToDoIt(Stuck):
    """Nobody was found to do {element}: no assignee, no candidates and no lane."""

    code = "engine.nobody_to_do_it"


class NotPeople(Stuck):
    """The expression for {field} of {element} gives {value}, which names no people or groups."""

    code = "engine.not_people"


class NotText(Stuck):
    """The {field} of {element} must be text and is {value}."""

    code = "engine.not_text"


class BadTopic(Stuck):
    """The topic of {element} must be text of at most {most} characters and is {value}."""

    code = "engine.bad_topic"


class NotAPriority(Stuck):
    """The {field} of {element} must be a whole number and is {value}."""

    code = "engine.not_a_priority"


class KeyTooLong(Stuck):
    """The correlation key of {element} has {length} characters; at most {limit} are kept."""

    code = "engine.key_too_long"


class NotACollection(Stuck):
    """{element} needs a list to work through, and {expression} gives {value}."""

    code = "engine.not_a_collection"


class NotACount(Stuck):
    """{element} needs a whole number of instances that is not negative, and {expression} gives {value}."""

    code = "engine.not_a_count"


class NotASingleEntry(Stuck):
    """The decision {rule} gave {count} results where {element} takes exactly one."""

    code = "engine.not_a_single_entry"


class UncaughtError(Stuck):
    """The error {error} was raised at {element} and nothing catches it: {text}"""

    code = "engine.uncaught_error"


class BadTimer(Invalid):
    """{text} is neither a date nor a duration, as 2026-01-31T09:00:00+08:00 or P3D."""

    code = "engine.bad_timer"


class BadDuration(BadTimer):
    """{text} is no duration; it begins with P, as PT2H or P3D."""

    code = "engine.bad_duration"


class BadCycle(BadTimer):
    """{text} is no repetition, as R3/PT1H or R/2026-01-31T09:00:00Z/P1D, of at least a second."""

    code = "engine.bad_cycle"


class BadCron(BadTimer):
    """{text} is no cron of six or seven fields, seconds first; {part} does not fit."""

    code = "engine.bad_cron"


class TooFar(BadTimer):
    """{text} leads too far into the future."""

    code = "engine.too_far"


class NeverDue(Stuck):
    """The timer {text} of {element} will never be due."""

    code = "engine.never_due"


class UnknownFormat(Failed):
    """The saved case has format {format}; this version reads format {expected}."""

    code = "engine.unknown_format"


class DoesNotFit(Failed):
    """The saved case stands at {element} of {process}, which this version of the process does not have."""

    code = "engine.does_not_fit"


class ScriptLanguage(Invalid):
    """A script in the language {language} is not run here: javascript, juel and feel are."""

    code = "engine.script_language"


class ListenerNotRun(Invalid):
    """A listener to {event} is not run here."""

    code = "engine.listener_not_run"


class NeverSettled(Stuck):
    """The listeners of {element} set its assignee again and again; it was told to them {rounds} times."""

    code = "engine.never_settled"
