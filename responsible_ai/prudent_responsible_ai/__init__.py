"""Responsible AI on every request: policy, checks, verdicts and audit."""
