"""The expense desk of the demo: its tools, its rules and its agent. Prints nothing.

Everything in it is what an app would write: typed functions, a knowledge base and an Agent.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, Field

from prudent.client import Client
from prudent.types.content import Source
from prudent_agents import Agent, Budget, Tool, ToolContext, tool
from prudent_agents.knowledge import KnowledgeBase
from prudent_agents.tools.knowledge_search import knowledge_search

FOLDER = Path(__file__).parent
DOCUMENTS = ("handbook.md", "letter_from_supplier.md")
SEARCH_CARD = "Look something up in the handbook: meals, dinner, trains."
RULES = ("ask: ledger.book",)


@dataclass(frozen=True)
class Desk:
    """The agent, where its expenses go, and the documents that it may quote."""

    agent: Agent
    expenses: Path
    knowledge: KnowledgeBase


def open_desk(client: Client, folder: Path, *, model: str | None = None) -> Desk:
    """Set the desk up with its files below `folder`: two documents are read into a knowledge base.

    Raises:
        PrudentError: a model cannot be had, or the folder cannot be written.
    """
    knowledge = KnowledgeBase(folder / "knowledge.db", client)
    knowledge.add(*(FOLDER / name for name in DOCUMENTS), confidentiality="public")
    expenses = folder / "expenses.csv"
    tools: list[Tool | Callable[..., object]] = [
        _receipt_reader(),
        _expense_adder(expenses),
        replace(knowledge_search(knowledge, limit=4, clearance="public"), name="handbook", card=SEARCH_CARD),
    ]
    agent = Agent(
        tools=tools,
        client=client,
        model=model,
        rules=RULES,
        budget=Budget(tokens=20_000, calls=30, money=0.0),
        name="expense-desk",
    )
    return Desk(agent, expenses, knowledge)


class Receipt(BaseModel):
    """What a receipt says."""

    shop: str = Field(max_length=60)
    date: str = Field(max_length=20)
    total: float


def _receipt_reader() -> Tool:
    @tool(name="receipt.read", source=Source.IMAGE, timeout=None)
    async def read(context: ToolContext) -> Receipt:
        """Read the receipt: its shop, date and total."""
        client = context.client
        assert client is not None
        page = await client.vision.read(FOLDER / "receipt.png")
        form = {"name": "receipt", "schema": Receipt.model_json_schema()}
        text = {"type": "text", "text": page.text, "source": Source.IMAGE}
        answer = await client.chat.completions.create(
            messages=[
                {"role": "system", "content": "Fill in the form from the receipt."},
                {"role": "user", "content": [text]},
            ],
            response_format={"type": "json_schema", "json_schema": form},
            temperature=0,
            max_tokens=80,
        )
        return Receipt.model_validate_json(answer.text)

    return read


def _expense_adder(file: Path) -> Tool:
    @tool(name="ledger.book", effect="write", trusted=True)
    def add(shop: str, amount: float, context: ToolContext) -> str:
        """Write an expense into the ledger.

        shop: name of the shop
        amount: total of the receipt, in euros
        """
        with file.open("a", newline="", encoding="utf-8") as rows:
            csv.writer(rows).writerow([context.idempotency_key, shop, f"{amount:.2f}"])
        return f"booked: {shop}, {amount:.2f} euros"

    return add
