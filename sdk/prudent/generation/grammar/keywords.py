"""The keywords of JSON Schema by what becomes of them. Data; nothing that walks a schema.

It holds for all drafts from 3 on and for OpenAPI's dialect. Keywords that are in none of these tables are
enforced (see `json_schema`), or in no draft: these say nothing about an instance, unless they look like a
slip of the pen.
"""

from __future__ import annotations

import difflib
from typing import Final

ANNOTATIONS: Final[frozenset[str]] = frozenset(
    {
        "$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$comment",
        "$defs", "definitions", "title", "description", "default", "examples", "example", "deprecated",
        "readOnly", "writeOnly", "contentMediaType", "contentEncoding", "contentSchema",
        "nullable", "discriminator", "xml", "externalDocs", "minContains", "maxContains", "then", "else",
    }
)  # fmt: skip
"""Keywords that make no instance invalid by themselves. The definitions matter where something refers to
them, `then`, `else` and the numbers of `contains` together with their keyword, which is refused."""

REFUSED: Final[frozenset[str]] = frozenset(
    {
        "not", "if", "contains", "propertyNames", "uniqueItems",
        "dependencies", "dependentRequired", "dependentSchemas",
        "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef",
        "extends", "disallow", "divisibleBy",
    }
)  # fmt: skip
"""Keywords that cannot be enforced while a text is written, unless their value asks for nothing."""

ENFORCED: Final[frozenset[str]] = frozenset(
    {
        "type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref",
        "properties", "patternProperties", "additionalProperties", "required",
        "minProperties", "maxProperties",
        "items", "prefixItems", "additionalItems", "minItems", "maxItems",
        "minLength", "maxLength", "pattern", "format",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    }
)  # fmt: skip
"""Keywords that are enforced; some of them within limits that only compiling shows."""

TYPES: Final[frozenset[str]] = frozenset(
    {"null", "boolean", "integer", "number", "string", "array", "object"}
)

_SIMILARITY = 0.85
_ASSERTIONS = {keyword.lower(): keyword for keyword in ENFORCED | REFUSED}


def meant(keyword: str) -> str | None:
    """The keyword that an unknown one is probably a misspelling of."""
    if keyword.startswith("x-") or not (keyword[:1].isalpha() and keyword.isascii()):
        return None
    near = difflib.get_close_matches(keyword.lower(), _ASSERTIONS, n=1, cutoff=_SIMILARITY)
    return _ASSERTIONS[near[0]] if near else None
