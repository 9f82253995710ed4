"""A Piper voice (VITS) out of its ONNX file and the JSON beside it. Knows no graph of ours.

Flow and decoder are read as weights, by the names that Piper's exporter gives to nodes and tensors; the
encoder with its many small steps is cut out as it is. VITS: Kim, Kong, Son, 2021 (arXiv 2106.06103); the
decoder is HiFi-GAN's: Kong, Kim, Bae, 2020 (arXiv 2010.05646).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
import onnx
import onnx.numpy_helper
import onnx.utils as onnx_utils
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from prudent.errors import ModelFileError, UnsupportedModelError

_onnx = cast("Any", onnx)  # the package has partial hints
_numpy_helper = cast("Any", onnx.numpy_helper)
_helper = cast("Any", onnx.helper)
_onnx_utils = cast("Any", onnx_utils)

_LARGEST_BYTES = 256 * 2**20
_ENCODER_INPUTS = {"input": "ids", "input_lengths": "length", "/dp/Mul_1_output_0": "noise"}
_ENCODER_OUTPUTS = {
    "/enc_p/Split_output_0": "mean",
    "/enc_p/Split_output_1": "log_scale",
    "/dp/Split_output_0": "log_duration",
}

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Kernel:
    """A convolution along time: weight (outputs, inputs, width), bias (outputs)."""

    weight: FloatArray
    bias: FloatArray
    dilation: int = 1

    @property
    def reach(self) -> int:
        """Frames on either side that an output depends on."""
        return self.dilation * (self.weight.shape[2] - 1) // 2


@dataclass(frozen=True, slots=True)
class Upsampling:
    """A transposed convolution: weight (inputs, outputs, width), `stride` outputs for each input."""

    weight: FloatArray
    bias: FloatArray
    stride: int
    padding: int


@dataclass(frozen=True, slots=True)
class Coupling:
    """A layer of the flow: gated convolutions over one half of the channels say what the other half loses."""

    before: Kernel
    gates: tuple[Kernel, ...]
    mixes: tuple[Kernel, ...]
    after: Kernel


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the decoder: upsampling, then the mean of some blocks of convolutions with residuals."""

    upsampling: Upsampling
    blocks: tuple[tuple[Kernel, ...], ...]


@dataclass(frozen=True, slots=True)
class VitsWeights:
    """Flow (in the order in which it runs) and decoder."""

    couplings: tuple[Coupling, ...]
    first: Kernel
    stages: tuple[Stage, ...]
    last: Kernel


class _Audio(BaseModel):
    sample_rate: int


class _Espeak(BaseModel):
    voice: Annotated[str, Field(pattern=r"^[a-z0-9-]{2,32}$")]


class _Inference(BaseModel):
    noise_scale: float
    length_scale: float
    noise_w: float


class _Language(BaseModel):
    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{2,16}$")]


class PiperSettings(BaseModel):
    """The JSON beside a voice; fields that are not read are left out."""

    audio: _Audio
    espeak: _Espeak
    inference: _Inference
    language: _Language
    phoneme_type: str = "espeak"
    num_speakers: int = 1
    dataset: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "voice"
    phoneme_id_map: dict[str, list[int]]


def read_settings(file: Path) -> PiperSettings:
    """Read a voice's JSON.

    Raises:
        ModelFileError: it is damaged.
        UnsupportedModelError: the voice does not read espeak's phonemes, or has several speakers.
    """
    try:
        settings = PiperSettings.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelFileError(f"{file.name} is not the description of a Piper voice.") from error
    if settings.phoneme_type != "espeak":
        raise UnsupportedModelError(
            f"{file.name}: the voice reads {settings.phoneme_type!r}, not espeak-ng's phonemes."
        )
    if settings.num_speakers != 1:
        raise UnsupportedModelError(f"{file.name}: voices of several speakers are not supported yet.")
    if missing := {"^", "$", "_"} - settings.phoneme_id_map.keys():
        raise ModelFileError(f"{file.name} has no phoneme {min(missing)!r}.")
    return settings


