"""The sentences about rule files, by code; each is the key of its translations.

One sentence for a code, said in one place: the reading, the proofs and the publishing
name only the code and what the sentence needs."""

from __future__ import annotations

from typing import Any

from runtime.errors import Problem

SENTENCES = {
    # YAML
    "rule_file.too_large": "A rule file may have at most {limit} bytes.",
    "rule_file.too_deep": "This is nested more than {limit} levels deep; a rule file never needs that.",
    "rule_file.too_many_values": "A rule file may hold at most {limit} values.",
    "rule_file.alias": "Anchors (&) and aliases (*) are not accepted: write it out, or put it in quotes.",
    "rule_file.tag": "Type tags (!) are not accepted: remove the tag, or put the text in quotes.",
    "rule_file.not_a_mapping": "A rule file consists of fields such as “rule: name_of_the_rule”.",
    "rule_file.key_not_text": "A field's name has to be text.",
    "rule_file.duplicate_key": "“{key}” stands here a second time.",
    "rule_file.stray_colon": "A colon followed by a space ends a field's name; "
    "put a text that contains one in quotes.",
    "rule_file.open_quote": "A text in quotes is not closed.",
    "rule_file.bad_character": "A character here is not accepted; indent with spaces, not tabs, "
    "and put a text that begins with a special sign in quotes.",
    "rule_file.missing_colon": "Here a field's name is missing its colon.",
    "rule_file.indentation": "This line is not indented like its neighbours, or a bracket is not closed.",
    "rule_file.two_documents": "A rule file holds one rule table; remove what follows the line “---”.",
    "rule_file.syntax": "From here on this cannot be read as YAML.",
    # fields
    "rule_file.missing_field": "The field “{field}” is missing.",
    "rule_file.unknown_field": "There is no field “{field}” here.",
    "rule_file.unknown_field_near": "There is no field “{field}” here; perhaps “{near}” is meant.",
    "rule_file.wants_text": "“{field}” has to be text.",
    "rule_file.wants_mapping": "“{field}” has to consist of fields.",
    "rule_file.wants_list": "“{field}” has to be a list.",
    "rule_file.wants_boolean": "“{field}” has to be true or false.",
    "rule_file.wants_whole_number": "“{field}” has to be a whole number from {minimum} to {maximum}.",
    "rule_file.wants_one_of": "“{field}” has to be one of: {values}.",
    "rule_file.bad_id": "“{id}” cannot be a name here: letters (Chinese too), digits and underscores, "
    "beginning with a letter, at most 64, and no word of the expression language.",
    "rule_file.duplicate_id": "The name “{id}” is used already, on line {first}.",
    "rule_file.untranslated": "Missing: {field}. Readers of that language see another one.",
    "rule_file.no_rows": "A table needs at least one rule.",
    "rule_file.too_many_rows": "A table may have at most {limit} rules.",
    "rule_file.no_outputs": "A table needs at least one output.",
    "rule_file.no_examples": "A table needs examples: they are its tests.",
    "rule_file.bounds": "The smallest value {minimum} is larger than the largest value {maximum}.",
    "rule_file.bounds_not_here": "“{field}” does not go with the type {type}.",
    # values
    "rule_file.not_a_value": "“{text}” is not a value of the type {type}.",
    "rule_file.too_many_decimals": "{text} has more than {limit} decimals.",
    "rule_file.out_of_range": "{text} lies outside the range of “{field}”.",
    "rule_file.not_a_choice": "“{text}” is none of the values of “{field}”: {values}.",
    # expressions
    "rule_file.empty_expression": "Here an expression is missing.",
    "rule_file.unknown_name": "“{name}” is neither an input nor a figure of let.",
    "rule_file.unknown_name_near": "“{name}” is neither an input nor a figure of let; “{near}” is.",
    "rule_file.name_not_yet": "“{name}” is computed only further down; move it up.",
    "rule_file.refers_to_itself": "“{name}” cannot be computed from itself.",
    "rule_file.unknown_function": "There is no function {name}(); there are: {functions}.",
    "rule_file.wrong_arguments": "{name}() is given arguments that do not fit.",
    "rule_file.not_a_constant": "{name}() takes a written text such as date('2026-01-31') "
    "or duration('P3D'), not {text}.",
    "rule_file.not_in_rules": "“{text}” is not offered in rule files.",
    "rule_file.wrong_type": "“{text}” is of the type {found}; {wanted} is needed here.",
    "rule_file.cannot_compare": "“{text}” compares {left} with {right}.",
    "rule_file.compare_days": "“{text}” compares durations; compare their days instead: days(…).",
    "rule_file.compare_conditions": "“{text}” compares two conditions; connect them with and, or, not.",
    "rule_file.no_order": "“{text}” asks for an order, which {found} does not have.",
    "rule_file.cannot_compute": "“{text}” computes with {left} and {right}, which do not go together.",
    "rule_file.in_needs_list": "After “in” a list of written values is needed, e.g. ['A', 'B'], not {text}.",
    "rule_file.two_types": "“{text}” may be of several types: {kinds}.",
    "rule_file.cannot_fold": "“{text}” cannot be computed.",
    "rule_file.fine_constant": "Conditions compare numbers to four decimals; {text} has more.",
    "rule_file.too_large_number": "{text} is too large: numbers may reach 10^14.",
    "rule_file.too_many_terms": "This rule asks for {count} things at once; at most {limit} are possible. "
    "Compute some of them in let.",
    "rule_file.too_many_alternatives": "This rule has more than {limit} alternatives; make several of it.",
    # rows
    "rule_file.missing_output": "Output “{output}” is missing.",
    "rule_file.unknown_output": "There is no output “{output}”.",
    "rule_file.computed_output": "Output “{output}” has a formula, so no rule may set it.",
    "rule_file.default_twice": "The default either decides (then) or refuses (refuse), not both.",
    "rule_file.example_twice": "An example expects either values (then) or a refusal (refused: true).",
    "rule_file.example_unknown": "“{name}” is not an input.",
    "rule_file.example_missing": "Input “{name}” is missing in the example.",
    # proofs
    "rule_file.gap": "No rule covers this case, and there is no default: {case}.",
    "rule_file.gap_unproved": "It could not be proved that the rules cover every case: add a default.",
    "rule_file.unreachable": "No case fulfils this condition: {terms} exclude one another.",
    "rule_file.unreachable_in_ranges": "No case fulfils this condition within the ranges of the inputs.",
    "rule_file.shadowed": "This rule never decides: {earlier} before it takes what it fits, e.g. {case}.",
    "rule_file.overlap": "This rule and “{earlier}” before it both fit and decide differently: {case}. "
    "The earlier one wins.",
    "rule_file.not_all_proved": "Not everything could be proved about this table; overlaps or dead rules may remain.",
    # trials
    "rule_file.example_failed": "This example expects {output} = {expected}, and the table decides {found}.",
    "rule_file.example_refused": "This example expects a decision, and the table refuses.",
    "rule_file.example_not_refused": "This example expects a refusal, and the table decides.",
    "rule_file.example_invalid": "This example's inputs do not fit.",
    "rule_file.row_untested": "No example reaches the rule “{row}”.",
    "rule_file.evaluators_differ": "For {case} the rule engine and its check decide differently; "
    "the file cannot be published. Please report it.",
    "rule_file.check_timed_out": "Checking this took more than {seconds} seconds; it cannot be published.",
    "rule_file.check_crashed": "Checking this file failed, so it cannot be published. Please report it.",
    # inputs of a decision
    "decision.missing_input": "A value for “{name}” is missing.",
    "decision.unknown_input": "“{name}” is not an input of this rule.",
    "decision.not_of_type": "“{name}” has to be of the type {type}; {kind} was given.",
    "decision.too_many_decimals": "“{name}” may have at most {limit} decimals.",
    "decision.too_large": "“{name}” is too large.",
    "decision.too_long": "“{name}” is longer than {limit} characters.",
    "decision.below": "“{name}” has to be at least {limit}.",
    "decision.above": "“{name}” may be at most {limit}.",
    "decision.not_a_choice": "“{name}” has to be one of: {values}.",
}

WARNINGS = frozenset(
    {
        "rule_file.untranslated",
        "rule_file.overlap",
        "rule_file.not_all_proved",
        "rule_file.row_untested",
    }
)


def problem(code: str, *, file: str = "", line: int = 0, column: int = 0, **params: Any) -> Problem:
    """The Problem of a code. `where` is "line:column"; `params["row"]` names the rule, if in one."""
    return Problem(
        rule=code,
        message=SENTENCES[code],
        where=f"{line}:{column}" if line else str(params.get("name", "")),
        params=params,
        severity="warning" if code in WARNINGS else "error",
        file=file,
        line=line,
        column=column,
    )
