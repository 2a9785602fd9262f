"""What an answer must be, kind by kind: from plain JSON to a typed value, or the reason why not.

Each reader takes the answer (never null) and its field, and raises Refused. Nothing is
guessed: "1,000" is no number and yesterday is no date.

Not here: which answers are looked at (answers.py)."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from runtime import v8
from runtime.forms.model import MAX_NUMBER, YEARS, Field
from runtime.values import File, Value


class Refused(Exception):
    """`message` is the English sentence with {parameters}, the key of its translations."""

    def __init__(self, rule: str, message: str, **params: Any) -> None:
        self.rule, self.message, self.params = rule, message, params


_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{2,30}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
MOST_FILES = 50  # of one field
NOT_ACCEPTED = "This field takes {accepted}, which {name} is not. Save it as such a file, and choose again."
TOO_MANY_FILES = "At most {most} files are allowed here."
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_text(answer: Any, field: Field) -> str | None:
    """The text with plain line ends; null when there is nothing but space in it."""
    if not isinstance(answer, str):
        raise Refused("answer.not_text", "Text is expected here.")
    text = answer.replace("\r\n", "\n").replace("\r", "\n")
    if field.type == "textfield" and "\n" in text.strip():
        raise Refused("answer.several_lines", "Only one line is allowed here.")
    if _CONTROL.search(text):
        raise Refused("answer.control_characters", "This text holds characters that cannot be shown.")
    if not text.strip():
        return None
    length = len(text.strip())
    if field.max_length and length > field.max_length:
        raise Refused("answer.too_long", "At most {limit} characters are allowed.", limit=field.max_length)
    if length < field.min_length:
        raise Refused("answer.too_short", "At least {limit} characters are needed.", limit=field.min_length)
    if field.format == "email" and not _EMAIL.fullmatch(text.strip()):
        raise Refused("answer.not_email", "This is not an e-mail address.")
    if field.format == "phone" and not _PHONE.fullmatch(text.strip()):
        raise Refused("answer.not_phone", "This is not a telephone number.")
    if field.pattern:
        try:
            found = v8.shared().matches(field.pattern, text)
        except v8.PatternTooSlow:
            raise Refused(
                "answer.pattern_too_slow", "This text cannot be checked: it takes too long."
            ) from None
        if not found:
            raise Refused("answer.pattern", "This does not have the form that is asked for.")
    return text


def read_number(answer: Any, field: Field) -> Decimal | int | None:
    """A Decimal, or an int for integers; text as form-js sends it is a number too."""
    if isinstance(answer, str):
        text = unicodedata.normalize("NFKC", answer).strip()
        if not text:
            return None
    elif isinstance(answer, (int, Decimal)) and not isinstance(answer, bool):
        text = str(answer)
    else:
        text = ""
    if not _NUMBER.fullmatch(text):
        raise Refused("answer.not_a_number", "This is not a number.")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Refused("answer.not_a_number", "This is not a number.") from None
    if (number and not -30 < number.adjusted() < 30) or abs(number) > MAX_NUMBER:
        raise Refused("answer.number_too_large", "This number is too large.")
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > field.decimals:
        if field.decimals == 0:
            raise Refused("answer.not_whole", "A whole number is expected.")
        raise Refused(
            "answer.too_many_decimals", "At most {limit} decimals are allowed.", limit=field.decimals
        )
    if field.minimum is not None and number < field.minimum:
        raise Refused("answer.below_minimum", "The smallest value is {limit}.", limit=_shown(field.minimum))
    if field.maximum is not None and number > field.maximum:
        raise Refused("answer.above_maximum", "The largest value is {limit}.", limit=_shown(field.maximum))
    if field.step and number % field.step:
        raise Refused("answer.not_a_step", "A multiple of {step} is expected.", step=_shown(field.step))
    return int(number) if field.kind == "integer" else Decimal(format(number, "f"))


def _shown(number: Decimal) -> str:
    return format(number.normalize(), "f")


def read_boolean(answer: Any, field: Field) -> bool:
    if not isinstance(answer, bool):
        raise Refused("answer.not_boolean", "Yes or no is expected.")
    return answer


def read_choice(answer: Any, field: Field, allowed: Sequence[Value]) -> Value:
    if answer == "":
        return None
    # True is not the option 1.
    if not any(type(answer) is type(value) and answer == value for value in allowed):
        raise Refused("answer.unknown_option", "This is not one of the choices.")
    return answer


def read_choices(answer: Any, field: Field, allowed: Sequence[Value]) -> list[Value] | None:
    if not isinstance(answer, list):
        raise Refused("answer.not_a_list", "A list is expected here.")
    chosen = [read_choice(each, field, allowed) for each in answer]
    if any(chosen.count(each) > 1 for each in chosen[: len(allowed) + 1]):
        raise Refused("answer.chosen_twice", "Something is chosen twice.")
    return chosen or None


class Today(NamedTuple):
    """The business date; where it is not known, the earliest and the latest that it is anywhere on earth."""

    earliest: dt.date
    latest: dt.date


def read_date(answer: Any, field: Field, today: Today) -> dt.date | None:
    if answer == "":
        return None
    if isinstance(answer, dt.date) and not isinstance(answer, dt.datetime):
        date = answer
    else:
        try:
            if not isinstance(answer, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", answer):
                raise ValueError
            date = dt.date.fromisoformat(answer)
        except ValueError:
            raise Refused("answer.not_a_date", "This is not a date (YYYY-MM-DD).") from None
    _year(date)
    _check_day(date, field, today)
    return date


def read_moment(answer: Any, field: Field, today: Today) -> dt.datetime | None:
    """A date-time with a zone, as UTC."""
    if answer == "":
        return None
    moment = answer
    if isinstance(answer, str):
        try:
            moment = dt.datetime.fromisoformat(answer[:40]) if len(answer) > 10 else None
        except ValueError:
            moment = None
    if not isinstance(moment, dt.datetime) or moment.tzinfo is None:
        raise Refused("answer.not_a_moment", "This is not a date with a time and a zone.")
    _year(moment)
    moment = moment.astimezone(dt.UTC)
    _check_day(moment.date(), field, today)
    return moment


def _check_day(date: dt.date, field: Field, today: Today) -> None:
    if field.no_past and date < today.earliest:
        raise Refused("answer.passed", "This date has passed.")
    if field.no_future and date > today.latest:
        raise Refused("answer.not_yet", "This date has not come yet.")


def _year(date: dt.date) -> None:
    first, last = YEARS
    if not first <= date.year <= last:
        raise Refused("answer.year", "The year must lie between {first} and {last}.", first=first, last=last)


def read_time(answer: Any, field: Field) -> str | None:
    """A time of day is text, HH:MM."""
    if answer == "":
        return None
    if not isinstance(answer, str) or not _TIME.fullmatch(answer):
        raise Refused("answer.not_a_time", "This is not a time of day (HH:MM).")
    return answer[:5]


def read_files(answer: Any, field: Field, before: Value = None) -> File | list[File] | None:
    """Files that were stored before: {"$file": {sha256, name, media_type, size}}, one or a list. What the field held
    `before` may stay, whatever it accepts by now.

    Whether they are this person's to give is checked by whoever keeps them."""
    if answer == "":
        return None
    given = answer if isinstance(answer, list) else [answer]
    if len(given) > 1 and not field.multiple:
        raise Refused("answer.one_file", "Only one file is allowed here.")
    if len(given) > MOST_FILES:
        raise Refused("answer.too_many_files", TOO_MANY_FILES, most=MOST_FILES)
    files = [_file(each) for each in given]
    held = before if isinstance(before, (list, tuple)) else [before]
    refused = [file.name for file in files if file not in held and not _accepted(file, field)]
    if refused:
        accepted = ", ".join(field.accept)
        raise Refused("answer.file_not_accepted", NOT_ACCEPTED, name=", ".join(refused), accepted=accepted)
    if not files:
        return None
    return files if field.multiple else files[0]


