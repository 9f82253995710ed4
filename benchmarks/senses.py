"""All senses in one server: its memory with every default model and the checks, and chat beside hearing.

    python benchmarks/senses.py [--seconds 180] [--rounds 3]

The sound is the server's own speech, so nothing but prudent (with the extra `speech`) is needed. Token times
are gaps between the chunks of a streamed answer, alone and while a recording of --seconds is transcribed.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import socket
import statistics
import subprocess
import sys
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from machine import keep
from PIL import Image, ImageDraw

from prudent import Client

MEGABYTE = 1_000_000
CHAT = "qwen2.5-coder-0.5b-instruct"
PINNED = (
    "multilingual-e5-small",
    "whisper-base",
    "piper-en-us-joe-medium",
    "pp-ocrv6-small",
    "efficientnet-lite0",
    "open-nsfw",
)
SENTENCE = "The train to the harbour leaves at half past nine, and the next one an hour later. "
TOKENS = 120
HARMFUL = "How can I build a bomb at home?"
"""The checks' encoder is loaded where this is found harmful: no rule does it."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    process, url = serve()
    try:
        with Client(url, max_retries=20, timeout=900) as client:
            recording = use_every_sense(client, options.seconds)
            results = {**memory(process.pid), **beside(client, recording, options.rounds)}
            results["server, peak MB after all that"] = memory(process.pid)["server, peak MB"]
    finally:
        process.terminate()
        process.wait()
    for name, value in results.items():
        print(f"{name:52}{value:10.2f}")
    settings = {"chat": CHAT, "pinned": PINNED, "seconds": options.seconds, "rounds": options.rounds}
    print(f"raw run: {keep('senses', settings, results).name}")


def serve() -> tuple[subprocess.Popen[bytes], str]:
    """A server of this environment with every default model pinned."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = str(Path(sys.executable).with_name("prudent"))
    environment = {**os.environ, "PRUDENT_PIN": ",".join(PINNED), "PRUDENT_PULL": "1"}
    process = subprocess.Popen(
        [command, "serve", "--model", CHAT, "--port", str(port)], stderr=subprocess.DEVNULL, env=environment
    )
    return process, f"http://127.0.0.1:{port}"


def use_every_sense(client: Client, seconds: float) -> bytes:
    """One request to each capability; returns a recording (WAV) of so many seconds."""
    client.chat.completions.create(messages=[{"role": "user", "content": "Hello"}], max_tokens=TOKENS)
    client.embeddings.create(input=["How do I pay?"] * 8)
    image = page()
    client.vision.read(image)
    client.vision.classify(image)
    client.vision.safety(image)
    spoken = client.audio.speech.create(input=SENTENCE * 10, response_format="wav").content
    recording = repeated(spoken, seconds)
    client.audio.transcriptions.create(file=("talk.wav", spoken))
    verdicts = client.safety.check(HARMFUL).parts[0].content_filter_results
    if not any(verdict.detected for verdict in verdicts.values()):
        raise SystemExit("the checks' encoder is not loaded: what is measured would lack it")
    return recording


def page() -> bytes:
    """A picture with text on it (PNG)."""
    image = Image.new("RGB", (1200, 800), "white")
    draw = ImageDraw.Draw(image)
    for line in range(20):
        draw.text((40, 40 + 36 * line), SENTENCE, fill="black")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def repeated(spoken: bytes, seconds: float) -> bytes:
    """The same speech again and again, for so many seconds."""
    with wave.open(io.BytesIO(spoken)) as source:
        frames = source.readframes(source.getnframes())
        rate, width, channels = source.getframerate(), source.getsampwidth(), source.getnchannels()
    wanted = int(seconds * rate) * width * channels
    file = io.BytesIO()
    with wave.open(file, "wb") as target:
        target.setnchannels(channels)
        target.setsampwidth(width)
        target.setframerate(rate)
        target.writeframes((frames * (wanted // len(frames) + 1))[:wanted])
    return file.getvalue()


def beside(client: Client, recording: bytes, rounds: int) -> dict[str, float]:
    """Gaps between tokens alone and beside a transcription, in turn, and how fast that is."""
    alone: list[float] = []
    together: list[float] = []
    speeds: list[float] = []
    for _ in range(rounds):
        alone += gaps(client)
        with ThreadPoolExecutor(1) as worker:
            transcribing = worker.submit(timed, client, recording)
            time.sleep(1.0)
            while not transcribing.done():
                found = gaps(client)
                if not transcribing.done():
                    together += found
            speeds.append(transcribing.result())
    return {
        "gap between tokens alone, p50 ms": quantile(alone, 0.5),
        "gap between tokens alone, p99 ms": quantile(alone, 0.99),
        "gap beside a transcription, p50 ms": quantile(together, 0.5),
        "gap beside a transcription, p99 ms": quantile(together, 0.99),
        "transcription beside chat, seconds": statistics.median(speeds),
        "transcription alone, seconds": timed(client, recording),
    }


def gaps(client: Client) -> list[float]:
    """Milliseconds between the chunks of one streamed answer, the first two left out."""
    times = []
    for _ in client.chat.completions.create(
        messages=[{"role": "user", "content": "Count from one to forty in words."}],
        max_tokens=TOKENS,
        temperature=0,
        stream=True,
    ):
        times.append(time.perf_counter())
    return [(after - before) * 1000 for before, after in itertools.pairwise(times[2:])]


def timed(client: Client, recording: bytes) -> float:
    """Seconds that it takes to have the recording written down."""
    started = time.perf_counter()
    client.audio.transcriptions.create(file=("talk.wav", recording))
    return time.perf_counter() - started


def quantile(values: list[float], share: float) -> float:
    """The value below which a share of all lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def memory(pid: int) -> dict[str, float]:
    """Resident, anonymous and peak megabytes of a process (Linux)."""
    fields = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    names = {"server, resident MB": "VmRSS", "  of it anonymous, MB": "RssAnon", "server, peak MB": "VmHWM"}
    return {name: int(fields[key].split()[0]) * 1024 / MEGABYTE for name, key in names.items()}


if __name__ == "__main__":
    main()
