"""Ask one question, from the command line: `python examples/ask.py "Why is the sky blue?"`.

The whole of an app: no server to start, no key. It exits with the error's own code where there is one.
"""

import sys

from prudent import Client, PrudentError


def main() -> int:
    """Answer the question on the command line."""
    question = " ".join(sys.argv[1:]) or "Why is the sky blue?"
    try:
        with Client() as client:
            answer = client.chat.completions.create(
                messages=[
                    {"role": "system", "content": "Answer in one sentence."},
                    {"role": "user", "content": question},
                ],
                temperature=0,
                max_tokens=100,
            )
    except PrudentError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(answer.text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
