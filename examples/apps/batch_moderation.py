"""Moderates a table of texts: `batch_moderation.py < posts.csv > verdicts.csv`; the column is `text`.

Every row comes back with what the policy would do (`action`) and what was found (`findings`).
"""

import csv
import itertools
import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

from prudent import Client, PrudentError

AT_ONCE = 32
COLUMN = "text"
ADDED = ("action", "findings")


def verdicts(client: Client, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """For each text the action and the findings, in order; a few texts are checked in one call."""
    left = iter(texts)
    while batch := list(itertools.islice(left, AT_ONCE)):
        said = [{"text": text, "source": "user"} for text in batch if text.strip()]
        parts = iter(client.safety.check(said).parts if said else ())
        for text in batch:
            if not text.strip():
                yield "allow", ""
                continue
            found = next(parts).content_filter_results
            acted = {name: one for name, one in found.items() if one.detected}
            action = max((one.action for one in acted.values()), key=lambda one: one.rank, default="allow")
            yield str(action), "; ".join(f"{name}: {one.severity}" for name, one in acted.items())


def moderate(client: Client, source: TextIO, target: TextIO) -> int:
    """Copy the table with its verdicts; the number of rows. Raises ValueError: there is no such column."""
    rows = csv.DictReader(source)
    columns = list(rows.fieldnames or ())
    if COLUMN not in columns:
        raise ValueError(f"The table has no column '{COLUMN}': it has {', '.join(columns) or 'none'}.")
    writer = csv.DictWriter(target, [*columns, *ADDED], extrasaction="ignore")
    writer.writeheader()
    left, right = itertools.tee(rows)
    count = 0
    for row, (action, findings) in zip(
        left, verdicts(client, (row[COLUMN] or "" for row in right)), strict=True
    ):
        writer.writerow(row | {"action": action, "findings": findings})
        count += 1
    return count


def main() -> int:
    """From stdin to stdout."""
    try:
        with Client() as client:
            print(f"{moderate(client, sys.stdin, sys.stdout)} rows", file=sys.stderr)
    except (PrudentError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
