"""How far int8 and llama.cpp each stray from float32, on the same tokens and the same float32 logits.

    python benchmarks/quality.py [--model ID ...]

Needs the extra `bench`. Two texts: the calibration text that the compiler measures on, and text that it has
never seen (this project's own prose and code). llama.cpp runs the file's own weights; float32 is the same
weights dequantised, so its distance is that of its kernels, and prudent's that of kernels and requantising.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from machine import keep
from numpy.typing import NDArray

from prudent.catalog import Catalog
from prudent.catalog.fetch import fetch
from prudent.compiler.calibration import calibration_text
from prudent.compiler.gate import Comparison
from prudent.runtime.artifact import DecoderArtifact
from prudent.runtime.session import open_session
from prudent.store import open_decoder
from prudent.tokenizer import Tokenizer, TokenizerSpec

MODELS = ("qwen2.5-coder-0.5b-instruct", "smollm2-135m-instruct")
WINDOW = 256
ROOT = Path(__file__).parent.parent
UNSEEN = ("README.md", "CONTRIBUTING.md", "sdk/prudent/errors.py", "sdk/prudent/client/exchange.py")


class Onnx:
    """Logits of a compiled decoder."""

    def __init__(self, artifact: DecoderArtifact) -> None:
        self._config = artifact.config
        self._session = open_session(artifact.graph)

    def logits(self, ids: list[int]) -> NDArray[np.float32]:
        """(tokens, vocab_size) for one window."""
        config = self._config
        empty = np.zeros((1, config.kv_heads, 0, config.head_dim), np.float32)
        feeds = {f"past_{part}_{layer}": empty for part in ("key", "value") for layer in range(config.layers)}
        return self._session.run(
            {
                **feeds,
                "input_ids": np.array([ids], np.int64),
                "seqlens_k": np.array([len(ids) - 1], np.int32),
                "total_length": np.array([len(ids)], np.int32),
                "logit_rows": np.arange(len(ids)),
            },
            ["logits"],
        )[0]


class LlamaCpp:
    """Logits of the GGUF under llama.cpp."""

    def __init__(self, gguf: Path) -> None:
        from llama_cpp import Llama

        self._llama = Llama(
            str(gguf), n_ctx=WINDOW, n_batch=WINDOW, n_threads=2, logits_all=True, verbose=False
        )

    def logits(self, ids: list[int]) -> NDArray[np.float32]:
        """(tokens, vocab_size) for one window."""
        self._llama.reset()
        self._llama.eval(ids)
        return np.array(self._llama.scores[: len(ids)], np.float32)


def main() -> None:
    """Print one table for all models and texts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", action="append", help="a chat model of the catalog; may be repeated")
    models = parser.parse_args().model or list(MODELS)
    texts = {
        "calibration": calibration_text(),
        "unseen": "\n\n".join((ROOT / name).read_text(encoding="utf-8") for name in UNSEEN),
    }
    print(
        f"{'model':30}{'text':13}{'side':11}{'tokens':>7}{'mean KL':>10}{'p99 KL':>9}"
        f"{'greedy':>8}{'ppl':>9}{'ppl f32':>9}"
    )
    results = {}
    for model in models:
        for text, found in compare(model, texts).items():
            for side, comparison in found.items():
                figures = comparison.accuracy("")
                results[f"{model}, {text}, {side}"] = figures.model_dump(exclude={"calibration_sha256"})
                print(
                    f"{model:30}{text:13}{side:11}{figures.tokens:7}{figures.mean_kl:10.4f}{figures.p99_kl:9.3f}"
                    f"{figures.greedy_agreement:8.1%}{figures.perplexity:9.2f}{figures.reference_perplexity:9.2f}"
                )
    file = keep("quality", {"window": WINDOW}, results)
    print(f"raw run: {file.relative_to(ROOT)}")


def compare(model: str, texts: dict[str, str]) -> dict[str, dict[str, Comparison]]:
    """Text -> side -> what was found."""
    entry = Catalog.load().get(model)
    compiled = open_decoder(model)
    tokenizer = Tokenizer(TokenizerSpec.load(compiled.tokenizer))
    reference = Onnx(open_decoder(model, target="float32"))
    sides = {"int8": Onnx(compiled), "llama.cpp": LlamaCpp(fetch(entry) / entry.files[0].name)}
    found = {text: {side: Comparison() for side in sides} for text in texts}
    for text, content in texts.items():
        tokens = tokenizer.encode(content)[:2560]
        for start in range(0, len(tokens), WINDOW):
            ids = tokens[start : start + WINDOW]
            true = reference.logits(ids)
            for side, model_side in sides.items():
                found[text][side].add(true.copy(), model_side.logits(ids), np.array(ids[1:]))
    return found


if __name__ == "__main__":
    main()
