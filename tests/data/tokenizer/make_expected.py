"""Makes expected.json: the ids that llama.cpp gives for corpus.json, with the model files at hand.

    python tests/data/tokenizer/make_expected.py SMOLLM2.gguf QWEN2.5-CODER.gguf

Needs the extras `bench` (llama-cpp-python) and `dev` (tokenizers). The ids of both peers must be equal, or
nothing is written. The corpus is hand-written text and, in it, `random` texts drawn with a fixed seed from
characters of many scripts; `--corpus` writes those anew.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import random
from pathlib import Path

import gguf
from llama_cpp import Llama
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

FOLDER = Path(__file__).parent
NAMES = ("smollm", "qwen2")
QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHARACTERS = (
    "aAzZ09 \t\n\r'’sdtmSL.,;:!?()[]{}<>|/\\\"`~@#$%^&*-_=+"
    "éßñøſÅ½²ⅷ٣四中文字かカ한글ไทยहिन्दी עברית العربية"
    "\u0301\u0323\u200b\u200d\u200e\u202e\ufeff\xa0\u2003\u3000\x00\x07\x1f\x7f\x85😀👩🇩🇪"
)


def random_texts() -> dict[str, str]:
    """Sixty texts of up to 60 characters."""
    draw = random.Random(20260517)
    return {
        f"random-{number:02}": "".join(draw.choice(CHARACTERS) for _ in range(draw.randint(1, 60)))
        for number in range(60)
    }


def peer(path: Path, name: str) -> Tokenizer:
    """The file's tokenizer in `tokenizers`, without the normaliser that Qwen's has."""
    fields = gguf.GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(line.split(" ")) for line in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    if name == "smollm":
        steps = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]
    else:
        steps = [
            pre_tokenizers.Split(Regex(QWEN2), "isolated"),
            pre_tokenizers.ByteLevel(False, use_regex=False),
        ]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    return tokenizer


def main() -> None:
    """Write expected.json, and corpus.json where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs=2, type=Path, metavar="GGUF")
    parser.add_argument("--corpus", action="store_true", help="draw the random texts of corpus.json anew")
    options = parser.parse_args()
    corpus_file = FOLDER / "corpus.json"
    corpus = json.loads(corpus_file.read_text("utf-8"))
    if options.corpus:
        corpus = {key: text for key, text in corpus.items() if not key.startswith("random-")} | random_texts()
        corpus_file.write_text(json.dumps(corpus, indent=1) + "\n", "utf-8")
    expected: dict[str, object] = {
        "peers": {name: importlib.metadata.version(name) for name in ("llama-cpp-python", "tokenizers")}
    }
    for name, path in zip(NAMES, options.models, strict=True):
        llama = Llama(str(path), vocab_only=True, verbose=False)
        other = peer(path, name)
        ids = {
            key: llama.tokenize(text.encode(), add_bos=False, special=False) for key, text in corpus.items()
        }
        for key, text in corpus.items():
            if other.encode(text, add_special_tokens=False).ids != ids[key]:
                raise SystemExit(f"{name}: the peers differ on {key}: {text!r}")
        expected[name] = ids
    (FOLDER / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
