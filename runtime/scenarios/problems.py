"""The sentences about scenario files, by code; each is the key of its translations.

Not here: what the forms, commands and expressions say of an answer: they have sentences of their own."""

from __future__ import annotations

from typing import Any

from runtime.errors import Problem

SENTENCES = {
    "scenario.unreadable": "This cannot be read as a text file in UTF-8.",
    # YAML
    "scenario.too_large": "A scenario file may have at most {limit} bytes.",
    "scenario.too_deep": "This is nested more than {limit} levels deep; a scenario never needs that.",
    "scenario.too_many_values": "A scenario file may hold at most {limit} values.",
    "scenario.alias": "Anchors (&) and aliases (*) are not accepted: write it out, or put it in quotes.",
    "scenario.tag": "Type tags (!) are not accepted: remove the tag, or put the text in quotes.",
    "scenario.not_a_list": "A scenario file is a list: each scenario begins with “- name: …”.",
    "scenario.key_not_text": "A field's name has to be text.",
    "scenario.duplicate_key": "“{key}” stands here a second time.",
    "scenario.stray_colon": "A colon followed by a space ends a field's name; "
    "put a text that contains one in quotes.",
    "scenario.open_quote": "A text in quotes is not closed.",
    "scenario.bad_character": "A character here is not accepted; indent with spaces, not tabs, "
    "and put a text that begins with a special sign in quotes.",
    "scenario.missing_colon": "Here a field's name is missing its colon.",
    "scenario.indentation": "This line is not indented like its neighbours, or a bracket is not closed.",
    "scenario.two_documents": "A scenario file holds one list; remove what follows the line “---”.",
    "scenario.syntax": "From here on this cannot be read as YAML.",
    # fields
    "scenario.missing_field": "The field “{field}” is missing.",
    "scenario.unknown_field": "There is no field “{field}” here; there are: {known}.",
    "scenario.unknown_field_near": "There is no field “{field}” here; perhaps “{near}” is meant.",
    "scenario.wants_text": "“{field}” has to be text.",
    "scenario.wants_mapping": "“{field}” has to consist of fields.",
    "scenario.wants_list": "“{field}” has to be a list.",
    "scenario.wants_boolean": "“{field}” has to be true or false.",
    "scenario.wants_whole_number": "“{field}” has to be a whole number.",
    "scenario.wants_one_of": "“{field}” has to be one of: {values}.",
    "scenario.not_a_step": "This is no step: a step begins with one of {known}.",
    "scenario.two_ways": "“{field}” and “{other}” do not go together: a step does one thing, a start happens one way.",
    "scenario.no_start": "A start says how the case begins: {known}.",
    "scenario.bad_date": "“{text}” is no date, such as 2026-03-31 or 2026-03-31T17:30.",
    "scenario.bad_duration": "“{text}” is no duration; P2D are two days, PT26H twenty-six hours.",
    "scenario.same_name": "Another scenario of this file, on line {first}, has this name.",
    # names, beside what is deployed
    "scenario.unknown_process": "There is no process “{process}”.",
    "scenario.unknown_process_near": "There is no process “{process}”; perhaps “{near}” is meant.",
    "scenario.unknown_task": "No diagram has a task “{task}” for people.",
    "scenario.unknown_task_near": "No diagram has a task “{task}” for people; perhaps “{near}” is meant.",
    "scenario.unknown_end": "“{process}” has no end event “{end}”; it has: {known}.",
    "scenario.unknown_timer": "“{process}” has no start event “{element}” with a timer.",
    "scenario.unknown_person": "There is no person and no group “{who}”.",
    "scenario.unknown_person_near": "There is no person and no group “{who}”; perhaps “{near}” is meant.",
    "scenario.unknown_rule": "There is no rule “{rule}”.",
    # playing
    "scenario.task_not_open": "The task “{task}” is not open. Open are: {open}.",
    "scenario.nothing_open": "The task “{task}” is not open, and no other task is.",
    "scenario.case_over": "The task “{task}” is not open: the case has ended at “{end}”.",
    "scenario.not_theirs": "The task “{task}” is open, but {who} cannot do it; asked are: {asked}.",
    "scenario.not_started": "Nothing was started by this.",
    "scenario.time_has_passed": "{when} has passed: it is {now}.",
    "scenario.timer_not_set": "The timer “{element}” of “{process}” is not waiting.",
    "scenario.rule_says_not": "The rule “{rule}” does not say “{text}”.",
    "scenario.no_such_case": "There is no case of “{process}” with {where}.",
    "scenario.end_not_reached": "The end “{end}” was not reached. The case stands at: {standing}.",
    "scenario.other_end": "The end “{end}” was not reached; reached were: {reached}.",
    "scenario.value_differs": "“{name}” is {found}, not {wanted}.",
    "scenario.value_missing": "The case has no variable “{name}”.",
    "scenario.stock_differs": "The stock of {component} changed by {found} pieces, not by {wanted}.",
    "scenario.no_component": "There is no component {component} in stock.",
    "scenario.stopped": "“{element}” of “{process}” has stopped and needs help: {reason}",
}


def problem(code: str, *, file: str = "", line: int = 0, column: int = 0, **params: Any) -> Problem:
    """The Problem of a code."""
    return Problem(
        f"scenario.{code}", SENTENCES[f"scenario.{code}"], "", params, file=file, line=line, column=column
    )
