"""SpiffWorkflow as it comes: its own parser, engine and scripts, on a small BPMN file.

What test_defects.py and test_silent.py show of it is why we read and run diagrams ourselves."""

from __future__ import annotations

from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.camunda.parser.CamundaParser import CamundaParser
from SpiffWorkflow.util.task import TaskState

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t" id="d"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)


def flows(text: str) -> str:
    """`a -> b -> c` as sequence flows; `a -[python]-> b` has a condition."""
    drawn, number = "", 0
    for line in text.strip().splitlines():
        parts = line.split()
        for source, arrow, target in zip(parts[0::2], parts[1::2], parts[2::2], strict=False):
            number += 1
            condition = arrow.removeprefix("-[").removesuffix("]->") if arrow != "->" else ""
            inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
            drawn += f'<sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'
    return drawn


def file(elements: str, drawn: str, beside: str = "") -> str:
    """A process of these elements, in XML, and flows; `beside`: what else the file has."""
    process = f'<process id="p" isExecutable="true">{elements}{flows(drawn)}</process>'
    return f"{HEAD}{beside}{process}</definitions>"


def parsed(elements: str, drawn: str, beside: str = "") -> BpmnWorkflow:
    """A case of that process."""
    parser = CamundaParser()
    parser.add_bpmn_xml(etree.fromstring(file(elements, drawn, beside)))
    return BpmnWorkflow(parser.get_spec("p"), parser.get_subprocess_specs("p"))


def run(workflow: BpmnWorkflow, **data: Any) -> BpmnWorkflow:
    """Until it waits for people; then what waits is looked at again, as often as it takes."""
    workflow.task_tree.data.update(data)
    for _ in range(5):
        workflow.do_engine_steps()
        workflow.refresh_timers()
    return workflow


def do(workflow: BpmnWorkflow, name: str) -> BpmnWorkflow:
    """Somebody completes a task."""
    workflow.get_next_task(spec_name=name, state=TaskState.READY).run()
    return run(workflow)


def done(workflow: BpmnWorkflow) -> list[str]:
    """What has been completed, in order of the tree."""
    return [task.task_spec.name for task in workflow.get_tasks(state=TaskState.COMPLETED)]


def ready(workflow: BpmnWorkflow) -> list[str]:
    return [task.task_spec.name for task in workflow.get_tasks(state=TaskState.READY)]
