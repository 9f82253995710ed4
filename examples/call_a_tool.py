"""Let a model use a function of yours, and answer from what it returned: `python examples/call_a_tool.py`.

The model asks for the call, you make it: nothing runs that you do not run.
"""

import json
import sys
from typing import Any

from prudent import Client, PrudentError

STOCK = {"apples": 12, "pears": 0, "plums": 140}
TOOL = {
    "type": "function",
    "function": {
        "name": "count_stock",
        "description": "How many of a fruit are in stock.",
        "parameters": {
            "type": "object",
            "properties": {
                "fruit": {"type": "string", "enum": list(STOCK), "description": "Name of the fruit"}
            },
            "required": ["fruit"],
        },
    },
}


def main() -> int:
    """Ask, call, and ask again with the result."""
    question = " ".join(sys.argv[1:]) or "How many plums and how many pears are in stock?"
    messages: list[Any] = [{"role": "user", "content": question}]
    try:
        with Client() as client:
            asked = client.chat.completions.create(messages=messages, tools=[TOOL], tool_choice="required")
            calls = asked.choices[0].message.tool_calls or []
            messages.append({"role": "assistant", "tool_calls": [call.model_dump() for call in calls]})
            for call in calls:
                fruit = json.loads(call.function.arguments)["fruit"]
                result = json.dumps({"fruit": fruit, "in stock": STOCK[fruit]})
                print(f"{call.function.name}({fruit}) -> {result}")
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
            answer = client.chat.completions.create(messages=messages, temperature=0, max_tokens=80)
    except PrudentError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(answer.text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
