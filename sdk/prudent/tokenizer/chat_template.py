"""Renders a conversation into a prompt with the template that came with the model.

Knows templates, messages as plain mappings, and which texts are control tokens; no ids of ordinary text.

A template comes out of a downloaded file and is bounded (see `sandbox`). What messages say comes from users,
documents and tools, and must never act as a control token. So control tokens are not looked for in the
rendered text: the template puts out a mark, made of a number fresh for every render, where its own source
spells one (see `rewrite`). A message can spell what it likes, over as many parts and fields as it likes; it
cannot know the number.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Self, cast

from jinja2 import Template, TemplateSyntaxError
from jinja2.exceptions import SecurityError, TemplateError

from prudent.errors import InvalidRequestError, ModelFileError, UnsupportedModelError
from prudent.tokenizer.prompt import Control, RenderedPrompt
from prudent.tokenizer.rewrite import ControlTexts, TemplateRewriter
from prudent.tokenizer.sandbox import (
    Allowance,
    BoundedEnvironment,
    TemplateLimitError,
    TemplateRefusalError,
)
from prudent.tokenizer.spec import TokenizerSpec

CHATML = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

_SOURCE_LIMIT = 2**17
_DEPTH_LIMIT = 64
_STEPS = 1_000_000
_SECONDS = 5.0
_REASON_LIMIT = 300
# Templates handle each text a few times over; more than this is not rendering a conversation.
_UNITS_PER_CHARACTER = 64
_UNITS = 4_000_000

_USER = {"role": "user", "content": "a"}
_PROBES: tuple[tuple[dict[str, str], ...], ...] = (
    (_USER,),
    ({"role": "system", "content": "b"}, _USER, {"role": "assistant", "content": "c"}, _USER),
)
# What a template may raise over messages that it was not written for.
_MISFITS = (
    TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
)


class _MarkingEnvironment(BoundedEnvironment):
    def __init__(self, controls: ControlTexts) -> None:
        super().__init__()
        self._texts = {token: text for text, token in controls.tokens.items()}
        self.nonce: str | None = None

    def mark(self, token: int) -> str:
        """What stands for a control token in the output: its mark, or without a nonce its text."""
        if self.nonce is None:
            return self._texts[token]
        opening, closing = _mark_ends(self.nonce)
        return f"{opening}{token}{closing}"


class ChatTemplate:
    """A model's chat template. Immutable to its users, and safe to share between threads."""

    def __init__(
        self,
        source: str,
        special_tokens: Mapping[str, int],
        *,
        bos_id: int | None = None,
        eos_id: int | None = None,
    ) -> None:
        """Compile `source`; `special_tokens` maps the text of each control token to its id.

        Raises:
            ModelFileError: the template is too large, is not valid, or cannot render a user's message.
            UnsupportedModelError: it assembles control tokens out of pieces.
        """
        if len(source) > _SOURCE_LIMIT:
            raise ModelFileError(
                f"The model's chat template has {len(source)} characters; the limit is {_SOURCE_LIMIT}."
            )
        self._controls = ControlTexts(special_tokens)
        self._names = {token: text for text, token in special_tokens.items()}
        self._ids = {"bos_token": bos_id, "eos_token": eos_id}
        self._environment = _MarkingEnvironment(self._controls)
        self._lock = threading.Lock()
        self._template = self._compile(source)
        self._prove()

    @classmethod
    def from_spec(cls, spec: TokenizerSpec) -> Self:
        """The model's own template, or ChatML where the file has none and the vocabulary knows its tokens.

        Raises:
            ModelFileError: as for the constructor.
            UnsupportedModelError: likewise, or there is no template and no ChatML.
        """
        special = spec.special_tokens
        source = spec.chat_template
        if source is None and {"<|im_start|>", "<|im_end|>"} <= special.keys():
            source = CHATML
        if source is None:
            raise UnsupportedModelError(
                "The model file has no chat template.", hint="Use the instruct variant of the model."
            )
        return cls(source, special, bos_id=spec.bos_id, eos_id=spec.eos_id)

    def render(
        self,
        messages: Sequence[Mapping[str, object]],
        add_generation_prompt: bool = True,
        tools: Sequence[Mapping[str, object]] | None = None,
    ) -> RenderedPrompt:
        """Render a conversation.

        Messages have `role` and `content`, both text, and what else the template reads; roles are those that
        the template knows, so the caller maps `developer` to `system`. A system prompt that the template adds
        by itself stays.

        Raises:
            InvalidRequestError: the template does not take these messages, for the reason it gives.
            ModelFileError: the template does what a chat template has no business doing.
        """
        plain = _plain(list(messages), 0)
        plain_tools = None if tools is None else _plain(list(tools), 0)
        nonce = _fresh_nonce()
        return self._split(self._run(plain, add_generation_prompt, plain_tools, nonce), nonce)

    def _compile(self, source: str) -> Template:
        environment = self._environment
        try:
            tree = environment.parse(source)
            TemplateRewriter(self._controls).visit(tree)
            tree.set_environment(environment)
            tree.set_lineno(1)
            return environment.from_string(tree)
        except TemplateSyntaxError as error:
            raise ModelFileError(
                f"The model's chat template is not valid (line {error.lineno}): "
                f"{error.message!s:.{_REASON_LIMIT}}"
            ) from error
        except (TemplateError, SyntaxError, RecursionError, MemoryError, ValueError) as error:
            raise ModelFileError(
                f"The model's chat template is not valid ({type(error).__name__})."
            ) from error

    def _prove(self) -> None:
        """Render harmless messages both ways: every control token in the text must be one that was marked."""
        for number, probe in enumerate(_PROBES):
            messages = [dict(message) for message in probe]
            nonce = _fresh_nonce()
            try:
                text = self._run(messages, True, None, None)
                prompt = self._split(self._run(messages, True, None, nonce), nonce)
            except InvalidRequestError as error:
                if number > 0:
                    continue  # Not every template takes a system message.
                raise ModelFileError(
                    f"The model's chat template cannot render a user's message: {error.message}"
                ) from error
            marked = [part.id for part in prompt.segments if isinstance(part, Control)]
            if marked != [part for part in self._controls.split(text) if isinstance(part, int)]:
                raise UnsupportedModelError(
                    "The model's chat template assembles control tokens out of pieces, "
                    "so they cannot be told from what a message says."
                )

    def _run(self, messages: object, add_generation_prompt: bool, tools: object, nonce: str | None) -> str:
        size = _characters(messages) + _characters(tools)
        environment = self._environment
        with self._lock:
            environment.nonce = nonce
            environment.allowance = Allowance(
                units=_UNITS + _UNITS_PER_CHARACTER * size,
                steps=_STEPS,
                deadline=time.thread_time() + _SECONDS,
            )
            named = {
                name: environment.mark(token) if token in self._names else None
                for name, token in self._ids.items()
                if token is not None
            }
            try:
                return self._template.render(
                    messages=messages, tools=tools, add_generation_prompt=add_generation_prompt, **named
                )
            except TemplateRefusalError as error:
                raise _refused(error.message or "no reason given", nonce) from None
            except (TemplateLimitError, SecurityError, MemoryError) as error:
                reason = (
                    error.message
                    if isinstance(error, TemplateLimitError)
                    else "it reaches for what it may not"
                )
                raise ModelFileError(f"The model's chat template was stopped: {reason}.") from error
            except _MISFITS as error:
                # Not chained: what Python says of the failure may quote a message.
                raise _refused(f"it fails on them ({type(error).__name__})", nonce) from None

    def _split(self, rendered: str, nonce: str) -> RenderedPrompt:
        opening, closing = _mark_ends(nonce)
        first, *rest = rendered.split(opening)
        segments: list[str | Control] = [first]
        for piece in rest:
            number, _, text = piece.partition(closing)
            token = int(number) if number.isdecimal() else None
            if token not in self._names:
                raise ModelFileError("The model's chat template cuts control tokens to pieces.")
            segments += [Control(token, self._names[token]), text]
        if any(isinstance(segment, str) and nonce in segment for segment in segments):
            raise ModelFileError("The model's chat template cuts control tokens to pieces.")
        return RenderedPrompt(tuple(segment for segment in segments if segment))


