"""Judging diagrams: one rule, one function, one file, one page in docs/lint/.

A new file in this folder is a new rule; nothing else has to be told of it. What a rule
may look at and say is in rule.py. Not here: running all rules on a file (bpmn/check.py)."""

from importlib import import_module
from pkgutil import iter_modules

from runtime.bpmn.lint.rule import RULES, Finding, Findings, Rule, Source, found, label, level, rule

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["RULES", "Finding", "Findings", "Rule", "Source", "found", "label", "level", "rule"]
