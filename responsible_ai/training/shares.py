"""How often each source is learnt from: `--share cold=0.5 --share openai_moderation=2`. Knows no source."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

import numpy as np
from examples import SEED


def add_shares(parser: argparse.ArgumentParser) -> None:
    """The option, given once for each source."""
    parser.add_argument("--share", type=_share, action="append", default=[], metavar="SOURCE=NUMBER")


def times(sources: Sequence[str], shares: Mapping[str, float]) -> list[int]:
    """How often each example is taken, once where its source has no share; a part of one is drawn.

    Raises ValueError: a share is of a source that there is not.
    """
    if unknown := shares.keys() - set(sources):
        raise ValueError(f"no examples of {', '.join(sorted(unknown))}")
    drawn = np.random.default_rng(SEED)
    wanted = [shares.get(name, 1.0) for name in sources]
    return [int(share) + int(drawn.random() < share - int(share)) for share in wanted]


def _share(written: str) -> tuple[str, float]:
    name, _, number = written.partition("=")
    return name, float(number)
