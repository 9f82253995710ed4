"""What a run may use, reserved before each call. Knows no model and no tool."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from prudent_agents.errors import BudgetExceededError


class Budget(BaseModel):
    """Limits of a run; None is no limit. `calls` are tool calls and model calls together.

    `seconds` are of the clock and do not run while the run waits for a person. `money` is in the currency
    of the prices; a model without a known price counts as a breach where there is a limit, unless
    `unknown_price` says otherwise. Local models cost none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: int | None = Field(default=100_000, gt=0)
    calls: int | None = Field(default=100, gt=0)
    seconds: float | None = Field(default=None, gt=0)
    money: float | None = Field(default=None, ge=0)
    unknown_price: bool = False


class Cost(BaseModel):
    """What was used. `money` is None where a price was not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    seconds: float = 0.0
    money: float | None = 0.0

    @property
    def tokens(self) -> int:
        """Of prompts and answers together."""
        return self.prompt_tokens + self.completion_tokens

    def plus(self, **more: Any) -> Cost:
        """The sum with what is named."""
        known = self.money is not None and more.get("money", 0.0) is not None
        sums = {name: getattr(self, name) + amount for name, amount in more.items() if name != "money"}
        money = (self.money or 0.0) + (more.get("money") or 0.0) if known else None
        return self.model_copy(update=sums | {"money": money})


@dataclass(eq=False, slots=True)
class Reservation:
    """What is set aside for a call that is being made. A context manager that releases it."""

    account: Account
    tokens: int
    calls: int
    money: float
    parent: Reservation | None = None

    def release(self) -> None:
        """The call is settled, or was not made."""
        self.account.forget(self)
        if self.parent is not None:
            self.parent.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.release()


class Account:
    """One run's use of its budget. A sub-agent's account has its caller's as `parent`: both must allow."""

    def __init__(
        self, budget: Budget, *, parent: Account | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.budget = budget
        self.cost = Cost()
        self._parent = parent
        self._clock = clock
        self._began = clock()
        self._before = 0.0
        self._reserved: list[Reservation] = []

    def reserve(self, *, tokens: int = 0, calls: int = 1, money: float | None = 0.0) -> Reservation:
        """Set aside what a call will use at most, before it is made; release it when it is settled.

        Raises:
            BudgetExceededError: it would be more than is left, also of the parent's.
        """
        held = None if self._parent is None else self._parent.reserve(tokens=tokens, calls=calls, money=money)
        try:
            self._allow(tokens, calls, money)
        except BudgetExceededError:
            if held is not None:
                held.release()
            raise
        reservation = Reservation(self, tokens, calls, money or 0.0, held)
        self._reserved.append(reservation)
        return reservation

    def _allow(self, tokens: int, calls: int, money: float | None) -> None:
        used, budget, held = self.cost, self.budget, self._reserved
        self._within("tokens", budget.tokens, used.tokens + sum(one.tokens for one in held), tokens)
        self._within(
            "calls",
            budget.calls,
            used.model_calls + used.tool_calls + sum(one.calls for one in held),
            calls,
        )
        self._within("seconds", budget.seconds, round(self.seconds, 2), 0)
        if budget.money is not None and (money is None or used.money is None):
            if not budget.unknown_price:
                raise BudgetExceededError(
                    "The price of a call is not known, and the budget limits money.",
                    hint="Name the model's price, or allow unknown prices (unknown_price).",
                    details={"limit": "money"},
                )
        elif money is not None:
            self._within("money", budget.money, (used.money or 0.0) + sum(one.money for one in held), money)

    def forget(self, reservation: Reservation) -> None:
        """What was set aside is free again."""
        if reservation in self._reserved:
            self._reserved.remove(reservation)

    def settle(self, **used: Any) -> None:
        """Say what a call did use: fields of Cost."""
        self.cost = self.cost.plus(**used)
        if self._parent is not None:
            self._parent.settle(**used)

    def waited(self, seconds: float) -> None:
        """Leave out the time that a person took; a caller that asks for this run leaves it out itself."""
        self._before -= seconds

    @property
    def seconds(self) -> float:
        """How long the run has run, pauses left out."""
        return self._before + self._clock() - self._began

    def restore(self, cost: Cost) -> None:
        """Go on from what an interrupted run had used."""
        self.cost, self._before = cost, cost.seconds
        if self._parent is not None:
            self._parent.settle(**cost.model_dump(exclude={"seconds"}))

    def _within(self, what: str, limit: float | None, used: float, asked: float) -> None:
        if limit is not None and used + asked > limit:
            raise BudgetExceededError(
                f"The budget of {limit:,g} {what} is used up: {used:,g} used, {asked:,g} more asked for.",
                hint=f"Give the agent more: Budget({what}=...).",
                details={"limit": what, "used": used, "asked": asked},
            )