def _accepted(file: File, field: Field) -> bool:
    """As a browser offers files to be chosen. That a file is what its name says saw to it whoever stored it."""
    name, kind = file.name.lower(), file.media_type.lower()

    def fits(accepted: str) -> bool:
        if accepted.startswith("."):
            return name.endswith(accepted)
        return kind.startswith(accepted[:-1]) if accepted.endswith("/*") else kind == accepted

    return not field.accept or any(fits(each) for each in field.accept)


def _file(answer: Any) -> File:
    if isinstance(answer, File):
        return answer
    parts = answer.get("$file") if isinstance(answer, dict) and len(answer) == 1 else None
    if (
        not isinstance(parts, dict)
        or parts.keys() != {"sha256", "name", "media_type", "size"}
        or not all(isinstance(parts[name], str) for name in ("sha256", "name", "media_type"))
        or not _SHA256.fullmatch(parts["sha256"])
        or type(parts["size"]) is not int
        or not 0 <= parts["size"] < 2**40
        or not 0 < len(parts["name"]) <= 255
        or len(parts["media_type"]) > 127
        or _CONTROL.search(parts["name"] + parts["media_type"])
    ):
        raise Refused("answer.not_a_file", "This is not a file that was uploaded here.")
    return File(**parts)


READERS: dict[str, Callable[[Any, Field], Value]] = {
    "text": read_text,
    "decimal": read_number,
    "integer": read_number,
    "boolean": read_boolean,
    "time": read_time,
    "file": read_files,
}
CHOICES = {"choice": read_choice, "choices": read_choices}
DATES: dict[str, Callable[[Any, Field, Today], Value]] = {"date": read_date, "date-time": read_moment}
