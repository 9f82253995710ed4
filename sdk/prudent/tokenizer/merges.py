"""Whether merging by rank of the whole gives what a list of merges says, and in what order.

Knows vocabularies as strings; no bytes, no text, no tiktoken.

A file lists merges: pairs of tokens, earliest first. tiktoken knows no pairs: it joins any two neighbours
whose concatenation has a rank, lowest first, leftmost of equals. Both always take the lowest candidate, so
they agree on every text if

1. the merges of one token stand together in the list, after those of its parts (its place is its rank), and
2. tokens have a rank only if, joining their own characters by rank, what remains just before is two parts
   that the list pairs. Those for which this is not so are made by no text, and are left out.

Why that is enough: when two neighbours in a text are about to become token c, no join has crossed their
outer ends or the border between them. The span of c therefore went through the joins that c by itself goes
through, so the two are c's last two parts, and by 2 the list would join them as well, at c's rank. The other
way round, a pair of the list that ever stands side by side is the last two parts of its whole.

Condition 2 is decided by walking back in time along the border between the parts: undo the later of the two
joins that face the border, and see whether the tokens that then face each other would have joined first.

Some families take a word that is a token as that token, whatever the merges say; tiktoken always does. Then
all tokens need a rank, and a token that 2 excludes must have no parts at all that ever stand side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prudent.errors import ModelFileError, UnsupportedModelError


class MergeTable:
    """The order in which joining makes tokens, with the proof that it does what the file's list says.

    `order` holds ids of tokens, lowest rank first: what joining makes, then with `whole_words` the rest.
    `complete` says whether every token of more than one character is in it.
    """

    def __init__(self, ids: Mapping[str, int], merges: Sequence[str], *, whole_words: bool = False) -> None:
        """Read and check the list; `ids` holds the ordinary tokens in the file's byte alphabet.

        Raises:
            ModelFileError: a line is not two known tokens that together are a known token.
            UnsupportedModelError: joining by rank would differ from the list for some text.
        """
        self._ids = ids
        self._ranks: dict[str, int] = {}
        self._parts: dict[str, tuple[str, str]] = {}
        pairs = self._read(merges)
        for token, candidates in pairs.items():
            made = next((pair for pair in candidates if self._is_last_join(pair)), None)
            if made is not None:
                self._parts[token] = made
        others = [token for token in ids if len(token) > 1 and token not in self._parts]
        self.order: list[int] = [ids[token] for token in pairs if token in self._parts]
        if whole_words:
            for token in others:
                self._refuse_if_joined(token)
            self.order += [ids[token] for token in others]
        self.complete: bool = whole_words or not others

    def _read(self, merges: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        pairs: dict[str, list[tuple[str, str]]] = {}
        latest = ""
        for number, line in enumerate(merges):
            left, _, right = line.partition(" ")
            whole = left + right
            if not left or not right or " " in right:
                raise ModelFileError(
                    f"Merge {number} of the tokenizer is not a pair of tokens: {line!r:.80}."
                )
            if left not in self._ids or right not in self._ids or whole not in self._ids:
                raise ModelFileError(
                    f"Merge {number} of the tokenizer names a token not in the vocabulary: {line!r:.80}."
                )
            if whole not in pairs:
                self._ranks[whole] = len(pairs)
                pairs[whole] = []
            elif whole != latest:
                raise _unequal(whole, "its merges do not stand together")
            pairs[whole].append((left, right))
            latest = whole
        for whole, candidates in pairs.items():
            if any(self._rank(part) >= self._ranks[whole] for pair in candidates for part in pair):
                raise _unequal(whole, "it is merged before its parts")
        return pairs

    def _rank(self, token: str) -> int:
        # A single character was there before any join.
        return self._ranks.get(token, -1)

    def _is_last_join(self, pair: tuple[str, str]) -> bool:
        """Whether the two parts are what remains of their whole just before it is joined."""
        left, right = pair
        if any(len(part) > 1 and part not in self._parts for part in pair):
            return False
        while len(left) > 1 or len(right) > 1:
            # Equal joins go leftmost first, so of two the right one is the later.
            if self._rank(left) > self._rank(right):
                limit = self._ranks[left]
                left = self._parts[left][1]
            else:
                limit = self._ranks[right] + 1
                right = self._parts[right][0]
            across = left + right
            if across in self._parts and self._ranks[across] < limit:
                return False
        return True

    def _refuse_if_joined(self, whole: str) -> None:
        for cut in range(1, len(whole)):
            pair = whole[:cut], whole[cut:]
            if all(part in self._ids for part in pair) and self._is_last_join(pair):
                raise _unequal(whole, "its parts are neighbours that the list does not merge")


def _unequal(token: str, why: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"The tokenizer's merges cannot be followed by rank: token {token!r:.60}: {why}.",
        hint="Use a model whose vocabulary was trained by plain byte-pair encoding.",
    )
