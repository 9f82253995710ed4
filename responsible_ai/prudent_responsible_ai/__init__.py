"""Responsible AI on every request: policy, checks, verdicts and audit."""

from __future__ import annotations

from prudent_responsible_ai.assemble import build_pipeline
from prudent_responsible_ai.check import Check, CheckContext, Finding, Span
from prudent_responsible_ai.gate import OutputGate, Release
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.pipeline import InputReview, Pipeline
from prudent_responsible_ai.policy import Policy
from prudent_responsible_ai.policy_file import built_in_policies, load_policy

__all__ = [
    "Check",
    "CheckContext",
    "Finding",
    "InputReview",
    "OutputGate",
    "Part",
    "Pipeline",
    "Policy",
    "Release",
    "Span",
    "build_pipeline",
    "built_in_policies",
    "load_policy",
]
