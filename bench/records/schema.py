"""The records that the suite writes, as types. ``python -m bench.records.schema`` writes schemas/ from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

# Records older than version numbers carry a hash of the code. This hash stands for version 1.
CODE_OF_VERSION_1 = "fcdcab156022506b"
TENSORFLOW = "TensorFlow"  # the runtime of a network that is no file


class Record(BaseModel):
    """A part of a record: typed, frozen, finite numbers only. Keys that are not known here are kept."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow", allow_inf_nan=False)


class Artefact(Record):
    """A file beside the record: its hash and its size in bytes."""

    sha256: str
    bytes: int


class EnvironmentRecord(Record):
    """Software and machine. Only records without a version have ``code``, a hash of the suite's code."""

    versions: dict[str, str] = {}
    device: list[str] = []
    platform: str = ""
    commit: str | None = None
    onednn: bool | None = None
    deterministic: bool = True
    code: str | None = None


class Volatile(Record):
    """What may differ between two equal runs: start, seconds, host, threads."""

    started: str = ""
    seconds: float | None = None
    host: str = ""
    threads: int | None = None


class SpecRecord(Record):
    """``spec.json``: the run as text, written first."""

    run: str


class DataRecord(Record):
    """The data set: name, fingerprint (sha256), class ids in order of label, images in each split, images left out."""

    name: str
    fingerprint: str
    classes: list[str]
    train: int
    val: int
    skipped: list[str] = []


class Origin(Record):
    """Another trained run whose network was used, and the sha256 of its weights."""

    run: str
    weights: str


class EpochRow(Record):
    """One epoch: mean loss and accuracy over the augmented training images, and learning rate and sparsity at its end.

    Adversarial training of one step adds two accuracies on a few training images at its end: under that step, and under ten.
    """

    epoch: int
    loss: float
    accuracy: float
    learning_rate: float
    sparsity: float
    accuracy_one_step: float | None = None
    accuracy_ten_steps: float | None = None


class KernelRow(Record):
    """One convolution or dense kernel: weights, zeros, multiply-accumulates for one image, operator norm.

    ``filters`` counts output channels or units. ``filters_zero`` counts those whose weights are all zero.
    """

    layer: str
    shape: list[int]
    size: int
    zeros: int
    sparsity: float
    macs: int
    macs_nonzero: int
    spectral_norm: float
    filters: int | None = None
    filters_zero: int | None = None


class PairRow(Record):
    """One low-rank pair of convolutions. The names with ``_before`` are of the convolution that it replaces."""

    layer: str
    rank: int
    rank_found: int
    rank_largest: int
    weights: int
    weights_before: int
    smaller: bool
    macs: int
    macs_before: int


class Metrics(Record):
    """What was measured of a trained network on the whole validation set and from its weights."""

    accuracy: float
    sparsity: float
    sparsity_whole: float
    parameters: int
    parameters_nonzero: int
    macs: int
    macs_nonzero: int
    gzip_bytes: int
    spectral_product: float | None
    batch_norm_norms: dict[str, float]
    kernels: list[KernelRow]
    low_rank: list[PairRow]


class _Versioned(Record):
    """A record whose numbers have a version. It is None in records older than version numbers."""

    version: int | None = None
    environment: EnvironmentRecord
    artefacts: dict[str, Artefact] = {}
    volatile: Volatile = Volatile()

    @property
    def known_version(self) -> int | None:
        """The version; None in an old record of code that has none."""
        return 1 if self.version is None and self.environment.code == CODE_OF_VERSION_1 else self.version

    @property
    def numbers(self) -> str:
        """What two records must share to be compared: "version 2", or "code" and the hash in an old record."""
        known = self.known_version
        return f"code {self.environment.code}" if known is None else f"version {known}"


