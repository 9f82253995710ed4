"""Which beginnings of earlier texts are kept, and in which blocks. Pure Python: holds no tensors, moves none.

A radix tree under one root per isolation key: a node is one block of tokens after its parent's. Its
children are found by their tokens themselves, so two texts share a block only where they are equal, and
nothing is ever found under another key. What is over the byte budget goes, least recently used leaf first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

BLOCK_TOKENS = 16


class _Node:
    """A block in its place: a text's tokens up to here are those on the way from the root."""

    __slots__ = ("block", "children", "key", "parent", "pins")

    def __init__(self, key: _Key, parent: _Node | _Root, block: int) -> None:
        self.key = key
        self.parent = parent
        self.block = block
        self.children: dict[_Key, _Node] = {}
        self.pins = 0


class _Root:
    """Where the texts of one isolation key begin."""

    __slots__ = ("children", "isolation")

    def __init__(self, isolation: str) -> None:
        self.isolation = isolation
        self.children: dict[_Key, _Node] = {}


_Key: TypeAlias = tuple[int, ...]


class Match:
    """The kept beginning of a text: `blocks`, in order, hold its first `tokens`. Pinned until released."""

    __slots__ = ("_nodes", "blocks", "tokens")

    def __init__(self, nodes: Sequence[_Node], block_tokens: int) -> None:
        self._nodes = nodes
        self.blocks = tuple(node.block for node in nodes)
        self.tokens = len(nodes) * block_tokens

    def take_nodes(self) -> Sequence[_Node]:
        """The pinned nodes, once: a second call gets none."""
        nodes, self._nodes = self._nodes, ()
        return nodes


@dataclass(frozen=True, slots=True)
class NewBlock:
    """A block to be filled with the keys and values of a text's tokens from position `start` on."""

    block_id: int
    start: int


@dataclass(frozen=True, slots=True)
class PrefixStats:
    """What is kept now; counts of tokens looked up, tokens found and blocks evicted are since the start."""

    blocks: int
    bytes: int
    looked_up_tokens: int
    hit_tokens: int
    evictions: int


class PrefixCache:
    """Finds, adds and evicts blocks. Every call takes O(tokens / block_tokens) steps. Not thread-safe.

    A node that is pinned, by a match or by being on the way of the call that runs, has all of its
    ancestors pinned too. The others stand in the order of their last use, deeper ones before their
    ancestors, so the first of them is always a leaf and may go.
    """

    def __init__(self, *, budget_bytes: int, block_bytes: int, block_tokens: int = BLOCK_TOKENS) -> None:
        """Keep as many whole blocks of `block_bytes` as `budget_bytes` has room for; none is allowed."""
        self.capacity = budget_bytes // block_bytes
        self._block_bytes = block_bytes
        self._block_tokens = block_tokens
        self._roots: dict[str, _Root] = {}
        self._unpinned: OrderedDict[_Node, None] = OrderedDict()
        self._blocks = 0
        self._looked_up_tokens = 0
        self._hit_tokens = 0
        self._evictions = 0

    def match(self, isolation: str, tokens: Sequence[int]) -> Match:
        """The longest kept beginning of a prompt, short of it by a token or more; its blocks are pinned."""
        path = self._find(isolation, tokens, self._matchable(tokens))
        self._pin(path)
        found = Match(path, self._block_tokens)
        self._looked_up_tokens += len(tokens)
        self._hit_tokens += found.tokens
        return found

    def kept_tokens(self, isolation: str, tokens: Sequence[int]) -> int:
        """How many tokens `match` would find; nothing is pinned, counted or used by asking."""
        return self._block_tokens * len(self._find(isolation, tokens, self._matchable(tokens)))

    def release(self, match: Match) -> None:
        """The blocks of `match` may be evicted again. Releasing twice is allowed."""
        self._unpin(match.take_nodes())

    def insert(self, isolation: str, tokens: Sequence[int], computed: int) -> tuple[NewBlock, ...]:
        """Keep the first `computed` of a text's tokens, as many whole blocks as there is room for.

        The new blocks, in order and without a gap between them, are to be filled before the next call: from
        now on they are found. Blocks of other texts are evicted for them; where nothing more can be, the
        beginning of the text is kept.
        """
        wanted = min(computed, len(tokens)) // self._block_tokens
        path = self._find(isolation, tokens, wanted)
        self._pin(path)
        root = self._roots.get(isolation) or _Root(isolation)
        added: list[NewBlock] = []
        for place in range(len(path), wanted):
            block = self._take_block()
            if block is None:
                break
            parent = path[-1] if path else root
            node = _Node(self._key(tokens, place), parent, block)
            node.pins = 1
            parent.children[node.key] = node
            self._roots[isolation] = root  # after the eviction, which may have emptied and dropped it
            path.append(node)
            added.append(NewBlock(block, place * self._block_tokens))
        self._unpin(path)
        return tuple(added)

    def stats(self) -> PrefixStats:
        """What is kept and what it was good for."""
        return PrefixStats(
            blocks=self._blocks,
            bytes=self._blocks * self._block_bytes,
            looked_up_tokens=self._looked_up_tokens,
            hit_tokens=self._hit_tokens,
            evictions=self._evictions,
        )

    def _matchable(self, tokens: Sequence[int]) -> int:
        return (len(tokens) - 1) // self._block_tokens

    def _key(self, tokens: Sequence[int], place: int) -> _Key:
        return tuple(tokens[place * self._block_tokens : (place + 1) * self._block_tokens])

    def _find(self, isolation: str, tokens: Sequence[int], at_most: int) -> list[_Node]:
        """The nodes of the text's first blocks, as far as they are kept."""
        path: list[_Node] = []
        at: _Node | _Root | None = self._roots.get(isolation)
        while at is not None and len(path) < at_most:
            at = at.children.get(self._key(tokens, len(path)))
            if at is not None:
                path.append(at)
        return path

    def _pin(self, path: Sequence[_Node]) -> None:
        for node in path:
            if node.pins == 0:
                del self._unpinned[node]
            node.pins += 1

    def _unpin(self, path: Sequence[_Node]) -> None:
        for node in reversed(path):
            node.pins -= 1
            if node.pins == 0:
                self._unpinned[node] = None

    def _take_block(self) -> int | None:
        """A block that nobody owns: a new one while there is room, else an evicted one if any may go."""
        if self._blocks < self.capacity:
            self._blocks += 1
            return self._blocks - 1
        if not self._unpinned:
            return None
        node, _ = self._unpinned.popitem(last=False)
        parent = node.parent
        del parent.children[node.key]
        if isinstance(parent, _Root) and not parent.children:
            del self._roots[parent.isolation]
        self._evictions += 1
        return node.block
