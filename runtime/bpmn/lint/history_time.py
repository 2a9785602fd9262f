"""How long a case that has ended keeps its details is written so that it can be read."""

from runtime.bpmn import history_time as times
from runtime.bpmn.lint.rule import Findings, Source, found, rule


@rule("history_time")
def history_time(source: Source) -> Findings:
    """The history time to live {text} of “{name}” cannot be read: write days, such as 180, or P180D."""
    for process in source.diagram.processes.values():
        text = process.attributes.get("historyTimeToLive", "")
        if text and times.kept_for(text) is None:
            yield found(process, text=text)
