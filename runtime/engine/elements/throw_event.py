"""Throwing events: none (a milestone) and message, in the middle or at an end.

BPMN 2.0.2 §13.5.2, §13.5.6."""

from __future__ import annotations

from runtime.engine.elements.base import Element
from runtime.engine.elements.send_task import SendTask


class Milestone(Element):
    """A throwing event without a trigger: the token passes."""

    urgent = True


class MessageThrow(SendTask):
    urgent = True
