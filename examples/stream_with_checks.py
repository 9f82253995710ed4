"""Stream an answer about a document under the strict policy, and show what the checks did.

    python examples/stream_with_checks.py < letter.txt

The document comes from somewhere else, and says so (`source`): it is material, not instructions. Personal
data in it is replaced before the model sees it, and the verdicts say what was found and where.
"""

import sys

from prudent import Client

LETTER = "Dear team, please send the contract to Ann Lee, ann.lee@example.org or +1 415 555 2671, by Friday."


def main() -> None:
    """Summarize stdin, or a letter that brings what the checks look for."""
    document = LETTER if sys.stdin.isatty() else sys.stdin.read() or LETTER
    question = [
        {"type": "text", "text": f"{document}\n\n", "source": "document"},
        {"type": "text", "text": "In one sentence: what is to be done, and by when?"},
    ]
    with Client(policy="strict") as client:
        stream = client.chat.completions.create(
            messages=[{"role": "user", "content": question}], temperature=0, max_tokens=80, stream=True
        )
        for chunk in stream:
            for part in chunk.prompt_filter_results or []:
                for check, verdict in part.content_filter_results.items():
                    if verdict.detected:
                        found = sorted({span.label or "something" for span in verdict.spans})
                        print(f"[{part.source}] {check}: {', '.join(found)} -> {verdict.action}")
            print(chunk.text, end="", flush=True)
            if chunk.safety:
                print(f"\n[policy {chunk.safety.policy}, strongest action: {chunk.safety.action}]")


if __name__ == "__main__":
    main()
