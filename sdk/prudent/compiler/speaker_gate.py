"""How far a compiled voice may stray from float32, and how that is measured. Knows no graph.

The ratio of signal to noise alone misleads: a voice whose last stage is int8 as well keeps 21 dB and hisses
in pauses, which PESQ (ITU-T P.862.2, wideband) puts at 2.4 of 4.6; with a float32 last stage it is 4.4 at
22 to 25 dB. What tells them apart is the level of the noise in the quietest tenth of the frames: -60 and
-75 dB.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from prudent.compiler.readers.piper import FloatArray
from prudent.errors import AccuracyGateError

_FRAME = 512
_QUIETEST_SHARE = 0.1
_FLOOR = 1e-12


@dataclass(frozen=True, slots=True)
class SpeakerLimits:
    """Signal to noise of latents and samples in dB, noise in pauses in dB of full scale."""

    latent_snr_db: float = 25.0
    sample_snr_db: float = 18.0
    pause_noise_dbfs: float = -65.0

    def require(self, measures: dict[str, float], model: str) -> None:
        """Return where all hold.

        Raises:
            AccuracyGateError: one does not.
        """
        for name, least in (("latent_snr_db", self.latent_snr_db), ("sample_snr_db", self.sample_snr_db)):
            if not measures[name] >= least:
                raise _broken(model, name, measures[name], f"at least {least:g}")
        if not measures["pause_noise_dbfs"] <= self.pause_noise_dbfs:
            limit = f"at most {self.pause_noise_dbfs:g}"
            raise _broken(model, "pause_noise_dbfs", measures["pause_noise_dbfs"], limit)


def signal_to_noise(pairs: Iterable[tuple[FloatArray, FloatArray]]) -> float:
    """Median over pairs of an exact array and another, in dB."""
    return float(np.median([10 * np.log10(_power(exact) / _power(exact - other)) for exact, other in pairs]))


def pause_noise(pairs: Iterable[tuple[FloatArray, FloatArray]]) -> float:
    """Median over pairs of samples: the noise in the quietest frames of the exact ones, in dB of full
    scale."""
    return float(np.median([_pause_noise(exact, other) for exact, other in pairs]))


def _pause_noise(exact: FloatArray, other: FloatArray) -> float:
    whole = len(exact) // _FRAME * _FRAME
    frames = exact[:whole].reshape(-1, _FRAME)
    noise = (other[:whole] - exact[:whole]).reshape(-1, _FRAME)
    order = np.argsort((frames**2).mean(axis=1))
    quietest = order[: max(1, round(len(order) * _QUIETEST_SHARE))]
    return float(10 * np.log10(_power(noise[quietest])))


def _power(samples: FloatArray) -> float:
    return float((samples.astype(np.float64) ** 2).mean()) + _FLOOR


def _broken(model: str, name: str, value: float, limit: str) -> AccuracyGateError:
    return AccuracyGateError(
        f"{model} compiled to int8 has a {name} of {value:.1f}, where {limit} is required."
    )
