"""A standard loop: again while its condition holds, so many times at most."""

from runtime.bpmn.lint.rule import Findings, Source, found, rule

MAXIMUM = "loopMaximum {value} of “{name}” is not a positive whole number."


@rule("standard_loop", sentences=[MAXIMUM])
def standard_loop(source: Source) -> Findings:
    """“{name}” would repeat for ever: give a loopCondition or loopMaximum."""
    for node in source.nodes:
        if node.repeat is None:
            continue
        line, maximum = node.repeat.line, node.repeat.maximum
        if not node.repeat.condition and not maximum:
            yield found(node, line=line)
        if maximum and not (maximum.isascii() and maximum.isdigit() and int(maximum[:20]) > 0):
            yield found(node, MAXIMUM, line=line, value=maximum)