class TrainingRecord(_Versioned):
    """``run.json``: one training. It is written last, so its presence means "trained".

    A training that diverged has no ``metrics``; its ``epoch`` is the one where the loss became NaN or infinite. ``start`` is
    the network that it started from by SVD, ``teacher`` the one it learned from, and ``ticket`` the one whose weights said
    which ones go; old records have no ``ticket``.
    """

    run: str
    settings: dict[str, Any]
    start: Origin | None = None
    teacher: Origin | None = None
    ticket: Origin | None = None
    source: str | None = None
    data: DataRecord
    status: Literal["done", "diverged"]
    epoch: int | None = None
    metrics: Metrics | None = Field(default=None, validate_default=True)
    history: list[EpochRow]

    @field_validator("metrics")
    @classmethod
    def _done_has_metrics(cls, metrics: Metrics | None, info: ValidationInfo) -> Metrics | None:
        if metrics is None and info.data.get("status") == "done":
            raise PydanticCustomError("missing", "a training that is done has metrics")
        return metrics

    def origin(self, role: str) -> Origin | None:
        """Return the network that had ``role`` in the training: "start", "teacher" or "ticket"; None where none had."""
        found: Origin | None = getattr(self, role)
        return found

    @property
    def diverged(self) -> bool:
        """Whether the loss became NaN or infinite."""
        return self.status == "diverged"

    @property
    def measured(self) -> Metrics:
        """The metrics of a training that is done.

        Raises:
            ValueError: the training diverged.
        """
        if self.metrics is None:
            raise ValueError(f"{self.run} diverged: it has no metrics")
        return self.metrics

    @property
    def weights(self) -> str:
        """The sha256 of the weights file. A training that diverged need not have one."""
        return self.artefacts["weights.npz"].sha256

    def fits(self, made: AttackRecord | AuditRecord | LatencyRecord | LookRecord) -> bool:
        """Tell whether ``made`` is of the network of this training: of its weights and, where it used images, of its images."""
        images = self.data.fingerprint
        return not self.diverged and made.weights == self.weights and getattr(made, "data", images) == images


class ThreatRecord(Record):
    """The threat model: norm, unit of eps, allowed pixel levels, what the attacker does and knows.

    ``temperature`` is the T at which the attacker differentiates; None where no temperature matters.
    """

    norm: str
    eps_unit: str = "pixel levels"
    box: list[int] = [0, 255]
    trained_temperature: float = 1.0
    label: str
    knowledge: str
    temperature: float | None


class RadiusRow(Record):
    """The accuracy at one eps with its 95 % Wilson interval, and the drop from eps 0."""

    eps: float
    accuracy: float
    low: float
    high: float
    drop: float
    accuracy_of_clean_right: float | None


class AttackRecord(_Versioned):
    """``attacks/<attack>.json``: one attack on one network. The .npz beside it has the predicted class of each image.

    ``sources`` are the other networks that the attacker saw.
    """

    attack: str
    threat: ThreatRecord
    images: int
    fraction: float
    gradient_zero_images: float
    gradient_zero_pixels: float
    gradient_not_finite: int = 0
    sources: list[Origin] = []
    rows: list[RadiusRow]
    weights: str
    data: str


class LatencyRow(Record):
    """The time of one call of a network in one runtime: median and quartiles over ``rounds`` calls, in milliseconds.

    ``runtime`` is "TensorFlow" or the format of a deployed file. ``batch`` is the number of images a call. ``bytes`` is the
    size of the file, None for TensorFlow. ``macs`` counts multiply-accumulates for one image, zeros included.
    """

    runtime: str
    threads: int
    batch: int
    rounds: int
    milliseconds: float
    low: float
    high: float
    bytes: int | None
    macs: int


class LatencyRecord(_Versioned):
    """``latency.json``: the last timing of one network. ``machine`` names the processor or GPU.

    Times of two records can be compared only where machine, runtime and threads agree.
    """

    machine: str
    rows: list[LatencyRow]
    weights: str


class StageRow(Record):
    """One attack of an audit: its text, what it uses of the network, what it cost, and what it did at each radius.

    ``tried`` and ``fooled`` count images at each radius. ``gradients`` and ``queries`` count images and steps.
    """

    stage: str
    attack: str
    version: int
    access: str
    gradients: int
    queries: int
    tried: list[int]
    fooled: list[int]


class CheckRow(Record):
    """One check of an audit: pass, flag or not applicable, with the number that was compared with the threshold."""

    check: str
    result: Literal["pass", "flag", "not applicable"]
    value: float | None
    threshold: float
    source: str
    sentence: str


class LeftRow(Record):
    """The numbers of an audit at one eps, each accuracy in [0, 1].

    ``naive`` is the accuracy under one FGSM step on the cross-entropy at T = 1, ``left`` that under the worst of all attacks
    with its 95 % Wilson interval, ``control`` the same of the control on the same images. ``certified`` is the accuracy that
    no attack can lower, None where no bound was computed.
    """

    eps: float
    naive: float
    left: float
    low: float
    high: float
    control: float | None
    certified: float | None = None


