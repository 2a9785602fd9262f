"""Task forms: `.form` files as form-js and Camunda Modeler have them.

`load` reads a file and refuses what is not proven here (read.py, component.py); `localise` and
`for_browser` give the reader's browser its schema and values (present.py); `validate` checks
what comes back, whatever the browser has checked before (answers.py, kinds.py). `from_fields`
makes the same of a form inside a diagram, whose default values are evaluated (fields.py).

Not here: any IO; where options come from (library.py); the widgets (web/frontend)."""

from runtime.forms.answers import FormInvalid, unknown_fields, validate
from runtime.forms.fields import DefaultDoesNotFit, default, from_fields
from runtime.forms.model import SOURCES, Field, Form, Option
from runtime.forms.present import for_browser, held, localise
from runtime.forms.read import load

__all__ = [
    "SOURCES",
    "DefaultDoesNotFit",
    "Field",
    "Form",
    "FormInvalid",
    "Option",
    "default",
    "for_browser",
    "from_fields",
    "held",
    "load",
    "localise",
    "unknown_fields",
    "validate",
]
