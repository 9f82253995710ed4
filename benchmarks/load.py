"""16 chats at once over HTTP against llama.cpp decoding 16 sequences, and streams beside a long prompt.

    python benchmarks/load.py [--model ID] [--requests 32] [--rounds 2] [--threads 2]

Needs the extra `bench`. Lengths of prompts and answers are drawn from the Azure conversation trace of 2023
(`--trace`, a CSV with ContextTokens and GeneratedTokens; without it from a fixed list), clipped so that a
round takes minutes. 16 clients each send a request when their last one is answered. prudent is a server
process with its checks on; requests go over HTTP, are streamed and sampled (temperature 0.7, top_p 0.9).
llama.cpp is its binding in a process of its own: continuous batching as its server does it (one token of
every sequence and up to 512 of a prompt in one batch), greedy by argmax, no HTTP, no text, no checks.

The second part measures the gaps between the tokens of running streams while a prompt of 2,000 tokens is
computed beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from machine import describe, keep
from workers import Worker

CLIENTS = 16
LONG_PROMPT = 2000
MOST_PROMPT, MOST_ANSWER = 512, 160
_TEMPLATE = 24
_STORY = "Tell a long story of a journey by sea, day after day, with plain words. Begin with day"
_FALLBACK = [(374, 44), (396, 109), (879, 55), (91, 16), (91, 16), (381, 84), (1313, 142), (388, 84)]


def workload(trace: Path | None, requests: int, seed: int) -> list[tuple[int, int]]:
    """Prompt and answer lengths in tokens, clipped."""
    rows = _FALLBACK
    if trace is not None:
        with trace.open() as file:
            rows = [(int(r["ContextTokens"]), int(r["GeneratedTokens"])) for r in csv.DictReader(file)]
    draw = random.Random(seed)
    picked = [draw.choice(rows) for _ in range(requests)]
    return [(min(max(p, 32), MOST_PROMPT), min(max(a, 8), MOST_ANSWER)) for p, a in picked]


class PrudentServer:
    """`prudent serve` in a process of its own."""

    def __init__(self, model: str, threads: int, port: int, policy: str) -> None:
        from prudent.store import open_decoder
        from prudent.tokenizer import Tokenizer, TokenizerSpec

        self._tokenizer = Tokenizer(TokenizerSpec.load(open_decoder(model).tokenizer))
        self._stops = {str(token): -100 for token in self._tokenizer.stop_ids}
        self._model, self._base = model, f"http://127.0.0.1:{port}"
        environment = {**os.environ, "PRUDENT_SLOTS": str(CLIENTS), "PRUDENT_THREADS": str(threads)}
        environment["PRUDENT_POLICY"] = policy
        environment |= {"PRUDENT_MODEL": model, "PRUDENT_CONTEXT": "4096", "PRUDENT_PORT": str(port)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "prudent", "serve"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(600):
            time.sleep(0.1)
            try:
                if httpx.get(f"{self._base}/readyz").status_code == 200:
                    return
            except httpx.HTTPError:
                continue
        raise SystemExit("the server did not become ready")

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()

    def text(self, tokens: int, seed: int) -> str:
        """Nonsense that makes about so many tokens of prompt, with the chat template's own."""
        draw = random.Random(seed)
        nonsense = self._tokenizer.decode(draw.randrange(1000, 20000) for _ in range(tokens))
        return self._tokenizer.decode(self._tokenizer.encode(nonsense)[: max(1, tokens - _TEMPLATE)])

    async def stream(self, client: httpx.AsyncClient, prompt: str, answer: int, moments: list[float]) -> None:
        """Fill in the moments at which text came, beginning with the request's own; in seconds."""
        moments.append(time.perf_counter())
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": prompt}],
            "stream": True,
            "temperature": 0.7,
            "top_p": 0.9,
            "max_tokens": answer,
            "logit_bias": self._stops,
        }
        url = f"{self._base}/v1/chat/completions"
        async with client.stream("POST", url, json=body, timeout=600) as response:
            if response.status_code != 200:
                raise SystemExit(f"the server said {response.status_code}: {await response.aread()!r}")
            async for line in response.aiter_lines():
                if line.startswith("data: {") and '"content":"' in line and '"content":""' not in line:
                    moments.append(time.perf_counter())

    async def load(self, work: list[tuple[int, int]], seed: int) -> dict[str, float]:
        """All requests by CLIENTS clients."""
        queue = list(enumerate(work))[::-1]
        firsts: list[float] = []
        prompts = {n: self.text(p, seed * 1000 + n) for n, (p, _) in enumerate(work)}

        async def client_loop(client: httpx.AsyncClient) -> None:
            while queue:
                number, (_, answer) = queue.pop()
                moments: list[float] = []
                await self.stream(client, prompts[number], answer, moments)
                firsts.append(moments[1] - moments[0])

        started = time.perf_counter()
        limits = httpx.Limits(max_connections=CLIENTS)
        async with httpx.AsyncClient(limits=limits) as client:
            await asyncio.gather(*(client_loop(client) for _ in range(CLIENTS)))
        return _summary(work, firsts, time.perf_counter() - started)

    async def beside(self, streams: int, seed: int) -> dict[str, float]:
        """Gaps (ms) between the tokens of running streams, alone and beside a long prompt."""
        seen: list[list[float]] = [[] for _ in range(streams)]
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=streams + 1)) as client:
            running = [
                asyncio.create_task(self.stream(client, f"{_STORY} {row + 1}.", 3000, seen[row]))
                for row in range(streams)
            ]
            await asyncio.sleep(8)
            moments: list[float] = []
            await self.stream(client, self.text(LONG_PROMPT, seed + streams), 2, moments)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        begun, first = moments[0], moments[1]
        alone = _gaps(seen, begun - 3, begun)
        during = _gaps(seen, begun, first)
        return {
            "gap alone p50 ms": statistics.median(alone),
            "gap beside p50 ms": statistics.median(during),
            "gap beside p99 ms": sorted(during)[int(0.99 * (len(during) - 1))],
            "gap beside max ms": max(during),
            "long prompt first token s": first - begun,
        }


