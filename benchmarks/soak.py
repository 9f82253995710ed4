"""Soak: a real server under twice as many clients as it has places, with every kind of bad manners.

    python benchmarks/soak.py [--minutes 30] [--model ID] [--slots 4] [--queue 8] [--context 1024]

Chats whole and streamed, priorities, deadlines, schemas, hang-ups, bad requests. Every reply is checked
against its mark (see soak_requests.py). At the end the server must be idle with every slot free, its memory
flat since the warm-up, its audit trail unbroken, and it must stop when told to. Exits with 1 otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
from machine import keep
from soak_requests import Outcome, RefusedError, Soak, WrongReplyError

LOAD = Path(__file__).parents[2] / "shared" / "data" / "load" / "azure" / "AzureLLMInferenceTrace_conv.csv"
WARM_UP = 0.3
"""Of the time: caches fill, every slot has seen its longest text."""
GROWTH, GROWTH_MB = 0.04, 24.0
"""What may be added to the resident memory between the warm-up and the end."""


def main() -> None:
    """Run, print, keep the figures, exit with 1 where something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--queue", type=int, default=8)
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="write the figures to runs/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving(options, Path(folder)) as (process, url):
        result = asyncio.run(soak(process.pid, url, options))
        process.send_signal(signal.SIGTERM)
        result["exit"] = process.wait(60)
        audit = verify(Path(folder) / "audit.db")
        result["audit"] = audit
        log = (Path(folder) / "log").read_text()
    faults = [*result["wrong"], *faults_of(result)]
    faults += [line for line in log.splitlines() if line.startswith(("Traceback", "CRITICAL"))]
    show(result, faults)
    if options.keep:
        print(f"raw run: {keep('soak', vars(options), result | {'faults': faults}).name}")
    sys.exit(1 if faults else 0)


