"""One answer on the terminal: its text while it comes, then the remarks on it. Knows no prompt."""

from __future__ import annotations

from contextlib import closing

from prudent.capabilities.fold import Folding
from prudent.cli.conversation import Content, Conversation
from prudent.cli.terminal import note, write_answer
from prudent.cli.verdicts import findings
from prudent.cli.waiting import Waiting
from prudent.errors import ContentFilterError
from prudent.types.chat import ChatCompletion

ENDINGS = {
    "length": "The answer stops here because of the token limit.",
    "repetition": "The answer stops here because it only said the same again.",
    "content_filter": "The answer stops here because a check held back the rest.",
}


def stream_answer(conversation: Conversation, content: Content, waiting: Waiting) -> ChatCompletion:
    """Ask, write the answer while it comes, then say what the checks found. Returns the whole answer."""
    asked = conversation.asked
    whole = Folding()
    waiting.begin()
    try:
        with closing(conversation.ask(content)) as answer:
            for chunk in answer:
                waiting.over()
                whole.add(chunk)
                write_answer(chunk.text)
    finally:
        waiting.over()
    completion = whole.completion()
    write_answer("" if completion.text.endswith("\n") or not completion.text else "\n")
    for line in findings(completion, asked=asked):
        note(line)
    for choice in completion.choices:
        cut = choice.incomplete_details
        ending = "repetition" if cut and cut.reason == "repetition" else choice.finish_reason
        if ending in ENDINGS:
            note(ENDINGS[ending])
    return completion


def answer_once(conversation: Conversation, content: Content, waiting: Waiting, *, as_json: bool) -> int:
    """Answer, as text while it comes or as one JSON object. Returns what the command exits with."""
    if as_json:
        waiting.begin()
        try:
            completion = conversation.answer(content)
        finally:
            waiting.over()
        write_answer(completion.model_dump_json(exclude_none=True) + "\n")
    else:
        completion = stream_answer(conversation, content, waiting)
    filtered = any(choice.finish_reason == "content_filter" for choice in completion.choices)
    return ContentFilterError.exit_code if filtered else 0
