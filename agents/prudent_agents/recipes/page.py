"""The pages of a served recipe: a form made of its parameters, a result, a question. HTML without script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape

from prudent_agents.events import ApprovalAsked
from prudent_agents.recipes.document import Parameter, RecipeDocument
from prudent_agents.recipes.page_words import Words, words_of
from prudent_agents.recipes.parameters import LONGEST
from prudent_agents.recipes.showing import shown
from prudent_agents.values import JSON

_LONG = 200
"""Characters from which on a text has a field of several lines."""


def form_page(
    document: RecipeDocument,
    asked: Mapping[str, Parameter],
    given: Mapping[str, str],
    errors: Mapping[str, str],
) -> str:
    """The form, with what was given before and what was wrong with it; errors are summed up first."""
    words = words_of(document)
    fields = "".join(
        _field(name, parameter, given.get(name), errors.get(name), words) for name, parameter in asked.items()
    )
    summary = ""
    if errors:
        links = "".join(
            f'<li><a href="#{escape(name)}">{escape(name)}: {escape(text)}</a></li>'
            for name, text in errors.items()
        )
        summary = (
            '<div class="errors" role="alert" tabindex="-1" id="errors">'
            f"<h2>{words.wrong}</h2><ul>{links}</ul></div>"
        )
    body = (
        f"<h1>{escape(document.name)}</h1><p>{escape(document.about)}</p>{summary}"
        '<form method="post" action="/" enctype="multipart/form-data" novalidate>'
        f'{fields}<p><button type="submit">{words.run}</button></p></form>'
    )
    return _page(words.error.format(document.name) if errors else document.name, body, words)


def _field(name: str, parameter: Parameter, given: str | None, error: str | None, words: Words) -> str:
    needed = not parameter.optional and parameter.default is None
    value = given if given is not None else ("" if parameter.default is None else str(parameter.default))
    if parameter.type == "yes/no" and given is None and parameter.default is not None:
        value = "yes" if parameter.default else "no"
    hint = _hint(parameter, words)
    described = [f"{name}-hint"] if hint else []
    described += [f"{name}-error"] if error else []
    attributes = f'id="{escape(name)}" name="{escape(name)}"'
    attributes += " required" if needed else ""
    attributes += f' aria-describedby="{escape(" ".join(described))}"' if described else ""
    attributes += ' aria-invalid="true"' if error else ""
    label = f"{parameter.about or name}{'' if needed else words.optional}"
    return (
        f'<div class="field"><label for="{escape(name)}">{escape(label)}</label>'
        + (f'<p class="hint" id="{escape(name)}-hint">{escape(hint)}</p>' if hint else "")
        + (f'<p class="error" id="{escape(name)}-error">{escape(error)}</p>' if error else "")
        + _control(parameter, attributes, value, words)
        + "</div>"
    )


def _hint(parameter: Parameter, words: Words) -> str:
    if parameter.type == "date":
        return words.date
    if parameter.type == "folder":
        return words.folder
    bounds = ((words.at_least, parameter.minimum), (words.at_most, parameter.maximum))
    said = [word.format(bound) for word, bound in bounds if bound is not None]
    return words.number.format(words.joined.join(said)) if said else ""


def _control(parameter: Parameter, attributes: str, value: str, words: Words) -> str:
    match parameter.type:
        case "enum" | "yes/no":
            choices = {str(choice): str(choice) for choice in parameter.choices or ()}
            if parameter.type == "yes/no":
                choices = {"yes": words.yes, "no": words.no}
            options = "".join(
                f'<option value="{escape(one)}"{" selected" if one == value else ""}>{escape(told)}</option>'
                for one, told in choices.items()
            )
            return f'<select {attributes}><option value="">{words.choose}</option>{options}</select>'
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


def result_page(document: RecipeDocument, status: str, output: JSON, error: str | None) -> str:
    """What a run came to."""
    words = words_of(document)
    told = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    title = f"{document.name}: {words.done if status == 'done' else status}"
    body = (
        f"<h1>{escape(title)}</h1>{told}<h2>{words.result}</h2>"
        f'<div class="result" tabindex="0">{shown(output, words)}</div>'
        f'<p><a href="/">{words.again}</a></p>'
    )
    return _page(title, body, words)


def question_page(document: RecipeDocument, run: str, question: ApprovalAsked) -> str:
    """What a person is asked before a call is made: every argument in full, and whom it is from."""
    words = words_of(document)
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        f"<td>{escape(json.dumps(value.data, ensure_ascii=False))}</td>"
        f"<td>{escape(', '.join(sorted(value.label.words())))}</td></tr>"
        for name, value in question.arguments.items()
    )
    title = words.asks.format(document.name)
    body = (
        f"<h1>{escape(title)}</h1><p>{escape(words.wants.format(question.step))}"
        f"<strong>{escape(question.tool)}</strong>: {escape(question.reason)}</p>"
        f'<table><caption>{words.caption}</caption><thead><tr><th scope="col">{words.argument}</th>'
        f'<th scope="col">{words.value}</th><th scope="col">{words.label}</th></tr></thead>'
        f'<tbody>{rows}</tbody></table><form method="post" action="/decide">'
        f'<input type="hidden" name="run" value="{escape(run)}">'
        f'<input type="hidden" name="digest" value="{escape(question.digest)}">'
        f'<p><button type="submit" name="decision" value="no">{words.refuse}</button> '
        f'<button type="submit" name="decision" value="yes">{words.approve}</button></p></form>'
    )
    return _page(title, body, words)


def _page(title: str, body: str, words: Words) -> str:
    return (
        f'<!DOCTYPE html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/form.css"></head>'
        f"<body><main>{body}</main></body></html>"
    )
