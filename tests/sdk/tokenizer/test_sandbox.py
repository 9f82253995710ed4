"""A template from a downloaded file can neither hang, nor fill memory, nor reach Python."""

from __future__ import annotations

import resource
import sys

import pytest

from prudent.errors import ModelFileError
from prudent.tokenizer import ChatTemplate

GROW = "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}BODY{% endfor %}{{ ns.x }}"
MANY = "['a' * 1000000] * 100000"

TOO_MUCH = {
    "doubling by ~": GROW.replace("BODY", "{% set ns.x = ns.x ~ ns.x %}"),
    "doubling by +": GROW.replace("BODY", "{% set ns.x = ns.x + ns.x %}"),
    "doubling by a captured block": GROW.replace(
        "BODY", "{% set y %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = y %}"
    ),
    "doubling by replace": GROW.replace("BODY", "{% set ns.x = ns.x.replace('a', 'aa') %}"),
    "doubling by the filter": GROW.replace("BODY", "{% set ns.x = ns.x | replace('a', 'aa') %}"),
    "doubling by join": GROW.replace("BODY", "{% set ns.x = [ns.x, ns.x] | join %}"),
    "doubling by a macro": "{% macro f(x) %}{{ x }}{{ x }}{% endmacro %}"
    + GROW.replace("BODY", "{% set ns.x = f(ns.x) %}"),
    "doubling a list": GROW.replace("BODY", "{% set ns.x = [ns.x, ns.x] %}"),
    "writing a namespace": "{% set ns = namespace(a=1) %}{% set ns.a = ns %}{{ ns }}",
    "repeating": "{{ 'a' * 1000000000000 }}",
    "repeating a list": "{{ ['a'] * 1000000000000 }}",
    "a list of one long text": f"{{{{ {MANY} }}}}",
    "a list of one long text, joined": f"{{{{ ({MANY}) | join }}}}",
    "a list of one long text, by method": f"{{{{ ''.join({MANY}) }}}}",
    "a list of one long text as JSON": f"{{{{ ({MANY}) | tojson }}}}",
    "a list of one long text, trimmed": f"{{{{ ({MANY}) | trim }}}}",
    "a list of one long text, appended": f"{{{{ ({MANY}) ~ '' }}}}",
    "a long separator": "{{ ('a' * 1000000).join(range(100000) | map('string')) }}",
    "long replacement": "{{ ('a' * 1000000).replace('a', 'a' * 1000000) }}",
    "a width": "{{ '%1000000000d' % 1 }}",
    "a format": "{{ '{:1000000000}'.format(1) }}",
    "a format by subscript": "{{ '{:1000000000}'['format'](1) }}",
    "padding": "{{ 'a'.ljust(1000000000) }}",
    "indentation": "{{ {'a': 1} | tojson(indent=1000000000) }}",
    "a power": "{{ 10 ** 100000000 }}",
    "powers of powers": GROW.replace("'aaaaaaaaaaaaaaaa'", "3").replace(
        "BODY", "{% set ns.x = ns.x * ns.x %}"
    ),
    "a large range": "{{ range(1000000000) | list }}",
    "loops in loops": "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    "macros that call twice": "{% macro f(n) %}{{ n and f(n - 1) ~ f(n - 1) }}{% endmacro %}{{ f(60) }}",
    "a macro that calls itself": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "a shadowed helper": "{% set bounded_iteration = 1 %}{% for i in range(99999) %}"
    "{% for j in range(99999) %}{% endfor %}{% endfor %}",
}

OUT = {
    "classes": "{{ ''.__class__.__mro__ }}",
    "globals": "{{ raise_exception.__globals__['json'] }}",
    "the environment": "{{ self.environment }}{{ self._TemplateReference__context.environment.mark }}",
    "a loop's internals": "{% for i in [1] %}{{ loop._recurse.__globals__ }}{% endfor %}",
    "changing the messages": "{{ messages.append(1) }}",
    "files": "{% import 'os' as os %}",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("source", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_a_template_that_does_too_much_is_stopped(source):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelFileError, match="chat template"):
        ChatTemplate(source, {"<|im_end|>": 2})
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 300 * (2**20 if sys.platform == "darwin" else 2**10)


@pytest.mark.parametrize("source", OUT.values(), ids=OUT.keys())
def test_a_template_that_reaches_out_is_stopped(source):
    with pytest.raises(ModelFileError, match="chat template"):
        ChatTemplate(source, {"<|im_end|>": 2})


def render(source, **message):
    return ChatTemplate(source, {"<|im_end|>": 2}).render([{"role": "user", "content": "a", **message}]).text


def test_what_templates_ordinarily_do_still_works():
    assert render("{{ messages[0]['content'].upper() + '-' * 3 }}") == "A---"
    assert (
        render("{% for m in messages %}{{ loop.length }}{{ loop.last }}{{ loop.index0 % 2 }}{% endfor %}")
        == "1True0"
    )
    assert (
        render("{% for k, v in messages[0].items() %}{{ k ~ '=' ~ v }};{% endfor %}")
        == "role=user;content=a;"
    )
    assert render("{% for m in messages if m.role == 'tool' %}x{% else %}none{% endfor %}") == "none"
    assert render("{% for i in range(9) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}") == "01"
    assert (
        render("{{ messages | map(attribute='role') | join(', ') }}{{ missing | default('!') }}") == "user!"
    )
    assert render("{{ messages | selectattr('role', 'equalto', 'user') | list | length }}") == "1"
    assert (
        render("{{ strftime_now('%Y') | length }}{{ 2 ** 3 }}{{ [1, 2, 3][1:] }}{{ 'abc'[::-1] }}")
        == "48[2, 3]cba"
    )


def test_json_is_written_as_it_stands():
    source = "{{ messages[0] | tojson }}"
    assert render(source, name="é<&>'") == '{"role": "user", "content": "a", "name": "é<&>\'"}'


def test_a_long_conversation_is_within_bounds():
    messages = [{"role": "user", "content": "word " * 200}] * 5000
    source = (
        "{% for m in messages %}{{ '<|im_end|>' + m.role + '\\n' + (m.content | trim) + '\\n' }}{% endfor %}"
    )
    prompt = ChatTemplate(source, {"<|im_end|>": 2}).render(messages)
    assert len(prompt.segments) == 10_000
