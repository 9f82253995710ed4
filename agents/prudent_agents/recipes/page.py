"""The pages of a served recipe: a form made of its parameters, a result, a question. HTML without script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from prudent_agents.events import ApprovalAsked
from prudent_agents.recipes.document import Parameter, RecipeDocument
from prudent_agents.recipes.parameters import LONGEST

_HINTS = {"date": "Year-month-day, for example 2026-03-31.", "folder": "Choose all files that belong to it."}
_LONG = 200
"""Characters from which on a text has a field of several lines."""


def form_page(
    document: RecipeDocument,
    shown: Mapping[str, Parameter],
    given: Mapping[str, str],
    errors: Mapping[str, str],
) -> str:
    """The form, with what was given before and what was wrong with it; errors are summed up first."""
    fields = "".join(
        _field(name, parameter, given.get(name), errors.get(name)) for name, parameter in shown.items()
    )
    summary = ""
    if errors:
        links = "".join(
            f'<li><a href="#{escape(name)}">{escape(name)}: {escape(text)}</a></li>'
            for name, text in errors.items()
        )
        summary = (
            '<div class="errors" role="alert" tabindex="-1" id="errors">'
            f"<h2>Something is missing or wrong</h2><ul>{links}</ul></div>"
        )
    body = (
        f"<h1>{escape(document.name)}</h1><p>{escape(document.about)}</p>{summary}"
        '<form method="post" action="/" enctype="multipart/form-data" novalidate>'
        f'{fields}<p><button type="submit">Run</button></p></form>'
    )
    return _page(f"Error: {document.name}" if errors else document.name, body)


def _field(name: str, parameter: Parameter, given: str | None, error: str | None) -> str:
    needed = not parameter.optional and parameter.default is None
    value = given if given is not None else ("" if parameter.default is None else str(parameter.default))
    if parameter.type == "yes/no" and given is None and parameter.default is not None:
        value = "yes" if parameter.default else "no"
    hint = _HINTS.get(parameter.type, "")
    if parameter.minimum is not None or parameter.maximum is not None:
        low = f"at least {parameter.minimum:g}" if parameter.minimum is not None else ""
        high = f"at most {parameter.maximum:g}" if parameter.maximum is not None else ""
        hint = f"A number, {' and '.join(one for one in (low, high) if one)}."
    described = [f"{name}-hint"] if hint else []
    described += [f"{name}-error"] if error else []
    attributes = f'id="{escape(name)}" name="{escape(name)}"'
    attributes += " required" if needed else ""
    attributes += f' aria-describedby="{escape(" ".join(described))}"' if described else ""
    attributes += ' aria-invalid="true"' if error else ""
    label = f"{parameter.about or name}{'' if needed else ' (optional)'}"
    return (
        f'<div class="field"><label for="{escape(name)}">{escape(label)}</label>'
        + (f'<p class="hint" id="{escape(name)}-hint">{escape(hint)}</p>' if hint else "")
        + (f'<p class="error" id="{escape(name)}-error">{escape(error)}</p>' if error else "")
        + _control(parameter, attributes, value)
        + "</div>"
    )


def _control(parameter: Parameter, attributes: str, value: str) -> str:
    match parameter.type:
        case "enum" | "yes/no":
            choices = ["yes", "no"] if parameter.type == "yes/no" else map(str, parameter.choices or ())
            options = "".join(
                f"<option{' selected' if choice == value else ''}>{escape(choice)}</option>"
                for choice in choices
            )
            return f'<select {attributes}><option value="">Choose</option>{options}</select>'
        case "file":
            accept = f' accept="{escape(",".join(parameter.endings))}"' if parameter.endings else ""
            return f'<input type="file" {attributes}{accept}>'
        case "folder":
            return f'<input type="file" multiple {attributes}>'
        case "number" | "integer":
            mode = "decimal" if parameter.type == "number" else "numeric"
            return f'<input type="text" inputmode="{mode}" {attributes} value="{escape(value)}">'
        case "date":
            return f'<input type="date" {attributes} value="{escape(value)}">'
        case _:
            longest = parameter.longest or LONGEST
            if longest > _LONG:
                return f'<textarea rows="6" maxlength="{longest}" {attributes}>{escape(value)}</textarea>'
            return f'<input type="text" maxlength="{longest}" {attributes} value="{escape(value)}">'


def result_page(document: RecipeDocument, status: str, output: Any, error: str | None) -> str:
    """What a run came to."""
    shown = output if isinstance(output, str) else json.dumps(output, indent=2, ensure_ascii=False)
    told = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    body = (
        f"<h1>{escape(document.name)}: {escape(status)}</h1>{told}"
        f'<h2>Result</h2><pre tabindex="0">{escape("nothing" if output is None else shown)}</pre>'
        '<p><a href="/">Run it again</a></p>'
    )
    return _page(f"{document.name}: {status}", body)


def question_page(document: RecipeDocument, run: str, question: ApprovalAsked) -> str:
    """What a person is asked before a call is made: every argument in full, and whom it is from."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        f"<td>{escape(json.dumps(value.data, ensure_ascii=False))}</td>"
        f"<td>{escape(', '.join(sorted(value.label.words())))}</td></tr>"
        for name, value in question.arguments.items()
    )
    body = (
        f"<h1>{escape(document.name)} asks</h1><p>{escape(question.step)} wants to call "
        f"<strong>{escape(question.tool)}</strong>: {escape(question.reason)}</p>"
        '<table><caption>What it would be called with</caption><thead><tr><th scope="col">argument</th>'
        f'<th scope="col">value</th><th scope="col">label</th></tr></thead><tbody>{rows}</tbody></table>'
        '<form method="post" action="/decide">'
        f'<input type="hidden" name="run" value="{escape(run)}">'
        f'<input type="hidden" name="digest" value="{escape(question.digest)}">'
        '<p><button type="submit" name="decision" value="no">Do not do it</button> '
        '<button type="submit" name="decision" value="yes">Do it</button></p></form>'
    )
    return _page(f"{document.name} asks", body)


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/form.css"></head>'
        f"<body><main>{body}</main></body></html>"
    )
