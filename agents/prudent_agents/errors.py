"""What can go wrong with an agent, and the facts that its handlers need. Knows no part of the agent.

PrudentError
├── ToolDefinitionError        ConfigurationError: a function cannot be made a tool
├── ToolError                  a tool failed; what it says is shown to the model and the user
│   ├── ToolArgumentsError     the arguments are not what the tool takes; `param` names the field
│   ├── ToolTimeoutError       the tool took longer than it may
│   ├── ValueShapeError        a model's value does not have the form that was asked for
│   └── ToolWaitsError         the tool is an agent that waits for a person; so does its caller
├── PlanError                  InvalidRequestError: a plan is not one that can be run
├── BudgetExceededError        the run would use more than it was given
├── RefusedByPolicyError       PermissionDeniedError: a rule on tools or on data flow forbids a call
├── RunNotFoundError           NotFoundError: no run of this id is in the journal
├── RunConflictError           ConflictError: another process runs it, or it is of another recipe
├── ReplayMismatchError        ConflictError: a replayed run is not what the journal holds; `details["diff"]`
└── JournalError               StorageError: the journal cannot be read or written
"""

from __future__ import annotations

from typing import Any

from prudent.errors import (
    ConfigurationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    PrudentError,
    StorageError,
)


class ToolDefinitionError(ConfigurationError):
    """A function cannot be made a tool: an argument without a type, or a name that models cannot say."""


class ToolError(PrudentError):
    """A tool failed. Raise it in a tool to say why in words that the model and the user may read."""

    http_status = 502
    type = "tool_error"
    code = "tool_failed"


class ToolArgumentsError(ToolError):
    """The arguments are not what the tool takes; `param` names the field."""

    http_status = 400
    code = "tool_arguments"


class ToolTimeoutError(ToolError):
    """The tool took longer than it may. Whether it had an effect is not known."""

    http_status = 504
    code = "tool_timeout"


class ValueShapeError(ToolError):
    """A model's value does not have the form that was asked for; `reply` is what it said."""

    code = "value_shape"

    def __init__(self, message: str, *, reply: Any) -> None:
        super().__init__(message)
        self.reply = reply


class ToolWaitsError(ToolError):
    """The tool is an agent that waits for a person; `waiting` is the event that says what it asks."""

    code = "tool_waits"

    def __init__(self, message: str, *, waiting: Any) -> None:
        super().__init__(message)
        self.waiting = waiting


class PlanError(InvalidRequestError):
    """A plan is not one that can be run: a reference to nothing, a circle, a tool that is not there."""

    code = "plan"


class BudgetExceededError(PrudentError):
    """The run would use more than it was given; `details` has the limit, what is used and what was asked."""

    http_status = 402
    type = "budget_error"
    code = "budget_exceeded"
    exit_code = 4


class RefusedByPolicyError(PermissionDeniedError):
    """A rule on tools or on the flow of data forbids a call; `details["rule"]` is the rule."""

    code = "refused_by_policy"
    exit_code = 3


class RunNotFoundError(NotFoundError):
    """No run of this id is in the journal."""

    code = "run_not_found"


class RunConflictError(ConflictError):
    """Another process runs it at this moment, or it was begun with other tools or another recipe."""

    code = "run_conflict"


class ReplayMismatchError(ConflictError):
    """A run that was replayed from its journal came out otherwise; the message has the lines that differ."""

    code = "replay_mismatch"


class JournalError(StorageError):
    """The journal cannot be read or written: a full disk, a file that is damaged. Nothing was done."""

    code = "journal"