class ControlRow(Record):
    """The control that an audit compares with: the name of its run, its seed and the sha256 of its weights."""

    run: str
    seed: int
    weights: str


class VerdictRecord(Record):
    """The verdict of an audit, with its reasons as sentences.

    ``misled`` tells whether a check found that the attacks failed: then less may be left than they found.
    """

    kind: Literal["resists", "breaks", "masked", "inconclusive"]
    reasons: list[str]
    provisional: bool
    misled: bool = False
    clean: float
    rows: list[LeftRow]
    checks: list[CheckRow]


class AuditRecord(_Versioned):
    """``audits/<battery>.json``: one audit of one network. The .npz beside it has the evidence, image by image.

    ``version`` is that of the batteries and probes. The verdict is computed from the evidence; ``control`` is None where
    there was none to compare with.
    """

    battery: str
    threat: ThreatRecord
    eps: list[float]
    images: int
    classes: int
    stages: list[StageRow]
    not_finite: int
    control: ControlRow | None
    verdict: VerdictRecord
    weights: str
    data: str


class AgreementRow(Record):
    """How far one kind of saliency map agrees between two networks, in the mean over images.

    ``between`` is control: this network and its control; seeds: the control and another seed of it; shuffled: this network
    and itself with shuffled weights. ``images`` counts those whose maps are not constant. ``rank`` is Spearman's correlation
    over pixels, ``overlap`` the shared part of the top 5 % of the pixels; both are None where no image counts.
    """

    saliency: str
    between: Literal["control", "seeds", "shuffled"]
    images: int
    rank: float | None
    overlap: float | None


class LookRecord(_Versioned):
    """``looks/<images>.json``: where one network looks, on as many images. The .npz beside it has the numbers of each image.

    ``control`` is the network that it is compared with and ``seeds`` another seed of that network; each is None where there
    was none. ``incompleteness`` is the median over images of the part by which integrated gradients miss the difference of
    the logit. ``accuracy`` is that on all validation images.
    """

    images: int
    control: ControlRow | None
    seeds: ControlRow | None
    agreement: list[AgreementRow]
    incompleteness: float
    accuracy: float
    weights: str
    data: str


class CaseRecord(AuditRecord):
    """``calibration/<network>/<case>.json``: the audit of a trained network, or of a fake made of it, for calibration.

    ``run`` is the text of the network's run. ``fake`` is the name of the fake, empty for the network itself.
    ``same_class`` tells whether the fake gives every image the class that the network gives it.
    """

    run: str
    fake: str = ""
    same_class: bool = True


class GuessRow(Record):
    """A class that a network considers: its id, its name, and softmax(logits / T), in [0, 1].

    T is the temperature of the training; 1 in records of version 1.
    """

    id: str
    name: str
    confidence: float


class FooledRecord(_Versioned):
    """A fooling image of ``bench fool``, without its pixels.

    ``image`` is the sha256 of the image file. ``eps`` is the distance of the image found, in pixel levels, and ``failed`` the
    largest smaller radius at which the climb did not fool the network; 0 where it never failed. ``changed`` is the fraction
    of pixels that differ. ``in_whole_levels`` is what the network says of the image rounded to whole levels, as a file has it.
    """

    network: str
    image: str
    size: int
    threat: ThreatRecord
    target: str | None
    target_name: str | None
    eps_asked: float | None
    fooled: bool
    eps: float | None
    failed: float
    steps: int | None
    changed: float
    fooled_in_whole_levels: bool
    before: list[GuessRow]
    after: list[GuessRow]
    in_whole_levels: list[GuessRow]
    weights: str


class FoolingNetworkRow(Record):
    """A network of a matrix: its name, the sha256 of its weights, and how many images it classifies correctly."""

    name: str
    weights: str
    right: int


class FoolingCell(Record):
    """How many of ``images`` made on ``source`` the network ``target`` misclassifies, with the 95 % Wilson interval.

    ``noise`` is how many of the same images it misclassifies with random noise of the same size, with its own interval.
    """

    source: str
    target: str
    images: int
    fooled: int
    low: float
    high: float
    noise: int
    noise_low: float
    noise_high: float


