"""Measuring a real model on this machine: figures have to be possible, not good."""

from __future__ import annotations

import pytest

from prudent.diagnosis.bench import resident_bytes, run_bench
from prudent.diagnosis.kernels import profile_kernels
from prudent.diagnosis.limits import measure_limits
from prudent.diagnosis.speed import measure_speed
from prudent.diagnosis.trial import Trial
from prudent.runtime.artifact import DecoderArtifact
from prudent.runtime.machine import inspect_machine


def test_limits_are_those_of_a_machine_that_can_exist() -> None:
    limits = measure_limits(inspect_machine())
    assert 1e8 < limits.bandwidth < 1e13
    assert 1e9 < limits.byte_products < 1e16


def test_kernels_are_those_that_ran_and_their_work_is_the_models(smol_artifact: DecoderArtifact) -> None:
    kernels, work = profile_kernels(smol_artifact)
    assert sum(kernel.decode for kernel in kernels) == pytest.approx(1.0)
    assert {"GroupQueryAttention"} < {kernel.operator for kernel in kernels}
    config, card = smol_artifact.config, smol_artifact.card
    assert work.cache_bytes == 2 * 4 * config.layers * config.kv_heads * config.head_dim
    # One byte a weight and a little for scales; SmolLM2 shares its embedding with its head.
    assert card.parameters < work.decode_bytes < 1.3 * card.parameters
    head = config.vocab_size * config.hidden_size
    assert work.prefill_operations == pytest.approx(2 * (card.parameters - head), rel=0.02)


def test_a_model_is_measured_beside_the_limits(smol_artifact: DecoderArtifact) -> None:
    machine = inspect_machine()
    limits = measure_limits(machine)
    speed = measure_speed(smol_artifact, machine, limits)
    assert speed.model == smol_artifact.card.id
    assert 0.0 < speed.decode_share < 2.0
    assert 0.0 < speed.prefill_share < 2.0


def test_streams_are_timed_together(smol_artifact: DecoderArtifact) -> None:
    with Trial(smol_artifact, streams=2) as trial:
        assert trial.streams([16, 17], 12) > 0.0
        assert trial.first_token(8) > 0.0


def test_a_bench_makes_at_least_one_round_and_tells_how_far_it_is(
    smol_artifact: DecoderArtifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prudent.diagnosis.bench._WANTED_SECONDS", 0.0)
    monkeypatch.setattr("prudent.diagnosis.bench.PROMPT", 64)
    monkeypatch.setattr("prudent.diagnosis.bench._DECODE", 6)
    seen: list[tuple[int, int | None]] = []
    report = run_bench(
        smol_artifact, threads=1, progress=lambda event: seen.append((event.done, event.total))
    )
    assert [(m.name, m.unit) for m in report.measurements] == [
        ("prompt of 64 tokens", "tokens/s"),
        ("answer, 1 stream", "tokens/s"),
        ("answers, 4 streams", "tokens/s"),
        ("answers, 8 streams", "tokens/s"),
        ("first token, prompt of 32", "s"),
    ]
    assert all(len(m.values) == 1 and m.median > 0.0 for m in report.measurements)
    assert seen[-1][0] == seen[-1][1]


def test_resident_memory_is_unknown_where_the_system_does_not_say(tmp_path) -> None:
    assert resident_bytes(tmp_path / "absent") is None
    (tmp_path / "status").write_text("VmRSS:\t  12 kB\n")
    assert resident_bytes(tmp_path / "status") == 12 * 1024
    (tmp_path / "status").write_text("VmRSS: much\n")
    assert resident_bytes(tmp_path / "status") is None
