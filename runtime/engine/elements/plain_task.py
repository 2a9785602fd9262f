"""Task without a kind, and manual task: the token passes; the runtime has no part in it.

BPMN 2.0.2 §10.3.3, §13.3.3 (abstract task, manual task); Camunda passes through as well."""

from __future__ import annotations

from runtime.engine.elements.activity import Activity


class PlainTask(Activity):
    """What people do without telling the runtime."""
