"""A compiled folder is whole or absent, says what it is, and keeps the gate's promise."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap

import numpy as np
import onnx
import pytest

from prudent.compiler.calibration import calibration_text
from prudent.compiler.compile import compile_decoder
from prudent.compiler.gate import Limits
from prudent.compiler.graph.external_data import ALIGNMENT
from prudent.errors import AccuracyGateError, ModelFileError, StorageError, UnsupportedModelError
from prudent.runtime.artifact import DecoderArtifact
from prudent.tokenizer.encoding import Tokenizer
from prudent.tokenizer.spec import TokenizerSpec

ANY = Limits(mean_kl=1e9, greedy_agreement=-1.0)
STRICT = Limits(mean_kl=1e-12, greedy_agreement=0.9999)


def compiled(source, folder, identity, **options):
    return compile_decoder(source, folder, identity, **{"limits": ANY, **options})


@pytest.mark.parametrize("tied", [True, False])
def test_int8_is_near_float32(tied, architecture, make_tiny, by_definition, runner, identity, tmp_path):
    arch = architecture("qwen2", bias=True, tied=tied)
    source = make_tiny(arch)
    artifact = compiled(source, tmp_path / "out", identity)
    ids = list(range(40))
    expected = by_definition(source, arch, ids)
    error = np.abs(runner(artifact).feed(ids) - expected).mean()
    assert error < 0.05 * np.abs(expected).mean()
    accuracy = artifact.card.accuracy
    assert 0 < accuracy.mean_kl < 0.05
    assert accuracy.tokens > 2000


def test_embedding_and_tied_head_are_one_copy_on_disk(architecture, make_tiny, identity, tmp_path):
    sizes = {}
    for tied in (True, False):
        source = make_tiny(architecture("llama", tied=tied))
        for target in ("int8", "float32"):
            artifact = compiled(source, tmp_path / f"{target}-{tied}", identity, target=target)
            sizes[target, tied] = artifact.card.weight_bytes
    assert sizes["int8", True] < sizes["int8", False]
    assert sizes["float32", True] < sizes["float32", False]


def test_weights_lie_outside_the_graph_at_page_boundaries(make_tiny, identity, tmp_path):
    artifact = compiled(make_tiny(), tmp_path / "out", identity)
    assert artifact.graph.stat().st_size < 200_000
    for tensor in onnx.load(artifact.graph, load_external_data=False).graph.initializer:
        place = {entry.key: entry.value for entry in tensor.external_data}
        if place:
            assert int(place["offset"]) % ALIGNMENT == 0
        else:
            assert np.prod(tensor.dims) <= 4


def test_card_says_what_was_made_from_what(make_tiny, identity, tmp_path):
    events = []
    artifact = compiled(make_tiny(), tmp_path / "out", identity, progress=events.append)
    card = DecoderArtifact(tmp_path / "out").card
    assert card == artifact.card
    assert (card.id, card.license, card.target) == ("tiny", "Apache-2.0", "int8")
    assert card.precision["layer_0.attention.qkv"] == "int8, blocks of 64"
    assert card.precision["layer_1.feed_forward.down"] == "int8, blocks of 32"
    assert set(card.precision) >= {"embedding", "logits"}
    assert {event.stage for event in events} == {"compile", "measure"}
    assert all(event.done == event.total for event in (events[-1],))
    assert TokenizerSpec.load(artifact.tokenizer).tokens[-1] == "<|endoftext|>"


def test_float32_target_is_the_reference_and_has_no_accuracy(make_tiny, identity, tmp_path):
    artifact = compiled(make_tiny(), tmp_path / "out", identity, target="float32")
    assert artifact.card.accuracy is None
    assert set(artifact.card.precision.values()) == {"float32"}


def test_gate_refuses_and_leaves_nothing(make_tiny, identity, tmp_path):
    with pytest.raises(AccuracyGateError, match="mean KL"):
        compiled(make_tiny(), tmp_path / "here" / "out", identity, limits=STRICT)
    assert list((tmp_path / "here").iterdir()) == []


def test_smaller_blocks_are_taken_when_the_largest_is_not_exact_enough(
    architecture, make_tiny, identity, tmp_path
):
    source = make_tiny(architecture("llama", hidden=128, forward=256, head_dim=32))
    largest = compiled(source, tmp_path / "a", identity).card
    between = Limits(mean_kl=largest.accuracy.mean_kl * 0.999, greedy_agreement=-1.0)
    smaller = compiled(source, tmp_path / "b", identity, limits=between).card
    assert largest.precision["logits"] == "int8, blocks of 128"
    assert smaller.precision["logits"] != "int8, blocks of 128"
    assert smaller.accuracy.mean_kl < largest.accuracy.mean_kl


def test_matrix_that_no_block_divides_is_refused_for_int8_only(architecture, make_tiny, identity, tmp_path):
    # The attention output has heads * head_dim = 48 inputs: whole Q8_0 blocks are not needed in float32.
    source = make_tiny(architecture("llama", heads=6, kv_heads=3, head_dim=8), plain=True)
    compiled(source, tmp_path / "f", identity, target="float32")
    with pytest.raises(UnsupportedModelError, match="48 inputs"):
        compiled(source, tmp_path / "i", identity)


def test_damaged_file_leaves_nothing(make_tiny, identity, tmp_path):
    source = make_tiny()
    source.write_bytes(source.read_bytes()[:-1000])
    with pytest.raises(ModelFileError):
        compiled(source, tmp_path / "here" / "out", identity)
    assert not (tmp_path / "here").exists() or list((tmp_path / "here").iterdir()) == []


def test_tokenizer_of_an_unknown_kind_is_refused_before_the_work(make_tiny, identity, tmp_path):
    source = make_tiny()
    source.write_bytes(source.read_bytes().replace(b"gpt2", b"bert"))
    with pytest.raises(UnsupportedModelError, match="bert"):
        compiled(source, tmp_path / "here" / "out", identity)


def in_a_process(code, *arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


COMPILE = """
    import sys
    from pathlib import Path
    from prudent.compiler.compile import compile_decoder
    from prudent.compiler.identity import ModelIdentity
    from prudent.errors import StorageError
    def tell(event):
        print(event.stage, event.done, flush=True)
        if slow: sys.stdin.read()
    slow = sys.argv[3] == "slow"
    try:
        compile_decoder(Path(sys.argv[1]), Path(sys.argv[2]), ModelIdentity("m", "l", "u", ()), progress=tell)
    except StorageError as error:
        print("StorageError", error)