def _fresh_nonce() -> str:
    return f"{secrets.randbits(128):039}"


def _mark_ends(nonce: str) -> tuple[str, str]:
    """What stands before and after the id in a mark.

    The number is on both sides, so that of a mark which a template cuts in two nothing can be completed by
    the text that follows. It is decimal, so that no change of case touches it.
    """
    return f"\ue000{nonce}.", f".{nonce}\ue000"


def _refused(reason: str, nonce: str | None) -> InvalidRequestError:
    if nonce is not None and nonce in reason:
        reason = "no reason given"
    return InvalidRequestError(
        f"The model's chat template does not take these messages: {reason:.{_REASON_LIMIT}}",
        hint="Check the roles and their order.",
        param="messages",
    )


def _plain(value: object, depth: int) -> object:
    """A copy in plain containers and scalars: what a template gets has no methods of ours, and an end."""
    if depth > _DEPTH_LIMIT:
        raise InvalidRequestError(f"Messages are nested deeper than {_DEPTH_LIMIT} levels.", param="messages")
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {str(key): _plain(item, depth + 1) for key, item in items}
    if isinstance(value, Sequence):
        return [_plain(item, depth + 1) for item in cast("Sequence[object]", value)]
    raise InvalidRequestError(
        f"A message holds a {type(value).__name__}, which is neither text, number, list nor mapping.",
        param="messages",
    )


def _characters(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(key) + _characters(item) for key, item in cast("dict[str, object]", value).items())
    if isinstance(value, list):
        return sum(map(_characters, cast("list[object]", value)))
    return 1
