"""From Whisper's files to a compiled model's folder: read, plan, build, quantise, compare, write the card.

It knows the order of the steps and none of their insides.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prudent.compiler.graph.external_data import ExternalFile
from prudent.compiler.graph.onnx_file import serialize
from prudent.compiler.graph.precision import Float32, Int8, Precision
from prudent.compiler.graph.row_precision import RowInt8
from prudent.compiler.graph.whisper_decoder import whisper_decoder_graph
from prudent.compiler.graph.whisper_encoder import whisper_encoder_graph
from prudent.compiler.identity import ModelIdentity
from prudent.compiler.quantize import distinct_limits
from prudent.compiler.readers.ct2 import Ct2Weights
from prudent.compiler.readers.weights import Weights
from prudent.compiler.records import write_records
from prudent.compiler.silent_tail import write_silent_tail
from prudent.compiler.staging import staged
from prudent.compiler.transcriber_gate import Heard, TranscriberLimits, compare, hear
from prudent.compiler.transcriber_plan import MELS, POSITIONS, TranscriberPlan, plan_transcriber
from prudent.compiler.transcriber_speech import calibration_speech
from prudent.compiler.whisper_files import read_tokenizer, read_whisper_file
from prudent.errors import ModelFileError
from prudent.runtime.artifact import WEIGHTS_FILE, MeasuredAccuracy, Target
from prudent.runtime.processor import Kernels
from prudent.runtime.session import Session, SessionOptions, Spinning, open_session
from prudent.runtime.transcriber_artifact import (
    DECODER_FILE,
    ENCODER_FILE,
    TAIL_FILE,
    AlignmentHead,
    TranscriberArtifact,
    TranscriberConfig,
)
from prudent.tokenizer import Tokenizer, TokenizerSpec
from prudent.types.progress import Progress, ProgressListener

MODEL_FILE = "model.bin"
CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"

MULTILINGUAL_VOCABULARY = 51_865
"""Ids of the smallest multilingual Whisper. English ones have tokens of languages too, without using them."""

_REFERENCE = "reference."
"""Before the names of the float32 files, which are gone at the end."""


def compile_transcriber(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    kernels: Kernels = "block",
    limits: TranscriberLimits | None = None,
    progress: ProgressListener | None = None,
) -> TranscriberArtifact:
    """Compile a Whisper converted for CTranslate2 into `folder`, which appears whole or not at all.

    At int8 the encoder has one scale for each row of a matrix and of its input, so what one position loses
    does not depend on the loudest; the decoder has blocks of 128 and, with `kernels` "row", an output matrix
    by rows. Where `limits` do not hold on the calibration speech, blocks are tried for both.

    Raises:
        ModelFileError: a file is damaged.
        UnsupportedModelError: sound, and not a Whisper that prudent can compile.
        AccuracyGateError: int8 strays from float32 further than `limits`.
        StorageError: the disk is full, or the place cannot be written.
    """
    started = time.monotonic()
    with closing(Ct2Weights(files / MODEL_FILE)) as weights, staged(folder) as staging:
        plan = plan_transcriber(weights)
        tokenizer, config = _describe(files, plan)
        job = _Job(identity, plan, config, weights, staging, progress)
        try:
            reference = _reference(job, Tokenizer(tokenizer))
        finally:
            for file in staging.glob(f"{_REFERENCE}*"):
                file.unlink()
        if target == "float32":
            used, accuracy = _write_graphs(job, Float32(), Float32()), None
        else:
            used, accuracy = _compile_int8(job, reference, kernels, limits or TranscriberLimits())
        write_records(
            staging,
            identity,
            weights,
            config=config,
            tokenizer=tokenizer,
            target=target,
            precision={
                **used,
                "convolutions, norms, biases and positions": "float32",
                "silent tail": "float16",
            },
            accuracy=accuracy,
            started=started,
        )
    return TranscriberArtifact(folder)


@dataclass(frozen=True, slots=True)
class _Job:
    """One compile."""

    identity: ModelIdentity
    plan: TranscriberPlan
    config: TranscriberConfig
    weights: Weights
    staging: Path
    progress: ProgressListener | None

    def tell(self, stage: Literal["compile", "measure"], done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(Progress(stage, self.identity.id, done, total))


@dataclass(frozen=True, slots=True)
class _Reference:
    """What float32 makes of the calibration speech: `texts` are its tokens, `prompt` those before them."""

    heard: list[Heard]
    prompt: list[int]
    texts: list[list[int]]


def _describe(files: Path, plan: TranscriberPlan) -> tuple[TokenizerSpec, TranscriberConfig]:
    """The tokenizer, and the dimensions with the ids that decoding needs."""
    stated = read_whisper_file(files / CONFIG_FILE)
    tokenizer, special, languages = read_tokenizer(files / TOKENIZER_FILE, plan.vocab_size)
    heads = tuple(AlignmentHead(layer=layer, head=head) for layer, head in stated.alignment_heads)
    never = {id for id in stated.suppress_ids if id < special.end}
    outside = [id for id in (*never, *stated.suppress_ids_begin) if id >= plan.vocab_size]
    if outside or any(h.layer >= len(plan.text_layers) or h.head >= plan.heads for h in heads):
        raise ModelFileError(
            f"{CONFIG_FILE} names tokens or heads that the model does not have.",
            hint="Fetch the model again.",
        )
    config = TranscriberConfig(
        family="whisper",
        mels=MELS,
        encoder_layers=len(plan.sound_layers),
        decoder_layers=len(plan.text_layers),
        heads=plan.heads,
        head_dim=plan.head_dim,
        hidden_size=plan.hidden_size,
        positions=POSITIONS,
        max_tokens=plan.max_tokens,
        vocab_size=plan.vocab_size,
        special=special,
        languages=languages if plan.vocab_size >= MULTILINGUAL_VOCABULARY else {},
        never=tuple(sorted(never)),
        never_first=tuple(stated.suppress_ids_begin),
        alignment_heads=heads,
    )
    return tokenizer, config


def _reference(job: _Job, tokenizer: Tokenizer) -> _Reference:
    """Run float32 over the silence after speech, which is kept, and over the calibration speech."""
    _write_graphs(job, Float32(), Float32(), prefix=_REFERENCE, taps=True)
    encoder = _open(job.staging / f"{_REFERENCE}{ENCODER_FILE}")
    speech = calibration_speech()
    write_silent_tail(encoder, job.plan, speech, job.staging / TAIL_FILE)
    special, languages = job.config.special, job.config.languages
    spoken = [languages["en"], special.transcribe] if languages else []
    prompt = [special.start, *spoken, special.no_times]
    texts = [tokenizer.encode(f" {utterance.text}") for utterance in speech.utterances]
    decoder = _open(job.staging / f"{_REFERENCE}{DECODER_FILE}")
    heard = [
        hear(encoder, decoder, job.plan, utterance, prompt, text)
        for utterance, text in zip(speech.utterances, texts, strict=True)
    ]
    return _Reference(heard, prompt, texts)


def _compile_int8(
    job: _Job, reference: _Reference, kernels: Kernels, limits: TranscriberLimits
) -> tuple[dict[str, str], MeasuredAccuracy]:
    """Try from the fastest to the most exact until the limits hold; what was written last is kept."""
    accuracy: MeasuredAccuracy | None = None
    for encoder, decoder in _from_fastest(job.plan, kernels):
        used = _write_graphs(job, encoder, decoder)
        job.tell("measure", 0, 1)
        accuracy = _measure(job, reference)
        job.tell("measure", 1, 1)
        if limits.hold(accuracy):
            return used, accuracy
    if accuracy is None:
        raise AssertionError("there is always a precision to try")
    raise limits.broken(accuracy, job.identity.id)


def _from_fastest(plan: TranscriberPlan, kernels: Kernels) -> Iterator[tuple[Precision, Precision]]:
    blocks = distinct_limits(plan.matrix_inputs)
    matrices = frozenset(affine.weight for affine in plan.sound_matrices)
    head = frozenset({plan.embedding} if kernels == "row" else ())
    yield RowInt8(Int8(blocks[0]), matrices), RowInt8(Int8(blocks[0]), head)
    for block in blocks:
        yield Int8(block), Int8(block)


def _measure(job: _Job, reference: _Reference) -> MeasuredAccuracy:
    encoder, decoder = _open(job.staging / ENCODER_FILE), _open(job.staging / DECODER_FILE)
    speech = calibration_speech()
    heard = [
        hear(encoder, decoder, job.plan, utterance, reference.prompt, text)
        for utterance, text in zip(speech.utterances, reference.texts, strict=True)
    ]
    return compare(reference.heard, heard, speech)


def _write_graphs(
    job: _Job, encoder: Precision, decoder: Precision, *, prefix: str = "", taps: bool = False
) -> dict[str, str]:
    """Write both graphs and their weights, replacing earlier ones; gives what was stored as what."""
    plan, layers = job.plan, len(job.plan.sound_layers) + len(job.plan.text_layers)

    def done(before: int) -> None:
        job.tell("compile", before, layers)

    def done_after(layer: int) -> None:
        done(len(plan.sound_layers) + layer)

    weights_file = f"{prefix}{WEIGHTS_FILE}"
    heads: Sequence[AlignmentHead] = job.config.alignment_heads
    with (job.staging / weights_file).open("wb") as file:
        sink = ExternalFile(file)
        first = whisper_encoder_graph(plan, job.weights, sink, encoder, done, taps=taps)
        second = whisper_decoder_graph(plan, job.weights, sink, decoder, heads, done_after)
    (job.staging / f"{prefix}{ENCODER_FILE}").write_bytes(serialize(first, weights_file))
    (job.staging / f"{prefix}{DECODER_FILE}").write_bytes(serialize(second, weights_file))
    used = {f"encoder {name}": stored for name, stored in encoder.used.items()}
    return used | {f"decoder {name}": stored for name, stored in decoder.used.items()}


def _open(graph: Path) -> Session:
    return open_session(graph, SessionOptions(spinning=Spinning.NEVER))
