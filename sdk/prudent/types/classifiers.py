"""Classifiers of the user's own on the wire: trained from examples, listed, asked. Not OpenAI's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from prudent.types.base import RequestModel, ResponseModel
from prudent.types.classifier_card import ClassifierCard, SkippedRows
from prudent.types.image import ImageField
from prudent.types.operation import Operation
from prudent.types.safety import PromptFilterResult, SafetyInfo

MAX_EXAMPLES = 10_000
"""Of one training. More hardly help a linear head, and each takes 1.5 kB and some milliseconds."""

MAX_CLASSES = 300
MAX_TEXTS = 256
MAX_IMAGES = 32
MAX_TEXT = 20_000
"""Characters of a text. A text longer than the encoder reads at once is read in parts."""

ClassifierKind = Literal["text", "image"]

ClassifierName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
"""Lower-case letters, digits, dots, dashes and underscores: it is the name of a folder too."""

_User = Annotated[str, Field(max_length=256)]
_Metadata = Annotated[dict[str, str], Field(max_length=16)]
_Text = Annotated[str, Field(max_length=MAX_TEXT)]


class ClassifierExample(RequestModel):
    """A text or an image and its class. `group` is whom it is about or from, to compare groups by.

    `row` is the number by which the card names the example; None takes its place in the list, from 1.
    """

    text: _Text | None = None
    image: ImageField | None = None
    label: str = Field(max_length=200)
    group: str | None = Field(default=None, max_length=200)
    row: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _one_of_two(self) -> ClassifierExample:
        if (self.text is None) == (self.image is None):
            raise ValueError("give text or image, one of the two")
        return self


class TrainClassifierRequest(RequestModel):
    """Examples of two or more classes, five or more distinct ones of each.

    `encoder` is the model that makes vectors; None takes the default for texts or images. `drop_rare` leaves
    classes with too few examples out rather than refusing. `unknown_below` is the probability under which an
    answer counts as unknown; None chooses it so that 95 % of right answers are given. `replace` allows
    training anew under a name that is taken. `left_out` says what whoever sends the examples left out before,
    for the card.
    """

    name: ClassifierName
    examples: Annotated[list[ClassifierExample], Field(min_length=1, max_length=MAX_EXAMPLES, fail_fast=True)]
    encoder: str | None = None
    seed: int = Field(default=0, ge=0, lt=2**31)
    drop_rare: bool = False
    unknown_below: float | None = Field(default=None, ge=0, le=1)
    replace: bool = False
    left_out: Annotated[list[SkippedRows], Field(max_length=16)] = []
    user: _User | None = None
    metadata: _Metadata | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> TrainClassifierRequest:
        if len({example.text is None for example in self.examples}) > 1:
            raise ValueError("examples are all texts or all images")
        return self


class Classifier(ResponseModel):
    """A trained classifier and its card. `created` is in seconds since 1970."""

    id: str
    object: Literal["classifier"] = "classifier"
    created: int
    kind: ClassifierKind
    labels: list[str]
    card: ClassifierCard
    prompt_filter_results: list[PromptFilterResult] | None = None
    safety: SafetyInfo | None = None


class ClassifierList(ResponseModel):
    """All classifiers of this machine, by name."""

    object: Literal["list"] = "list"
    data: list[Classifier]


class ClassifierDeleted(ResponseModel):
    """A classifier that is no more."""

    id: str
    object: Literal["classifier.deleted"] = "classifier.deleted"
    deleted: bool = True


class ClassifyRequest(RequestModel):
    """Texts (`input`) or images (`image`) for the classifier named `model`.

    With `explain` each text is read again without each of its words, to say which mattered.
    """

    model: str = Field(min_length=1)
    input: _Text | Annotated[list[_Text], Field(min_length=1, max_length=MAX_TEXTS)] | None = None
    image: ImageField | Annotated[list[ImageField], Field(min_length=1, max_length=MAX_IMAGES)] | None = None
    top_k: int = Field(default=3, ge=1, le=MAX_CLASSES)
    explain: bool = False
    user: _User | None = None
    metadata: _Metadata | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> ClassifyRequest:
        if (self.input is None) == (self.image is None):
            raise ValueError("give input or image, one of the two")
        if self.explain and self.input is None:
            raise ValueError("explain is for texts")
        return self

    @property
    def texts(self) -> list[str]:
        """The texts, as a list."""
        if self.input is None:
            return []
        return [self.input] if isinstance(self.input, str) else self.input

    @property
    def images(self) -> list[ImageField]:
        """The images, as a list."""
        if self.image is None:
            return []
        return self.image if isinstance(self.image, list) else [self.image]


class LabelScore(ResponseModel):
    """A class and how probable it is (0-1), calibrated."""

    label: str
    probability: float


class WordWeight(ResponseModel):
    """A word, [start, end) in the text, and by how much the label's probability falls without it."""

    text: str
    start: int
    end: int
    weight: float


class Classification(ResponseModel):
    """The answer to one text or image.

    `label` is the most probable class; where `unknown` is true it is not to be relied on. `scores` are the
    `top_k` most probable classes, `words` those that mattered, most weight first.
    """

    index: int
    label: str
    probability: float
    unknown: bool
    scores: list[LabelScore]
    words: list[WordWeight] | None = None

    @property
    def answer(self) -> str | None:
        """The label, or None where the classifier does not know."""
        return None if self.unknown else self.label


class Classifications(ResponseModel):
    """The answers, in the order of the request."""

    object: Literal["list"] = "list"
    model: str
    data: list[Classification]
    unknown_below: float
    prompt_filter_results: list[PromptFilterResult] | None = None
    safety: SafetyInfo | None = None

    @property
    def label(self) -> str:
        """The most probable class of the first."""
        return self.data[0].label

    @property
    def answer(self) -> str | None:
        """The label of the first, or None where the classifier does not know."""
        return self.data[0].answer


TRAIN_CLASSIFIER: Operation[TrainClassifierRequest, Classifier, None] = Operation(
    "classifiers.train", "POST", "/v1/classifiers", TrainClassifierRequest, Classifier
)
LIST_CLASSIFIERS: Operation[None, ClassifierList, None] = Operation(
    "classifiers.list", "GET", "/v1/classifiers", None, ClassifierList
)
RETRIEVE_CLASSIFIER: Operation[None, Classifier, None] = Operation(
    "classifiers.retrieve", "GET", "/v1/classifiers/{name}", None, Classifier
)
DELETE_CLASSIFIER: Operation[None, ClassifierDeleted, None] = Operation(
    "classifiers.delete", "DELETE", "/v1/classifiers/{name}", None, ClassifierDeleted
)
CLASSIFY: Operation[ClassifyRequest, Classifications, None] = Operation(
    "classifiers.predict", "POST", "/v1/classify", ClassifyRequest, Classifications
)
