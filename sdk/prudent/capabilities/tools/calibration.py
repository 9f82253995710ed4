"""The weights of every decision about tools: data with a card that says what they were fitted on.

`benchmarks/tools_calibration.py` writes the file. Knows no model; what it was not fitted on uses the default.
"""

from __future__ import annotations

from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from prudent.capabilities.tools.logistic import Logistic

_FILE = "calibration.json"
_DEFAULT = "default"


class Calibration(BaseModel):
    """`fits`: a tool fits the request. `fits_foreign`: likewise, one that is not in English.

    `fits_unaided`: likewise, where there is no encoder.

    `wanted`: an optional argument was asked for. `follows`: another call follows. `fitted_on` says with what
    model and data, `measured` how well each does on questions that it was not fitted on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fits: Logistic
    fits_foreign: Logistic
    fits_unaided: Logistic
    wanted: Logistic
    follows: Logistic
    fitted_on: str
    measured: dict[str, float] = {}


class CalibrationFile(BaseModel):
    """Calibrations by model id; `default` serves every other model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str
    sources: list[str]
    license: str
    models: dict[str, Calibration]


def load_calibration(model: str) -> Calibration:
    """The calibration for a model."""
    text = files("prudent.capabilities.tools").joinpath(_FILE).read_text(encoding="utf-8")
    models = CalibrationFile.model_validate_json(text).models
    return models.get(model) or models[_DEFAULT]