@contextmanager
def serving(options: argparse.Namespace, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`prudent serve` on a free port, with little room so that its limits are met."""
    settings = {
        "PRUDENT_SLOTS": options.slots,
        "PRUDENT_MAX_QUEUE": options.queue,
        "PRUDENT_CONTEXT": options.context,
        "PRUDENT_PREFIX_CACHE_BYTES": 32 * 2**20,
        "PRUDENT_AUDIT_PATH": folder / "audit.db",
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prudent", "serve", "--port", "0", "--json", "--model", options.model],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **{name: str(value) for name, value in settings.items()}},
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise SystemExit((folder / "log").read_text())
            yield process, json.loads(line)["url"]
        finally:
            process.kill()
            process.wait()


async def soak(pid: int, url: str, options: argparse.Namespace) -> dict[str, Any]:
    """Send requests until the time is over; count, check, measure."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=16)
    async with httpx.AsyncClient(base_url=url, timeout=600, limits=limits) as http:
        soak = Soak(http, random.Random(options.seed), lengths(options.context), options.context // 3)
        await fill(soak, options)
        await soak.prepare()
        start = time.monotonic()
        end = start + 60 * options.minutes
        clients = 2 * (options.slots + options.queue)
        outcomes: list[Outcome] = []
        wrong: list[str] = []
        memory: list[tuple[float, float]] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(watch(pid, start, end, memory))
            for number in range(clients):
                # A generator each: what one client draws does not hang on how fast the others are.
                group.create_task(client(soak, options.seed * 1000 + number, end, outcomes, wrong))
        free = await free_slots(soak, options)
        idle = await processor_time(pid)
    counts = collections.Counter(f"{outcome.kind}: {outcome.status}" for outcome in outcomes)
    return {
        "requests": len(outcomes),
        "clients": clients,
        "counts": dict(sorted(counts.items())),
        "slowest": [asdict(one) for one in sorted(outcomes, key=lambda o: -o.seconds)[:3]],
        "wrong": wrong,
        "free_slots": free,
        "idle_processor_seconds": idle,
        "memory": memory,
        "options": {"slots": options.slots},
    }


async def client(soak: Soak, seed: int, end: float, outcomes: list[Outcome], wrong: list[str]) -> None:
    """One request after another. Where the server has no room it waits, less long than it is told to."""
    choose = random.Random(seed)
    calls, weights = zip(*soak.kinds(), strict=True)
    while time.monotonic() < end:
        call = choose.choices(calls, weights)[0]
        name, began, wait = call.__name__, time.monotonic(), 0.0
        try:
            status = await call()
        except RefusedError as refused:
            status = "no room"
            if not 0.0 < refused.retry_after < 3600.0:
                wrong.append(f"{name}: Retry-After is {refused.retry_after}")
            wait = choose.uniform(0.5, 3.0)
        except (WrongReplyError, httpx.HTTPError, KeyError, ValueError, TypeError) as error:
            status = "wrong"
            wrong.append(f"{name}: {type(error).__name__}: {error}")
        outcomes.append(Outcome(name, status, round(time.monotonic() - began, 3)))
        await asyncio.sleep(wait)


async def fill(soak: Soak, options: argparse.Namespace) -> None:
    """Give every slot a text as long as the context: its memory is committed when it is first used."""
    bodies = [
        {"prompt": [number] * (options.context - 16), "max_tokens": 8}
        for number in range(10, 10 + options.slots)
    ]
    replies = await asyncio.gather(*(soak.http.post("/v1/completions", json=body) for body in bodies))
    for reply in replies:
        reply.raise_for_status()


async def free_slots(soak: Soak, options: argparse.Namespace) -> int:
    """How many streams can run at once: each must have begun before any has ended."""
    begun, all_begun = 0, asyncio.Event()

    async def stream() -> None:
        nonlocal begun
        body = {
            "messages": [{"role": "user", "content": "Go on."}],
            "max_tokens": options.context // 2,
            "logit_bias": {str(soak.marks[0][0]): 100},
        }
        counted = False
        async for text, _ in soak.events(body):
            if text and not counted:
                begun, counted = begun + 1, True
                if begun == options.slots:
                    all_begun.set()
            if all_begun.is_set():
                return

    tasks = [asyncio.create_task(stream()) for _ in range(options.slots)]
    await asyncio.wait([*tasks, asyncio.create_task(all_begun.wait())], return_when=asyncio.FIRST_COMPLETED)
    found = begun
    await asyncio.gather(*tasks)
    return found


async def processor_time(pid: int) -> float:
    """Processor seconds that the server uses in two seconds without a request."""
    await asyncio.sleep(1.0)
    before = _processor(pid)
    await asyncio.sleep(2.0)
    return round(_processor(pid) - before, 3)


async def watch(pid: int, start: float, end: float, memory: list[tuple[float, float]]) -> None:
    """Resident megabytes that are the server's own, once a second."""
    while (now := time.monotonic()) < end:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon"):
                memory.append((round(now - start, 1), int(line.split()[1]) / 1000))
        await asyncio.sleep(min(1.0, max(0.0, end - now)))


def growth(memory: list[tuple[float, float]]) -> dict[str, float]:
    """Megabytes after the warm-up, at the end, and the slope between."""
    steady = memory[int(len(memory) * WARM_UP) :]
    part = max(1, len(steady) // 4)
    first, last = (statistics.median(m for _, m in some) for some in (steady[:part], steady[-part:]))
    slope = statistics.linear_regression(*zip(*steady, strict=True)).slope if len(steady) > 1 else 0.0
    return {"after_warm_up": first, "at_the_end": last, "per_minute": 60 * slope}


def faults_of(result: dict[str, Any]) -> list[str]:
    """What is wrong with the server as a whole."""
    faults = []
    if result["free_slots"] != result["options"]["slots"]:
        faults.append(f"{result['free_slots']} of {result['options']['slots']} slots are free at the end")
    if result["idle_processor_seconds"] > 0.2:
        faults.append(f"idle it uses {result['idle_processor_seconds']} s of processor in 2 s")
    found = growth(result["memory"])
    if found["at_the_end"] > (1 + GROWTH) * found["after_warm_up"] + GROWTH_MB:
        faults.append(f"memory grew from {found['after_warm_up']:.0f} to {found['at_the_end']:.0f} MB")
    if result["exit"] != 0:
        faults.append(f"it ended with {result['exit']}")
    if not result["audit"]["ok"]:
        faults.append(f"the audit trail is broken: {result['audit']}")
    return faults


def verify(path: Path) -> dict[str, Any]:
    """What `prudent audit verify` says."""
    done = subprocess.run(
        [sys.executable, "-m", "prudent", "audit", "verify", "--json", "--path", str(path)],
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout) if done.stdout else {"ok": False, "problem": done.stderr}


def lengths(context: int) -> list[tuple[int, int]]:
    """Tokens of prompts and answers, of the Azure conversation trace where that is there, scaled."""
    drawn = [(200, 30), (60, 12), (400, 60), (120, 100), (30, 5)]
    if LOAD.is_file():
        rows = [line.split(",") for line in LOAD.read_text().splitlines()[1:]]
        drawn = [(int(row[1]), int(row[2])) for row in rows[:: max(1, len(rows) // 500)]]
    # Scaled by four to a small model's context; the ratio of prompt to answer stays.
    most = context // 2
    return [(min(most, 40 + prompt // 4), min(most // 2, 1 + answer // 4)) for prompt, answer in drawn]


def show(result: dict[str, Any], faults: list[str]) -> None:
    """Print."""
    for name, count in result["counts"].items():
        print(f"{name:34}{count:8}")
    found = growth(result["memory"])
    print(f"{'requests':34}{result['requests']:8} from {result['clients']} clients")
    print(f"{'memory, MB':34}{found['after_warm_up']:8.0f} to {found['at_the_end']:.0f}", end="")
    print(f" ({found['per_minute']:+.2f} a minute)")
    print(f"{'audit records':34}{result['audit'].get('records', 0):8}")
    print(f"{'slots free':34}{result['free_slots']:8} of {result['options']['slots']}")
    print("nothing wrong" if not faults else "\n".join(["WRONG:", *faults[:20]]))


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