def _gaps(streams: list[list[float]], start: float, stop: float) -> list[float]:
    """Times between neighbouring tokens of each stream, in ms."""
    return [
        1000 * (after - before)
        for moments in streams
        for before, after in itertools.pairwise(moments[1:])
        if start <= after < stop
    ]


def _summary(work: list[tuple[int, int]], firsts: list[float], seconds: float) -> dict[str, float]:
    answers = sum(answer for _, answer in work)
    prompts = sum(prompt for prompt, _ in work)
    ordered = sorted(firsts)
    return {
        "answer tokens/s": answers / seconds,
        "all tokens/s": (answers + prompts) / seconds,
        "first token p50 s": statistics.median(ordered),
        "first token p95 s": ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
    }


def main() -> None:
    """Run the benchmark and print both parts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--trace", type=Path)
    parser.add_argument("--requests", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--port", type=int, default=8977)
    parser.add_argument("--part", choices=("load", "beside", "both"), default="both")
    options = parser.parse_args()
    print(json.dumps(describe(), indent=1))
    results: dict[str, Any] = {}
    if options.part != "load":
        results |= _beside(options)
    if options.part != "beside":
        results["load"] = _compare(options)
    settings = vars(options) | {"trace": None if options.trace is None else options.trace.name}
    print(f"raw run: {keep('load', settings, results).name}")


def _beside(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Without checks: they hold text back for reasons of their own."""
    results: dict[str, dict[str, float]] = {}
    with closing(PrudentServer(options.model, options.threads, options.port, "off")) as server:
        asyncio.run(server.load(workload(options.trace, 4, seed=0), seed=9))  # a warm-up
        for streams in (1, 4, 8):
            gaps = asyncio.run(server.beside(streams, seed=100 * streams))
            results[f"beside {streams}"] = gaps
            print(f"{streams} streams beside a prompt of {LONG_PROMPT}: {_shown(gaps)}")
    return results


def _compare(options: argparse.Namespace) -> list[dict[str, dict[str, float]]]:
    gguf = _gguf(options.model)
    argv = [
        sys.executable,
        str(Path(__file__).with_name("llama_batching.py")),
        str(gguf),
        str(options.threads),
    ]
    rounds: list[dict[str, dict[str, float]]] = []
    ours_to_be = PrudentServer(options.model, options.threads, options.port, "default")
    with Worker(argv) as peer, closing(ours_to_be) as server:
        asyncio.run(server.load(workload(options.trace, 4, seed=0), seed=9))  # a warm-up
        for number in range(options.rounds):
            work = workload(options.trace, options.requests, seed=number + 1)
            ours = asyncio.run(server.load(work, seed=number + 1))
            theirs = peer.ask(json.dumps(work))
            theirs = _summary(work, theirs["firsts"], theirs["seconds"])
            rounds.append({"prudent": ours, "llama.cpp": theirs})
            print(f"round {number + 1}: prudent {_shown(ours)}\n         llama.cpp {_shown(theirs)}")
    for name in rounds[0]["prudent"]:
        ratios = [each["prudent"][name] / each["llama.cpp"][name] for each in rounds]
        print(f"{name}: ratio {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})")
    return rounds


def _gguf(model: str) -> Path:
    from prudent.catalog import Catalog
    from prudent.catalog.fetch import fetch

    return next(fetch(Catalog.load().get(model)).glob("*.gguf"))


def _shown(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in figures.items())


if __name__ == "__main__":
    main()
