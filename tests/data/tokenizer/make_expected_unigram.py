"""Makes expected_unigram.json: the ids that SentencePiece gives for corpus.json with a file's vocabulary.

    python tests/data/tokenizer/make_expected_unigram.py E5-SMALL-Q4.bin

Needs sentencepiece and protobuf, which no extra of prudent has. SentencePiece's own nmt_nfkc map normalises;
only the zero-width joiner is put to a space beforehand, as the vocabulary's map has it: newer releases of
SentencePiece leave it alone, and the model was trained before them.
"""

from __future__ import annotations

import argparse
import io
import json
from importlib.metadata import version
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2

from prudent.compiler.readers import open_weights
from prudent.tokenizer.unigram_spec import UnigramSpec

FOLDER = Path(__file__).parent
MORE = {
    "markers": "<s> a </s> <pad> <unk> <mask>",
    "decomposed": "Cafe\u0301 Tie\u0302\u0301ng u\u0308ber \u1112\u1161\u11ab",
    "question": "query: 如何重置我的密码？",
    "unknown": "𓀀𓀁𓀂 a 𓀀",
}


def processor(spec: UnigramSpec) -> sentencepiece.SentencePieceProcessor:
    """SentencePiece with the vocabulary's pieces and its own normalisation."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["any text will do to get a model whose rules are those of the rule"] * 20),
        model_writer=written,
        vocab_size=30,
        model_type="unigram",
        normalization_rule_name="nmt_nfkc",
        hard_vocab_limit=False,
        minloglevel=2,
    )
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(written.getvalue())
    del model.pieces[:]
    kinds = sentencepiece_model_pb2.ModelProto.SentencePiece
    for index, (piece, score) in enumerate(zip(spec.pieces, spec.scores, strict=True)):
        kind = kinds.UNKNOWN if index == spec.unknown_id else kinds.CONTROL if score == 0 else kinds.NORMAL
        model.pieces.add(piece=piece, score=score, type=kind)
    trainer = model.trainer_spec
    trainer.vocab_size = len(spec.pieces)
    trainer.unk_id, trainer.bos_id, trainer.eos_id = spec.unknown_id, spec.bos_id, spec.eos_id
    trainer.pad_id = spec.padding_id
    return sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    weights = open_weights(parser.parse_args().file)
    peer = processor(UnigramSpec.from_metadata(weights.metadata))
    texts = json.loads((FOLDER / "corpus.json").read_text(encoding="utf-8")) | MORE
    ids = {name: [text, peer.encode(text.replace("\u200d", " "))] for name, text in texts.items()}
    out = {"sentencepiece": version("sentencepiece"), "texts": ids}
    (FOLDER / "expected_unigram.json").write_text(json.dumps(out, ensure_ascii=True), encoding="utf-8")


if __name__ == "__main__":
    main()
