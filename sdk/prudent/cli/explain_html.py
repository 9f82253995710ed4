"""An explained verdict as one page for a browser: no script, nothing loaded from anywhere.

The page's own style is named in its Content-Security-Policy by hash, so that nothing else can run even if
the text were to slip through. What colour says, a table says too.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from html import escape

from prudent.cli.explain_view import below, details, found, headline, legible, looked_at
from prudent.types.safety import CategoryVerdict, PromptFilterResult, VerdictSpan

_LEVELS = 5
_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #ffffff; --line: #767676; --card: #f5f5f2; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --paper: #161616; --line: #8f8f8f; --card: #232323; }
}
body { margin: 2rem auto; max-width: 46rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.6 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 0 0 .5rem; }
section { background: var(--card); border-left: .3rem solid var(--line); padding: 1rem; margin: 1.5rem 0; }
blockquote { margin: .75rem 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 1.1rem; }
mark { color: #1a1a1a; border-radius: .2rem; padding: .05rem .15rem; }
.w1 { background: #fff6cf; } .w2 { background: #ffe48a; } .w3 { background: #ffc766; }
.w4 { background: #ffa574; } .w5 { background: #ff8a80; }
.decisive { outline: .15rem solid var(--ink); font-weight: 700; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin-top: .75rem; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); }
.key { font-size: .9rem; }
"""


def as_page(explained: Sequence[tuple[str, PromptFilterResult]], policy: str) -> str:
    """The page for texts and the verdicts on them."""
    style = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    body = "".join(_explained(text, result, policy) for text, result in explained)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>Why: {escape(policy)}</title><style>{_STYLE}</style></head>\n<body><main>"
        '<p class="key">The stronger the colour, the further the score falls without the word. Framed words '
        "are decisive: without all of them the text passes, which was verified by scoring it.</p>"
        f"{body}</main></body></html>\n"
    )


def _explained(text: str, result: PromptFilterResult, policy: str) -> str:
    verdicts = found(result)
    body = "".join(_section(text, name, verdict) for name, verdict in verdicts.items())
    if not verdicts:
        body = f"<p>It has nothing against this text.</p><blockquote>{_escaped(text)}</blockquote>"
    body += "".join(f"<p>{_escaped(line)}</p>" for line in looked_at(result))
    if (seen := below(result)) is not None:
        body += f"<p>{escape(seen)}</p>"
    return f"<h1>What the policy {escape(policy)} says of a text of the {escape(result.source)}</h1>{body}"


def _section(text: str, name: str, verdict: CategoryVerdict) -> str:
    head = f"<section><h2>{escape(headline(name, verdict))}</h2>"
    shown = ""
    if verdict.detected and verdict.spans:
        shown = f"<blockquote>{''.join(_marked(text, verdict.spans))}</blockquote>"
    return f"{head}{shown}{_facts(text, verdict)}{_table(text, verdict.spans)}</section>"


def _facts(text: str, verdict: CategoryVerdict) -> str:
    pairs = [line.partition(": ") for line in details(text, verdict)]
    # The words stand in the table.
    kept = [
        (name, value) for name, _, value in pairs if name not in ("decisive", "carried by", "also carried by")
    ]
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{_escaped(value)}</dd>" for name, value in kept)
    return f"<dl>{rows}</dl>" if rows else ""


def _table(text: str, spans: Sequence[VerdictSpan]) -> str:
    if not spans:
        return ""
    ranked = sorted(spans, key=lambda span: (not span.decisive, -span.weight, span.start))
    rows = "".join(
        f"<tr><td>{_escaped(text[span.start : span.end])}</td><td>{span.weight:.2f}</td>"
        f"<td>{'yes' if span.decisive else 'no'}</td><td>{span.start} to {span.end}</td></tr>"
        for span in ranked
    )
    return (
        '<table><thead><tr><th scope="col">Words</th><th scope="col">Weight</th>'
        '<th scope="col">Decisive</th><th scope="col">Characters</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _marked(text: str, spans: Sequence[VerdictSpan]) -> Iterator[str]:
    at = 0
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if span.start < at:
            continue
        level = min(_LEVELS, 1 + int(span.weight * _LEVELS))
        decisive = " decisive" if span.decisive else ""
        yield _escaped(text[at : span.start])
        yield f'<mark class="w{level}{decisive}">{_escaped(text[span.start : span.end])}</mark>'
        at = span.end
    yield _escaped(text[at:])


def _escaped(text: str) -> str:
    """The text for HTML, with the names of what has no shape and could reorder or hide the rest."""
    return escape(legible(text))
