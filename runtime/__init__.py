"""Guicheng's runtime: diagrams execute, rule files decide, people do their part.

Floors, roof to ground, are in docs/architecture.md; import-linter holds them."""