class FoolingMatrixRecord(_Versioned):
    """How often the fooling images of one network fool others: one cell for each pair.

    ``seed`` is that of the noise.
    """

    threat: ThreatRecord
    eps: float
    steps: int
    seed: int
    images: int
    networks: list[FoolingNetworkRow]
    cells: list[FoolingCell]
    data: str


class ClassDrawingRow(Record):
    """What one network drew: its name, the sha256 of its weights, and the way of its ascent.

    ``logits`` and ``confidences`` are those of the class after so many ``steps``; 0 is the start. ``taken_by`` names the other
    networks that take the last image for the class.
    """

    name: str
    weights: str
    steps: list[int]
    logits: list[float]
    confidences: list[float]
    taken_by: list[str]


class ClassDrawingRecord(_Versioned):
    """What several networks take for one class, each by an ascent on its logit with the same ``settings``.

    ``target`` is the class by the name of its folder. ``start`` is the number of a validation image; None for noise.
    """

    target: str
    settings: dict[str, float]
    start: int | None
    networks: list[ClassDrawingRow]
    data: str


class TransferRow(Record):
    """A linear SVM on the features at one cut, with one C.

    ``accuracy``, with its 95 % Wilson interval, is on the held-out training images. ``seconds`` are those of fitting and
    testing, without the features. ``converged`` tells whether the solver ended before its limit.
    """

    cut: str
    features: int
    c: float
    accuracy: float
    low: float
    high: float
    seconds: float
    converged: bool


class TransferAttackRow(Record):
    """An attack on the network made of trunk and SVM."""

    attack: str
    version: int
    threat: ThreatRecord
    gradient_zero_images: float
    rows: list[RadiusRow]


class TransferRecord(_Versioned):
    """How far the features of a network carry over to another task, and how easily the whole is fooled.

    ``rows`` are the sweep. ``cut`` and ``c`` are the chosen pair, and ``accuracy`` is that of the SVM fitted on all training
    images, on the validation images. ``attacked`` counts the images of ``attacks``. ``seed`` is that of the held-out part and
    of the solver, and ``largest_class`` the share of the largest class among the held-out images; None in old records.
    """

    network: str
    weights: str
    data: str
    classes: list[str]
    train: int
    held_out: int
    val: int
    feature_seconds: float
    rows: list[TransferRow]
    cut: str
    c: float
    accuracy: float
    low: float
    high: float
    attacked: int
    attacks: list[TransferAttackRow]
    seed: int | None = None
    largest_class: float | None = None

    @property
    def to_fit(self) -> int:
        """The training images that the machines of the sweep are fitted on, which are not held out."""
        return self.train - self.held_out


# File schema -> type. A schema gets a new number when its type can no longer read the old records.
SCHEMAS: dict[str, type[Record]] = {
    "bench.spec/1": SpecRecord,
    "bench.run/1": TrainingRecord,
    "bench.attack/2": AttackRecord,
    "bench.audit/1": AuditRecord,
    "bench.case/1": CaseRecord,
    "bench.latency/1": LatencyRecord,
    "bench.fooled/1": FooledRecord,
    "bench.fooling-matrix/2": FoolingMatrixRecord,
    "bench.transfer/1": TransferRecord,
    "bench.look/1": LookRecord,
    "bench.class-drawing/1": ClassDrawingRecord,
}


def schema_of(kind: type[Record]) -> str:
    """Return the name of the file schema of a type of record."""
    return next(name for name, each in SCHEMAS.items() if each is kind)


def _json_schema(name: str, kind: type[Record]) -> dict[str, Any]:
    inner = kind.model_json_schema()
    definitions = inner.pop("$defs", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "type": "object",
        "required": ["schema", "sha256", "record"],
        "properties": {
            "schema": {"const": name},
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "record": inner,
        },
        "$defs": definitions,
    }


def schema_files() -> dict[str, str]:
    """Return the text of each JSON Schema file by its name, as "run.schema.json"."""
    return {
        f"{name.split('.')[1].split('/')[0]}.schema.json": json.dumps(_json_schema(name, kind), indent=1) + "\n"
        for name, kind in SCHEMAS.items()
    }


if __name__ == "__main__":
    for _name, _text in schema_files().items():
        (Path(__file__).parent / "schemas" / _name).write_text(_text, encoding="utf-8")
