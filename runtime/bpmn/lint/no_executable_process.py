"""A file without a process that can run."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

NOT_EXECUTABLE = 'The process “{name}” is not executable: set isExecutable="true" or take it out of the file.'


@rule("no_executable_process", sentences=[NOT_EXECUTABLE])
def no_executable_process(source: Source) -> Findings:
    """There is no process in this file."""
    processes = source.root.all("process")
    if not processes:
        yield found(source.root)
    for tag in processes:
        if tag.get("isExecutable") not in ("true", "1"):
            yield found(tag, NOT_EXECUTABLE)
