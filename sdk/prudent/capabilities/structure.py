"""`response_format` to the grammar that an answer follows. It joins wire format and grammar compiler.

The prompt is not touched: who wants the model to know of the form says so in a message.
"""

from __future__ import annotations

import json
import logging
from typing import Final

from prudent.errors import GrammarError, InvalidRequestError
from prudent.generation.constraint import Grammar
from prudent.generation.grammar import (
    Choice,
    GrammarCompiler,
    GrammarSource,
    JsonObject,
    JsonSchema,
    Lark,
    Regex,
)
from prudent.types.chat import ChatCompletionRequest
from prudent.types.response_format import (
    ChoiceFormat,
    JsonObjectFormat,
    JsonSchemaFormat,
    LarkFormat,
    RegexFormat,
    ResponseFormat,
    TextFormat,
)

_log = logging.getLogger(__name__)

_PLACES: Final[dict[str, str]] = {
    "json_schema": "response_format.json_schema.schema",
    "regex": "response_format.regex",
    "choice": "response_format.choices",
    "lark": "response_format.grammar",
}


def grammar_of(request: ChatCompletionRequest, compiler: GrammarCompiler) -> Grammar | None:
    """The grammar that the request asks for, if any; compiling it may take a second.

    Raises:
        GrammarError: it is wrong, or asks for what cannot be enforced; `param` names the field.
        InvalidRequestError: something else in the request would break the form.
    """
    form = request.response_format
    source = None if form is None else grammar_source(form)
    if form is None or source is None:
        return None
    if request.stop_strings:
        raise InvalidRequestError(
            "stop could cut the answer before it has the form of response_format.",
            hint="Leave one of them out.",
            param="stop",
        )
    if request.tools:
        raise InvalidRequestError(
            "A choice between tools and a form of the answer cannot share one answer.",
            hint="Leave out tools or response_format.",
            param="response_format",
        )
    try:
        compiled = compiler.compile(source)
    except GrammarError as error:
        raise GrammarError(
            error.message, hint=error.hint, param=_PLACES.get(form.type), details=error.details
        ) from error
    if compiled.left_out:  # what they are called is the caller's business
        _log.info("A schema that is not strict leaves %d keywords to the model.", len(compiled.left_out))
    return compiled.grammar


def grammar_source(form: ResponseFormat) -> GrammarSource | None:
    """The grammar of a form of answer; None for free text."""
    match form:
        case TextFormat():
            return None
        case JsonObjectFormat():
            return JsonObject()
        case JsonSchemaFormat(json_schema=schema):
            return JsonSchema(json.dumps(schema.schema_), strict=schema.strict is not False)
        case RegexFormat(regex=regex):
            return Regex(regex)
        case ChoiceFormat(choices=choices):
            return Choice(tuple(choices))
        case LarkFormat(grammar=grammar):
            return Lark(grammar)
