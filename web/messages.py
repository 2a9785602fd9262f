"""What the browser's libraries say by themselves, in the reader's language.

form-js and CodeMirror speak English only; the page hands them these sentences. Numbers
in braces stand for what the library inserts, in its order."""

from __future__ import annotations

from web import current

FORMS = (
    "Field is required.",
    "Field must match pattern {0}.",
    "Field must have minimum value of {0}.",
    "Field must have maximum value of {0}.",
    "Field must have minimum length of {0}.",
    "Field must have maximum length of {0}.",
    "Field must be a valid email.",
    "Field must be a valid  international phone number. (e.g. +4930664040900)",
    "Value is not a number.",
    "Value is expected to be an integer.",
    "Value is expected to have at most {0} decimal digit.",
    "Value is expected to have at most {0} decimal digits.",
    "Please select a valid value, the two nearest valid values are {0} and {1}.",
    "Date and time must both be entered.",
    "Browse",
    "No files selected",
    "{0} files selected",
    "Add new",
    "Remove",
    "Remove list item {0}",
    "Increment",
    "Decrement",
    "of",
    "Next page",
    "Previous page",
    "Month",
    "Year",
    "Expand all ({0})",
    "Collapse",
    "Search",
    "Select",
    "No results",
    "All values selected",
    "Nothing to show.",
    "Click to sort by {0} descending",
    "Click to sort by {0} ascending",
    "Clear",
    # Ours, spoken by dist/form.js.
    "Not given",
    "This date must not lie before {0}.",
    # How form-js asks for a date, in the order of the browser's own language.
    "yyyy/mm/dd",
    "mm/dd/yyyy",
    "dd/mm/yyyy",
    "Please look at the marked fields.",
    "Sending {0} …",
    "Sending …",
)
EDITOR = (
    "Find", "Replace", "next", "previous", "all", "match case", "by word", "regexp", "replace", "replace all",
    "close", "Checked: no problems.", "Checking …", "Line {0}", "Not checked: the server did not answer.",
)  # fmt: skip


def of_forms() -> dict[str, str]:
    return {sentence: current.say(sentence) for sentence in FORMS}


def of_editor() -> dict[str, str]:
    return {sentence: current.say(sentence) for sentence in EDITOR}
