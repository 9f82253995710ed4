"""The first frame of an MP3 file where it holds counts and no sound. Knows nothing else of MP3.

The encoder begins with a frame that says how many frames and bytes there are (Xing's and LAME's header),
and puts the numbers in at the end. In a stream they cannot be put in any more, and players would believe
the first ones.
"""

from __future__ import annotations

_LOW_RATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HIGH_RATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""Kilobits a second of layer III: of MPEG-2 and 2.5, and of MPEG-1 (ISO 11172-3, 13818-3)."""

_SAMPLE_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_MPEG_1 = 3
_HEADER = 4
_LONGEST_HEADER = 64
"""Bytes before the word that tells such a frame."""


def without_count(data: bytes) -> bytes:
    """The data without such a frame at its front; as it is where there is none."""
    head = data[:_LONGEST_HEADER]
    is_count = (
        b"Xing" in head or b"Info" in head or not any(head[_HEADER:])
    )  # zeros until the counts are known
    return data[_frame_bytes(data) :] if is_count and len(data) > _HEADER else data


def _frame_bytes(data: bytes) -> int:
    version, layer = data[1] >> 3 & 3, data[1] >> 1 & 3
    rate, sample_rate, padding = data[2] >> 4, data[2] >> 2 & 3, data[2] >> 1 & 1
    known = data[0] == 0xFF and version in _SAMPLE_RATES and layer == 1
    if not known or rate >= len(_LOW_RATES) or sample_rate >= len(_SAMPLE_RATES[version]):
        return 0
    kilobits = (_HIGH_RATES if version == _MPEG_1 else _LOW_RATES)[rate]
    samples = 144_000 if version == _MPEG_1 else 72_000
    return samples * kilobits // _SAMPLE_RATES[version][sample_rate] + padding
