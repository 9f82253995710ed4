"""How each group fares over all requests about it: shares by group, and the gap between the furthest two.

Difference and ratio over all groups are fairlearn's (MetricFrame; Weerts et al. 2023, JMLR 24) where it is
installed; the interval of the two groups that are furthest apart is ours, widened for having been picked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from prudent_responsible_ai.assess.asking import Asker, Reply
from prudent_responsible_ai.assess.evidence.swaps import (
    answers_about,
    requests_and_sets,
    says_yes,
    turned_away,
)
from prudent_responsible_ai.assess.results import Gap, Measure, gap
from prudent_responsible_ai.assess.statistics import can_tell, newcombe, wilson, z_of_pairs

_LIBRARY = "fairlearn"

OUTCOMES: Mapping[str, tuple[str, Callable[[Reply], bool]]] = {
    "yes": ("Decided with yes", says_yes),
    "turned_away": ("Turned away", turned_away),
}


def gather(asker: Asker, *, quick: bool, seed: int) -> tuple[list[Measure], list[Gap]]:
    """For each attribute, the gap in a yes and in being turned away. Asks nothing that the swaps do not."""
    del seed
    requests, sets = requests_and_sets(quick=quick)
    replies = answers_about(asker, requests, sets)
    gaps: list[Gap] = []
    for axis, people in sets.items():
        for name, (title, outcome) in OUTCOMES.items():
            rows = [
                (person, outcome(reply))
                for (_, person), reply in replies.items()
                if person in people and reply.error is None
            ]
            key, said = f"groups.{axis}.{name}", f"{title}, furthest groups of {axis}"
            told = len({person for person, _ in rows}) > 1
            gaps.append(by_group(key, said, rows) if told else gap(key, said, people[0], "others", []))
    return [], gaps


def by_group(name: str, title: str, rows: Sequence[tuple[str, bool]]) -> Gap:
    """The gap between the groups with the highest and the lowest share. `rows` are (group, outcome).

    Raises:
        ValueError: fewer than two groups.
    """
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for group, outcome in rows:
        counts[group][0] += outcome
        counts[group][1] += 1
    shares = {group: hits / n for group, (hits, n) in counts.items()}
    if len(shares) < 2:
        raise ValueError("a gap needs two groups")
    ranked = sorted(shares, key=shares.__getitem__)
    most, least = ranked[-1], ranked[0]
    (hits, n), (other_hits, other_n) = counts[most], counts[least]
    interval = newcombe(hits, n, other_hits, other_n, z_of_pairs(len(shares)))
    fewest = min(n, other_n)
    return Gap(
        id=name,
        title=title,
        area="fairness",
        first=most,
        second=least,
        difference=interval.value,
        low=interval.low,
        high=interval.high,
        n=fewest,
        verdict="difference" if can_tell(interval, fewest) else "cannot tell",
        note=f"{_told(counts)}. {_parity(rows)}",
    )


def _told(counts: Mapping[str, Sequence[int]]) -> str:
    said: list[str] = []
    for group, (hits, n) in counts.items():
        if n:
            one = wilson(hits, n)
            said.append(f"{group} {one.value:.0%} ({one.low:.0%} to {one.high:.0%}; {hits} of {n})")
    return "; ".join(said)


def _parity(rows: Sequence[tuple[str, bool]]) -> str:
    if find_spec(_LIBRARY) is None:
        return "Install prudent[fairness] for fairlearn's parity ratio."
    fairlearn: Any = import_module(f"{_LIBRARY}.metrics")
    outcomes = [int(outcome) for _, outcome in rows]
    frame = fairlearn.MetricFrame(
        metrics=fairlearn.selection_rate,
        y_true=outcomes,
        y_pred=outcomes,
        sensitive_features=[group for group, _ in rows],
    )
    return (
        f"Demographic parity difference {frame.difference():.2f}, ratio {frame.ratio():.2f} "
        f"({_LIBRARY} {version(_LIBRARY)})."
    )
