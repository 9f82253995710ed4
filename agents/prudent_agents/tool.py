"""What a tool is: a name, a card, a schema, an effect, and a function. Knows no agent and no model."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from prudent.errors import PrudentError
from prudent.types.content import Source
from prudent_agents.effect import Effect as Effect
from prudent_agents.errors import ToolError, ToolTimeoutError
from prudent_agents.labels import TRUSTED, Confidentiality, Label
from prudent_agents.values import JSON, canonical, deeper_than

if TYPE_CHECKING:
    from prudent.client import AsyncClient
    from prudent_agents.budget import Account, Cost
    from prudent_agents.events import ApprovalAsked
    from prudent_agents.values import Value

TIMEOUT = 30.0
"""Seconds that a tool may take where it does not say."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a call may know of its run. A function that wants it has a parameter of this type.

    `idempotency_key` is the same whenever this very call is tried again, also after a crash: hand it to
    services that take one. `client` is the agent's own, for tools that see, hear, speak or ask a model.
    """

    run: str = ""
    step: str = ""
    idempotency_key: str = ""
    client: AsyncClient | None = None
    label: Label = TRUSTED
    """That of all arguments together, and of what led to the call."""
    account: Account | None = None
    """The run's use of its budget, for tools that use it up themselves: agents."""
    word: Callable[[ApprovalAsked], Awaitable[bool | None]] | None = None
    """A person's word on a call that the tool makes itself; None is no word yet."""
    answered: Callable[[str], str | None] | None = None
    """The user's answer to a question that the tool asked before; None: there is none yet."""
    found: Mapping[str, Value] = field(default_factory=dict[str, "Value"])
    """What the run knows: its inputs, and the results of its steps."""
    used: list[Cost] = field(default_factory=list["Cost"])
    """What the tool used up itself; it adds to this."""


Precondition = Callable[[Mapping[str, Any]], str | None]
"""Says in words why a call with these arguments must not be made, or None."""

MOST_NESTED = 100
"""Lists and records in each other, in what a tool returns."""


@dataclass(frozen=True)
class Tool:
    """A capability that an agent may use.

    `parameters` is the JSON Schema of the arguments (an object), `returns` that of the result where it is
    known. `card` is the one line that models are shown. `source` and `trusted` say what a result is to be
    taken for: text of a tool is untrusted unless the tool says that nobody else writes it. `confidentiality`
    is that of what it returns. `retries` are for failures of read and idempotent tools. `verify` tells after
    a crash whether the call with this idempotency key had its effect (None: it cannot tell). `approval` asks
    a person first.
    """

    name: str
    card: str
    parameters: Mapping[str, Any]
    function: Callable[..., Any]
    effect: Effect = Effect.READ
    returns: Mapping[str, Any] | None = None
    timeout: float | None = TIMEOUT
    retries: int = 1
    precondition: Precondition | None = None
    source: Source = Source.TOOL
    trusted: bool = False
    confidentiality: Confidentiality = Confidentiality.PUBLIC
    approval: bool = False
    verify: Callable[[str], bool | Awaitable[bool | None] | None] | None = None
    context_parameter: str | None = None
    goes_on: bool = False
    """Whether the same call made again goes on where it was, as an agent's does: then it may be, always."""
    validate: Callable[[Mapping[str, Any]], dict[str, Any]] = field(default=dict)
    """Arguments as JSON to the function's own types. Raises ToolArgumentsError."""
    dump: Callable[[Any], JSON] = field(default=lambda result: result)
    """What the function returned, as JSON. Raises ToolError."""

    @property
    def digest(self) -> str:
        """Changes when what the tool promises changes: name, card, schemas, effect."""
        promise = [
            self.name,
            self.card,
            dict(self.parameters),
            self.returns and dict(self.returns),
            self.effect,
        ]
        return sha256(canonical(promise).encode()).hexdigest()

    @property
    def required(self) -> tuple[str, ...]:
        """The arguments that must be given."""
        return tuple(self.parameters.get("required", ()))

    @property
    def properties(self) -> Mapping[str, Mapping[str, Any]]:
        """The schema of each argument."""
        return self.parameters.get("properties", {})

    async def call(self, arguments: Mapping[str, Any], context: ToolContext) -> JSON:
        """Run the tool once. Functions that are not async run in a thread and are left behind when late.

        Raises:
            ToolArgumentsError: the arguments do not fit.
            ToolTimeoutError: it took longer than `timeout` seconds.
            ToolError: the function raised. A ToolError of its own says that nothing was done; after any
                other, and when it was late, `details["known"]` is False.
        """
        given = self.validate(arguments)
        if self.context_parameter is not None:
            given[self.context_parameter] = context
        clock = asyncio.timeout(self.timeout)
        try:
            async with clock:
                result = await _run(self.function, given)
        except TimeoutError as error:
            if not clock.expired():
                raise ToolError(
                    f"{self.name} failed: {type(error).__name__}: {error}", details={"known": False}
                ) from error
            raise ToolTimeoutError(
                f"{self.name} took longer than {self.timeout:g} s.",
                hint="Raise its timeout.",
                details={"known": False},
            ) from error
        except ToolError:
            raise
        except PrudentError as error:
            raise ToolError(
                f"{self.name} failed: {error.message}", hint=error.hint, details={"known": False}
            ) from error
        except Exception as error:
            raise ToolError(
                f"{self.name} failed: {type(error).__name__}: {error}", details={"known": False}
            ) from error
        try:
            self._see_to_depth(result)
            data = self.dump(result)
            self._see_to_depth(data)
            return data
        except ToolError as error:  # it ran: what it left behind is there
            error.details["known"] = False
            raise

    def _see_to_depth(self, result: object) -> None:
        if deeper_than(result, MOST_NESTED):
            raise ToolError(
                f"What {self.name} returned is nested too deep: at most {MOST_NESTED} levels are read.",
                hint="Return a flatter value, or the part of it that is needed.",
            )


async def _run(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """What the function returns; what is not async runs in a thread."""
    if inspect.iscoroutinefunction(function):
        return await function(**arguments)
    result = await _in_thread(function, arguments)
    return await result if inspect.isawaitable(result) else result


async def _in_thread(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """The function's result from a thread of its own.

    Not from asyncio's pool: calls that hang would fill it for every other tool, and the end of the program
    would wait for them.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[tuple[Any, Exception | None]] = loop.create_future()
    context = contextvars.copy_context()

    def settle(outcome: tuple[Any, Exception | None]) -> None:
        if not future.done():
            future.set_result(outcome)

    def work() -> None:
        try:
            outcome = (context.run(function, **arguments), None)
        except Exception as error:  # noqa: BLE001 - raised again where it is awaited
            outcome = (None, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=work, name=f"tool {function!r:.60}", daemon=True).start()
    result, error = await future
    if error is not None:
        raise error
    return result
