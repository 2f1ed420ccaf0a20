"""The records that the suite writes, as types. The JSON Schema files beside this one are made from them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

# Collection older than version numbers carry a hash of the code. This hash made the numbers that are version 1.
CODE_OF_VERSION_1 = "fcdcab156022506b"


class Record(BaseModel):
    """A part of a record: typed, frozen, finite numbers only. Keys of a later version are kept, not lost."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow", allow_inf_nan=False)


class Artefact(Record):
    """A file beside the record: its hash and its size in bytes."""

    sha256: str
    bytes: int


class EnvironmentRecord(Record):
    """Software and machine. ``code``: a hash of the suite's code, in records that carry no version."""

    versions: dict[str, str] = {}
    device: list[str] = []
    platform: str = ""
    commit: str | None = None
    onednn: bool | None = None
    deterministic: bool = True
    code: str | None = None


class Volatile(Record):
    """What may differ between two equal runs: when, how long (seconds), where, on how many threads."""

    started: str = ""
    seconds: float | None = None
    host: str = ""
    threads: int | None = None


class SpecRecord(Record):
    """``spec.json``: the run as text, written before anything else."""

    run: str


class DataRecord(Record):
    """The data set: its name, its fingerprint (sha256), the class ids by label, the images of each split."""

    name: str
    fingerprint: str
    classes: list[str]
    train: int
    val: int
    skipped: list[str] = []


class Origin(Record):
    """The trained run that another one started from, and the sha256 of its weights."""

    run: str
    weights: str


class EpochRow(Record):
    """One epoch: mean loss and accuracy over the training images as seen, learning rate, sparsity at its end."""

    epoch: int
    loss: float
    accuracy: float
    learning_rate: float
    sparsity: float


class KernelRow(Record):
    """One convolution or dense kernel: weights, zeros, filters, multiply-accumulates for one image, operator norm.

    ``filters`` counts output channels or units, ``filters_zero`` those whose weights are all zero.
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
    """One low-rank pair of convolutions, and the one convolution that it replaces (``_before``)."""

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
    """A record whose numbers have a version. ``version`` is None in records older than version numbers."""

    version: int | None = None
    environment: EnvironmentRecord
    artefacts: dict[str, Artefact] = {}
    volatile: Volatile = Volatile()

    @property
    def numbers(self) -> str:
        """What two records must share to be compared: "version 2", or the code hash of an old record."""
        if self.version is not None:
            return f"version {self.version}"
        code = self.environment.code
        return "version 1" if code == CODE_OF_VERSION_1 else f"code {code}"


class TrainingRecord(_Versioned):
    """``run.json``: one training. It is written last, so that its presence means "trained".

    ``metrics`` is None, and ``epoch`` is where the loss stopped being a number, where ``status`` is "diverged".
    """

    run: str
    settings: dict[str, Any]
    start: Origin | None = None
    source: str | None = None
    data: DataRecord
    status: Literal["done", "diverged"]
    epoch: int | None = None
    metrics: Metrics | None = None
    history: list[EpochRow]

    @property
    def diverged(self) -> bool:
        """Whether the loss became NaN or infinite."""
        return self.status == "diverged"

    @property
    def measured(self) -> Metrics:
        """The metrics of a training that is done; ValueError for one that diverged."""
        if self.metrics is None:
            raise ValueError(f"{self.run} diverged: it has no metrics")
        return self.metrics

    @property
    def weights(self) -> str:
        """The sha256 of the weights file."""
        return self.artefacts["weights.npz"].sha256


class ThreatRecord(Record):
    """The threat model: norm, unit of eps, allowed pixel levels, what the attacker does and knows.

    ``temperature``: the T at which the attacker differentiates; None where no temperature matters.
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
    """``attacks/<attack>.json``: one attack on one trained network. The outcome of each image is in the .npz beside it."""

    attack: str
    threat: ThreatRecord
    images: int
    fraction: float
    gradient_zero_images: float
    gradient_zero_pixels: float
    gradient_not_finite: int = 0
    rows: list[RadiusRow]
    weights: str
    data: str


class EvaluationRecord(_Versioned):
    """``evaluations/<name>.json``: an evaluation of one trained network that is not an attack. ``found`` has its values."""

    evaluation: str
    found: dict[str, Any]
    weights: str
    data: str


# File schema -> type. A schema gets a new number when an old record cannot be read by its type any more.
SCHEMAS: dict[str, type[Record]] = {
    "bench.spec/1": SpecRecord,
    "bench.run/1": TrainingRecord,
    "bench.attack/2": AttackRecord,
    "bench.evaluation/1": EvaluationRecord,
}


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of the file schema ``name``, as "bench.run/1": the envelope with its hash, and the record."""
    inner = SCHEMAS[name].model_json_schema()
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
