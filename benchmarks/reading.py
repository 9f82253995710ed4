"""Reading of text against RapidOCR's own pipeline with the same PP-OCRv6 models: errors and speed.

    python benchmarks/reading.py --data FOLDER [--model pp-ocrv6-small] [--threads 2] [--pages N] [--keep]

FOLDER holds pages and manifest.jsonl (file, text, lines). Both read every page in turn, who is first changes
from page to page; files are decoded within the time of each. Texts are compared without white space after
NFKC. CER is over a whole page, and so counts a wrong order of lines; line CER takes for each line of the
truth its best fit in what was read; a line is recalled where that is at most 0.1.

Pages at odd places of the manifest were used to choose prudent's rules, those at even places were not: they
are also told apart.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machine import keep
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from prudent.capabilities.interface.reading import ReadingOptions
from prudent.capabilities.reading import ReadingModel

Reader = Callable[[Path], str]
RECALLED = 0.1


def plain(text: str) -> str:
    """Without white space, in NFKC."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def rapid(threads: int | None) -> Reader:
    """RapidOCR as it comes; with `threads` its sessions are given so many."""
    logging.disable(logging.INFO)
    from rapidocr import RapidOCR

    options = {} if threads is None else {"EngineConfig.onnxruntime.intra_op_num_threads": threads}
    engine = RapidOCR(params=options)

    def read(file: Path) -> str:
        found = engine(str(file))
        return "\n".join(found.txts or ())

    return read


def ours(model: str, threads: int | None) -> tuple[ReadingModel, Reader]:
    """prudent's model in this process, without server and checks."""
    loaded = ReadingModel.load(model, threads=threads)
    options = ReadingOptions()
    return loaded, lambda file: loaded.read(file.read_bytes(), options).pages[0].text


def line_errors(truth: list[str], read: str) -> list[float]:
    """Of each line its share of errors at its best fit."""
    found: list[float] = []
    for line in filter(None, map(plain, truth)):
        fit = fuzz.partial_ratio_alignment(line, read) if read else None
        piece = "" if fit is None else read[fit.dest_start : fit.dest_end] if len(read) > len(line) else read
        found.append(min(1.0, Levenshtein.distance(line, piece) / len(line)))
    return found


def summary(rows: list[dict[str, Any]], side: str) -> dict[str, float]:
    """Figures of one side over pages."""
    errors = sum(row[side]["errors"] for row in rows)
    lines = [value for row in rows for value in row[side]["lines"]]
    return {
        "cer": round(errors / sum(row["characters"] for row in rows), 5),
        "line_cer": round(statistics.fmean(lines), 5),
        "line_recall": round(sum(value <= RECALLED for value in lines) / len(lines), 5),
        "seconds": round(sum(row[side]["seconds"] for row in rows), 3),
        "pages_per_second": round(len(rows) / sum(row[side]["seconds"] for row in rows), 3),
    }


def main() -> None:
    """Run both and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="pp-ocrv6-small")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pages", type=int, default=None)
    parser.add_argument("--keep", action="store_true", help="write the run to benchmarks/runs")
    asked = parser.parse_args()
    manifest = [json.loads(line) for line in (asked.data / "manifest.jsonl").read_text("utf-8").splitlines()]
    pages = [page for page in manifest if page["text"].strip()][: asked.pages]
    loaded, own = ours(asked.model, asked.threads)
    sides: dict[str, Reader] = {"prudent": own, "rapidocr": rapid(asked.threads)}
    for reader in sides.values():
        reader(asked.data / pages[0]["file"])
    rows: list[dict[str, Any]] = []
    for index, page in enumerate(pages):
        truth = plain(page["text"])
        row: dict[str, Any] = {"file": page["file"], "characters": len(truth), "seen": index % 2 == 1}
        for side in list(sides) if index % 2 else list(sides)[::-1]:
            start = time.perf_counter()
            text = sides[side](asked.data / page["file"])
            seconds = time.perf_counter() - start
            read = plain(text)
            row[side] = {
                "seconds": round(seconds, 4),
                "errors": min(len(truth), Levenshtein.distance(truth, read)),
                "lines": [round(value, 4) for value in line_errors(page["text"].splitlines(), read)],
            }
        rows.append(row)
        shares = "  ".join(f"{side} {row[side]['errors'] / len(truth):.3f}" for side in sides)
        print(f"{page['file']:34s} {shares}", flush=True)
    results: dict[str, Any] = {"pages": rows}
    for name, chosen in (
        ("all", rows),
        ("not seen when choosing", [row for row in rows if not row["seen"]]),
        ("seen when choosing", [row for row in rows if row["seen"]]),
        ("where RapidOCR found anything", [r for r in rows if r["rapidocr"]["errors"] < r["characters"]]),
    ):
        figures = {side: summary(chosen, side) for side in sides}
        ratios = [row["rapidocr"]["seconds"] / row["prudent"]["seconds"] for row in chosen]
        total = figures["rapidocr"]["seconds"] / figures["prudent"]["seconds"]
        speed = {"of_totals": round(total, 3), "median": round(statistics.median(ratios), 3)}
        results[name] = {**figures, "speed_ratio": speed}
        print(f"\n{name}: {len(chosen)} pages, speed ratio {speed}")
        for side, figure in figures.items():
            print(f"  {side:9s} {figure}")
    settings = {"model": asked.model, "threads": asked.threads, "card": loaded.card.model_dump(mode="json")}
    if asked.keep:
        print(keep("reading", settings, results))


if __name__ == "__main__":
    main()
