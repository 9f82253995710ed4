"""Changes a parsed template before it is compiled, so that control tokens are marked and growth is bounded.

Knows Jinja's syntax tree and the texts of control tokens; renders nothing.

Marking: where the template itself spells a control token in what it puts out, that text is replaced by a call
that puts out a mark. Text that comes in through a message has no mark, so it is told apart however the
template cuts, trims or joins it. Left alone are texts that a message is compared with or that are arguments
of calls, filters and tests: `'</think>' in content` goes on looking for that text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from jinja2 import nodes
from jinja2.visitor import NodeTransformer


class ControlTexts:
    """Finds control tokens in text, the longest where several begin at one place."""

    def __init__(self, tokens: Mapping[str, int]) -> None:
        self.tokens = tokens
        longest_first = sorted(tokens, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if tokens else None

    def split(self, text: str) -> list[str | int]:
        """Text and token ids in order; no empty text."""
        if self._pattern is None:
            return [text] if text else []
        parts: list[str | int] = []
        end = 0
        for match in self._pattern.finditer(text):
            if match.start() > end:
                parts.append(text[end : match.start()])
            parts.append(self.tokens[match.group()])
            end = match.end()
        if end < len(text):
            parts.append(text[end:])
        return parts


class TemplateRewriter(NodeTransformer):
    """Rewrites one tree in place; see the module's text.

    `visit` it on a template's root. The calls it plants go to the environment's methods `mark`,
    `bounded_concat`, `bounded_iteration` and `bounded_slice`.
    """

    def __init__(self, controls: ControlTexts) -> None:
        self._controls = controls
        self._is_output = True

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        """Plain template text, and expressions that are put out."""
        children: list[nodes.Expr] = []
        for child in node.nodes:
            if isinstance(child, nodes.TemplateData):
                children.extend(self._marked(child.data, nodes.TemplateData))
            else:
                children.append(self.visit(child))
        node.nodes = children
        return node

    def visit_Const(self, node: nodes.Const) -> nodes.Node:  # noqa: N802
        """A literal: its control tokens become marks where it may be put out."""
        if not self._is_output or not isinstance(node.value, str):
            return node
        parts = self._marked(node.value, nodes.Const)
        if len(parts) == 1:
            return parts[0]
        return _call("bounded_concat", parts) if parts else node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """`a ~ b`."""
        children = cast("list[nodes.Expr]", [self.visit(child) for child in node.nodes])
        return _call("bounded_concat", children)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        """A loop: each turn is counted."""
        self.generic_visit(node)
        node.iter = _call("bounded_iteration", [cast("nodes.Expr", node.iter)])
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        """`a[b]` and `a[b:c]`."""
        node.node = self.visit(node.node)
        self._visit_hidden(node, "arg")
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = (node.arg.start, node.arg.stop, node.arg.step)
        return _call("bounded_slice", [node.node, *(bound or nodes.Const(None) for bound in bounds)])

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        """`a == b`, `a in b`: not put out."""
        self._visit_hidden(node, "expr", "ops")
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        """`f(a)`: the arguments are not put out as they stand."""
        node.node = self.visit(node.node)
        self._visit_hidden(node, "args", "kwargs", "dyn_args", "dyn_kwargs")
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        """`a | f(b)`."""
        if node.node is not None:
            node.node = self.visit(node.node)
        self._visit_hidden(node, "args", "kwargs", "dyn_args", "dyn_kwargs")
        return node

    def visit_Test(self, node: nodes.Test) -> nodes.Node:  # noqa: N802
        """`a is f(b)`."""
        self._visit_hidden(node, "node", "args", "kwargs", "dyn_args", "dyn_kwargs")
        return node

    def _visit_hidden(self, node: nodes.Node, *fields: str) -> None:
        before, self._is_output = self._is_output, False
        for field in fields:
            value: object = getattr(node, field)
            if isinstance(value, list):
                children = cast("list[nodes.Node]", value)
                setattr(node, field, [self.visit(child) for child in children])
            elif isinstance(value, nodes.Node):
                setattr(node, field, self.visit(value))
        self._is_output = before

    def _marked(self, text: str, literal: type[nodes.TemplateData] | type[nodes.Const]) -> list[nodes.Expr]:
        return [
            literal(part) if isinstance(part, str) else _call("mark", [nodes.Const(part)])
            for part in self._controls.split(text)
        ]


def _call(method: str, args: list[nodes.Expr]) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(method), args, [], None, None)
