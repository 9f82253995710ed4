"""What the decoder reads before it writes: earlier text, language, task, a beginning. Knows no graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prudent.capabilities.whisper.options import DecodeOptions
from prudent.errors import InvalidRequestError
from prudent.runtime.transcriber_artifact import TranscriberConfig

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Prompt:
    """`tokens` to read; `start` is the place of the token at which a transcript begins."""

    tokens: tuple[int, ...]
    start: int


def make_prompt(
    options: DecodeOptions,
    language: str,
    config: TranscriberConfig,
    encode: Callable[[str], list[int]],
) -> Prompt:
    """The prompt of a window in a language that the model knows.

    Raises:
        InvalidRequestError: the prefix holds other than text, or is too long.
    """
    special = config.special
    before = _earlier(options.prompt, config, encode)
    task = special.translate if options.task == "translate" else special.transcribe
    sequence = [special.start]
    if config.multilingual:
        sequence += [config.languages[language], task]
    if not options.timestamps:
        sequence.append(special.no_times)
    tokens = (*before, *sequence, *_text(options.prefix, "prefix", config))
    if len(tokens) >= config.max_tokens:
        raise InvalidRequestError(
            f"The prefix has {len(options.prefix)} tokens, more than fit a window.", param="prefix"
        )
    return Prompt(tokens, len(before))


def require_possible(options: DecodeOptions, config: TranscriberConfig, model: str) -> None:
    """Check a language and a task against the model.

    Raises:
        InvalidRequestError: the model does not know the language, or cannot translate.
    """
    known = config.languages or {ENGLISH: 0}
    if options.language is not None and options.language not in known:
        raise InvalidRequestError(
            f"{model} does not know the language {options.language[:20]!r}.",
            hint="It knows English only." if len(known) == 1 else f"It knows {', '.join(known)}.",
            param="language",
        )
    if options.task == "translate" and not config.multilingual:
        raise InvalidRequestError(
            f"{model} knows English only and cannot translate.",
            hint="Use whisper-base.",
            param="model",
        )


def _earlier(
    prompt: str | tuple[int, ...], config: TranscriberConfig, encode: Callable[[str], list[int]]
) -> list[int]:
    """The end of the text before, after the token that says so; nothing where there is none."""
    if isinstance(prompt, str):
        prompt = tuple(encode(" " + prompt.strip())) if prompt.strip() else ()
    text = _text(prompt, "prompt", config)
    longest = config.max_tokens // 2 - 1
    return [config.special.previous, *text[-longest:]] if text else []


def _text(tokens: tuple[int, ...], param: str, config: TranscriberConfig) -> tuple[int, ...]:
    """The tokens, if all of them are text: one that plays a part could turn the task into another."""
    wrong = [token for token in tokens if not 0 <= token < config.special.end]
    if wrong:
        raise InvalidRequestError(f"The token {wrong[0]} in {param} is not text.", param=param)
    return tokens
