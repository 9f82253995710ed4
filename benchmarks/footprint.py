"""Start-up and memory: import, --help, and the resident size of a server that has answered.

    python benchmarks/footprint.py [--model ID]

The server's limit is 1.3 times its compiled weights plus the cache that its requests have touched.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from machine import keep

from prudent import Client
from prudent.store import open_decoder

ROUNDS = 7
MEGABYTE = 1_000_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    model = parser.parse_args().model
    results = {
        "bare python, ms": seconds([sys.executable, "-c", "pass"]) * 1000,
        "import prudent, ms": seconds([sys.executable, "-c", "import prudent"]) * 1000,
        "prudent --help, ms": seconds([command(), "--help"]) * 1000,
        **server(model),
    }
    for name, value in results.items():
        print(f"{name:44}{value:10.2f}")
    print(f"raw run: {keep('footprint', {'model': model, 'rounds': ROUNDS}, results).name}")


def command() -> str:
    """The console command of this environment."""
    return str(Path(sys.executable).with_name("prudent"))


def seconds(argv: list[str]) -> float:
    """Median wall time of a command."""
    times = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def server(model: str) -> dict[str, float]:
    """Resident size of `prudent serve` after two answers of up to 200 tokens."""
    artifact = open_decoder(model)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [command(), "serve", "--model", model, "--port", str(port)], stderr=subprocess.DEVNULL
    )
    try:
        with Client(f"http://127.0.0.1:{port}", max_retries=20) as client:
            tokens = 0
            for question in ("Write a function that sorts a list.", "用中文介绍一下长城。"):
                answer = client.chat.completions.create(
                    messages=[{"role": "user", "content": question}], model=model, max_tokens=200
                )
                tokens = max(tokens, answer.usage.total_tokens if answer.usage else 0)
        resident, anonymous = memory(process.pid)
    finally:
        process.terminate()
        process.wait()
    config = artifact.config
    cache = tokens * config.layers * 2 * config.kv_heads * config.head_dim * 4
    weights = artifact.card.weight_bytes
    return {
        "server, resident MB": resident / MEGABYTE,
        "  of it anonymous, MB": anonymous / MEGABYTE,
        "weights, MB": weights / MEGABYTE,
        "cache touched, MB": cache / MEGABYTE,
        "resident / (weights + cache)": resident / (weights + cache),
    }


def memory(pid: int) -> tuple[int, int]:
    """Resident and anonymous bytes of a process (Linux)."""
    page = os.sysconf("SC_PAGE_SIZE")
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return resident, int(line.split()[1]) * 1024
    return resident, 0


if __name__ == "__main__":
    main()
