"""Decision tables that admins write as YAML: read, proved, tried, decided.

A file goes  source (YAML with places) → rulefile (checked, a `RuleFile`) → analyse
(gaps, overlaps, dead rows) → durable (compiled for durable_rules, the one door) and
plain (the same in Python, the oracle) → evaluate (publish, decide) → simulate.

No IO: a rule file comes as text, a decision goes as data."""
