"""How fast a model runs here, beside how fast the machine could run it. Knows no layout."""

from __future__ import annotations

from prudent.diagnosis.figures import Limits, Speed
from prudent.diagnosis.kernels import profile_kernels
from prudent.diagnosis.trial import Trial
from prudent.runtime.artifact import DecoderArtifact
from prudent.runtime.machine import Machine

_PROMPT, _NEW = 256, 24


def measure_speed(artifact: DecoderArtifact, machine: Machine, limits: Limits) -> Speed:
    """Measure a model beside the machine's limits; takes some seconds.

    Raises:
        PrudentError: the model cannot be loaded or run.
    """
    kernels, workload = profile_kernels(artifact)
    prompt = min(_PROMPT, artifact.config.context_length // 2)
    with Trial(artifact, streams=1, threads=machine.usable) as trial:
        trial.prompt_and_stream(prompt // 2, 4)  # a warm-up
        runs = [trial.prompt_and_stream(prompt, _NEW) for _ in range(2)]
    prefill, decode = (max(values) for values in zip(*runs, strict=True))
    bytes_a_token = workload.decode_bytes + workload.cache_bytes * (prompt + _NEW // 2)
    return Speed(
        model=artifact.card.id,
        prefill=prefill,
        decode=decode,
        prefill_limit=limits.byte_products / max(1, workload.prefill_operations),
        decode_limit=limits.bandwidth / bytes_a_token,
        workload=workload,
        kernels=tuple(kernels),
    )