class PiperFile:
    """An opened voice. Raises as its methods do."""

    def __init__(self, file: Path) -> None:
        """Read the file.

        Raises:
            ModelFileError: it is damaged.
            UnsupportedModelError: it is too large to be a voice.
        """
        self._name = file.name
        if file.stat().st_size > _LARGEST_BYTES:
            raise UnsupportedModelError(f"{file.name} is too large to be a voice.")
        try:
            self._model = _onnx.load(str(file), load_external_data=False)
        except Exception as error:  # protobuf's errors have no common root
            raise ModelFileError(f"{file.name} is not an ONNX file: it is damaged or cut short.") from error
        self._tensors = {str(tensor.name): tensor for tensor in self._model.graph.initializer}
        self._nodes = {str(node.name): node for node in self._model.graph.node}

    @property
    def parameters(self) -> int:
        """How many numbers the network has."""
        return sum(math.prod(tensor.dims) for tensor in self._tensors.values() if tensor.data_type == 1)

    def weights(self) -> VitsWeights:
        """Flow and decoder.

        Raises:
            UnsupportedModelError: they are not built as those of a Piper voice.
            ModelFileError: a tensor is damaged.
        """
        try:
            indices = self._indices(r"/flow/flows\.(\d+)/pre/Conv")
            couplings = tuple(self._coupling(index) for index in reversed(indices))
            stages = tuple(self._stage(index) for index in self._indices(r"/dec/ups\.(\d+)/ConvTranspose"))
            first, last = self._kernel("/dec/conv_pre/Conv"), self._kernel("/dec/conv_post/Conv")
        except KeyError as error:
            raise self._unknown(f"it lacks {error.args[0]}") from None
        except ValueError as error:
            raise ModelFileError(f"{self._name} holds a damaged tensor: {error}.") from error
        weights = VitsWeights(couplings, first, stages, last)
        self._check(weights)
        return weights

    def encoder(self) -> bytes:
        """The part of the graph before flow and decoder, as an ONNX file with its weights inside.

        Raises:
            UnsupportedModelError: it is not there.
        """
        made = {str(name) for node in self._model.graph.node for name in node.output}
        if missing := sorted((_ENCODER_OUTPUTS.keys() | {"/dp/Mul_1_output_0"}) - made):
            raise self._unknown(f"it lacks {missing[0]}")
        self._model.graph.value_info.append(
            _helper.make_tensor_value_info("/dp/Mul_1_output_0", 1, [1, 2, "phonemes"])
        )
        extract: Callable[..., Any] = _onnx_utils.Extractor(self._model).extract_model
        part = extract(list(_ENCODER_INPUTS), list(_ENCODER_OUTPUTS))
        names = _ENCODER_INPUTS | _ENCODER_OUTPUTS
        for value in (*part.graph.input, *part.graph.output):
            value.name = names[value.name]
        for value in part.graph.input:
            value.type.tensor_type.shape.dim[0].dim_value = 1  # one sentence at a time
        for node in part.graph.node:
            for names_of_node in (node.input, node.output):
                renamed = [names.get(name, name) for name in names_of_node]
                del names_of_node[:]
                names_of_node.extend(renamed)
        del part.graph.value_info[:]
        return cast("bytes", part.SerializeToString())

    def _coupling(self, index: int) -> Coupling:
        at = f"/flow/flows.{index}"
        layers = range(len(self._indices(re.escape(at) + r"/enc/in_layers\.(\d+)/Conv")))
        return Coupling(
            self._kernel(f"{at}/pre/Conv"),
            tuple(self._kernel(f"{at}/enc/in_layers.{layer}/Conv") for layer in layers),
            tuple(self._kernel(f"{at}/enc/res_skip_layers.{layer}/Conv") for layer in layers),
            self._kernel(f"{at}/post/Conv"),
        )

    def _stage(self, index: int) -> Stage:
        blocks = self._indices(r"/dec/resblocks\.(\d+)/convs\.0/Conv")
        count = len(blocks) // len(self._indices(r"/dec/ups\.(\d+)/ConvTranspose"))
        return Stage(
            self._upsampling(f"/dec/ups.{index}/ConvTranspose"),
            tuple(self._block(block) for block in blocks[index * count : (index + 1) * count]),
        )

    def _block(self, index: int) -> tuple[Kernel, ...]:
        at = f"/dec/resblocks.{index}/convs"
        layers = self._indices(re.escape(at) + r"\.(\d+)/Conv")
        return tuple(self._kernel(f"{at}.{layer}/Conv") for layer in layers)

    def _indices(self, pattern: str) -> list[int]:
        found = (re.fullmatch(pattern, name) for name in self._nodes)
        return sorted(int(match[1]) for match in found if match is not None)

    def _kernel(self, name: str) -> Kernel:
        node = self._nodes[name]
        weight = self._tensor(node.input[1])
        bias = self._tensor(node.input[2]) if len(node.input) > 2 else np.zeros(len(weight), np.float32)
        return Kernel(weight, bias, _attribute(node, "dilations", 1))

    def _upsampling(self, name: str) -> Upsampling:
        node = self._nodes[name]
        weight, bias = self._tensor(node.input[1]), self._tensor(node.input[2])
        return Upsampling(weight, bias, _attribute(node, "strides", 1), _attribute(node, "pads", 0))

    def _tensor(self, name: str) -> FloatArray:
        return cast("NDArray[Any]", _numpy_helper.to_array(self._tensors[name])).astype(np.float32)

    def _check(self, weights: VitsWeights) -> None:
        """Refuse what the graphs of ours could not express, before it goes wrong in them."""
        kernels = [weights.first, weights.last]
        kernels += [kernel for stage in weights.stages for block in stage.blocks for kernel in block]
        for coupling in weights.couplings:
            kernels += [coupling.before, *coupling.gates, *coupling.mixes, coupling.after]
        if any(kernel.weight.ndim != 3 or kernel.weight.shape[2] % 2 == 0 for kernel in kernels):
            raise self._unknown("a convolution is not along time, or of even width")
        if not weights.stages or not weights.couplings or len(weights.couplings) % 2:
            raise self._unknown("its flow or its decoder is not built in the known way")
        for stage in weights.stages:
            up, width = stage.upsampling, stage.upsampling.weight.shape[2]
            if not stage.blocks or width - up.stride != 2 * up.padding or up.padding > up.stride:
                raise self._unknown("an upsampling has an unknown width")

    def _unknown(self, why: str) -> UnsupportedModelError:
        return UnsupportedModelError(f"{self._name} is not a Piper voice that prudent knows: {why}.")


def _attribute(node: Any, name: str, otherwise: int) -> int:
    """The first number of an attribute of a node."""
    for entry in node.attribute:
        if entry.name == name:
            return int(entry.ints[0])
    return otherwise