"""


def test_killed_compile_leaves_nothing_that_passes_for_whole(make_tiny, identity, tmp_path):
    source, folder = make_tiny(), tmp_path / "here" / "out"
    process = in_a_process(COMPILE, source, folder, "slow", stdin=subprocess.PIPE)
    assert process.stdout.readline().startswith("compile 1")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not folder.exists()
    assert len(list(folder.parent.iterdir())) == 1
    compiled(source, folder, identity)
    assert list(folder.parent.iterdir()) == [folder]


def test_full_disk_is_an_error_in_words_and_leaves_nothing(make_tiny, tmp_path):
    limit = 150_000
    process = in_a_process(
        COMPILE,
        make_tiny(),
        tmp_path / "here" / "out",
        "fast",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    output, _ = process.communicate(timeout=120)
    assert "StorageError" in output
    assert "full" in output
    assert list((tmp_path / "here").iterdir()) == []


def test_place_that_cannot_be_written_is_an_error_in_words(make_tiny, identity, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        compiled(make_tiny(), tmp_path / "file" / "out", identity)


def test_greedy_float32_answer_of_a_real_model_equals_numpy(
    smol_gguf, smol_reference, architecture, by_definition, runner
):
    arch = architecture(
        "llama", interleaved=True, layers=30, hidden=576, heads=9, kv_heads=3, head_dim=64, base=100_000.0
    )
    tokenizer = Tokenizer(TokenizerSpec.load(smol_reference.tokenizer))
    prompt = tokenizer.encode("The ferry to the island leaves in the morning, when the harbour")
    decoder = runner(smol_reference)
    answer, logits = [], decoder.feed(prompt, rows=[len(prompt) - 1])
    for _ in range(20):
        answer.append(int(logits[-1].argmax()))
        logits = decoder.feed(answer[-1:])
    # One pass over prompt and answer gives the numpy decoder's choice after each of them.
    expected = by_definition(smol_gguf, arch, prompt + answer[:-1])[len(prompt) - 1 :].argmax(-1)
    assert answer == expected.tolist()


def test_default_target_of_a_real_model_keeps_the_promise(smol_artifact):
    accuracy = smol_artifact.card.accuracy
    assert accuracy.mean_kl < 0.01
    assert accuracy.greedy_agreement > 0.95
    assert accuracy.tokens >= 2000
    assert abs(accuracy.perplexity / accuracy.reference_perplexity - 1) < 0.02


def test_calibration_text_is_of_many_kinds_and_long_enough(smol_artifact):
    text = calibration_text()
    assert len(Tokenizer(TokenizerSpec.load(smol_artifact.tokenizer)).encode(text)) >= 2000
    for mark in ("def ", "#include", "SELECT", '{"sku"', "user:", "。", "2023-10-02"):
        assert mark in text
    json.JSONDecoder().raw_decode(text, text.index('{\n  "order"'))
