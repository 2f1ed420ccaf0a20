"""A run as a value: what is trained, how it is compressed, from which seed. It prints, parses, names and checks itself."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import MISSING, Field, asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any

from bench.datasets import DATASETS
from bench.errors import BadInput, unknown
from bench.spec.architectures import ArchitectureName, architecture, head_of, usual_spelling
from bench.spec.hashed import hashed
from bench.spec.key import key_of
from bench.spec.limits import OneOf, Range, Words
from bench.spec.methods import MethodNames, canonical
from bench.spec.pruning_schedule import Fractions, Schedule, parse_schedule
from bench.spec.ranks import FullRank, RankList, Ranks, check_ranks, parse_ranks
from bench.spec.setting import Acts, OtherRun, Section, flag, setting

PRECISIONS = ("float32", "bfloat16")
PRUNINGS = ("magnitude", "random", "filter", "global")
STARTS = ("scratch", "svd")
TEMPERATURE_LOSSES = ("plain", "scaled")
ADVERSARIAL_STARTS = ("image", "random")
WEIGHT_DECAY = 5e-4
FRACTION = Range("a fraction", 0, 1, open_high=True)
RUN_NAME = Words(
    "the name of a run's folder, without its path and its seed, as in alexnet-b128-imagenette64-1a2b3c4d",
    r"[a-z0-9]([A-Za-z0-9._,-]*[A-Za-z0-9])?|",
)
FIRST_WEIGHTS = ("low_rank", "low_rank_init", "low_rank_from", "dropout", "method")  # settings that they depend on
SELF = "self"  # in place of a name: the same run without the method that the setting belongs to
DATA_NAME = Words("a name of letters, digits and hyphens", r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?|")


def _short_rank(ranks: Ranks) -> str:
    name = "list" if isinstance(ranks, RankList) else str(ranks)
    return name if name.startswith("l") else f"r{name}"


def _rank_in_words(ranks: Ranks) -> str:
    name = str(ranks)
    return name.upper() if name.startswith("lr") else f"rank {name}"


def _other_arch(other: Run, run: Run) -> str:
    return f"has arch {other.arch}: expected {run.arch}, as in the run itself" if other.arch != run.arch else ""


def _no_start(other: Run, run: Run) -> str:
    """Return why a low-rank ``run`` cannot start from ``other``."""
    low_rank = "is a low-rank run: expected a full-rank one" if other.low_rank != FullRank() else ""
    return _other_arch(other, run) or low_rank


def _no_ticket(other: Run, run: Run) -> str:
    """Return why the trained weights of ``other`` cannot say which of the first weights of ``run`` go."""
    if wrong := _other_arch(other, run):
        return wrong
    if other.sparsity:
        return "is pruned: expected a dense run of the same network"
    for name in FIRST_WEIGHTS:
        theirs, ours = getattr(other, name), getattr(run, name)
        if theirs != ours:
            return (
                f"has {name} {theirs or 'none'}, and so began with other weights: expected {ours or 'none'}, as in the "
                "run itself"
            )
    return ""


@dataclass(frozen=True)
class NamedRun:
    """Another run whose network a training uses: the setting that names it, its option, its name and its part in the training."""

    setting: str
    option: str
    name: str
    part: OtherRun


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training: every setting that decides its outcome, checked.

    ``str(run)`` writes all settings that have an effect, and ``Run.parse`` reads it back. ``run.name`` is a readable head
    and a hash of that text without the seed. A setting that is added later needs a default without effect, at which it is
    left out of the text: then no old run is renamed. "self" in place of the name of a run is the name of the same run without
    the method that the setting belongs to: of the dense run for a rewound one, of the one that learns from the labels for a
    distilled one.
    """

    arch: str = setting("network", ArchitectureName(), section=Section.NETWORK)
    dataset: str = setting(
        "images to train on and attack", OneOf("data set", DATASETS), "imagenette", section=Section.NETWORK
    )
    data_name: str = setting(
        "name for the images of a folder, to tell two folders apart", DATA_NAME, "", off="", section=Section.NETWORK
    )
    image_size: int = setting(
        "side of the images, pixels", Range("pixels", 32, 512, whole=True), 64, section=Section.NETWORK
    )
    sparsity: float = setting(
        "fraction of zeros in every kernel; 0: not pruned",
        FRACTION,
        0.0,
        off=0.0,
        example="0.9",
        short=lambda value: f"s{value:g}",
        words=lambda value: f"{100 * value:g} % zero",
        acts=Acts("sparsity", "dense", "bench.methods.pruning:pruning"),
        section=Section.METHODS,
    )
    pruning: str = setting(
        "which weights go: the smallest of each kernel, random ones, the smallest filters, or the smallest of all kernels",
        OneOf("criterion", PRUNINGS),
        "magnitude",
        off="magnitude",
        part_of="sparsity",
        short=str,
        words={"random": "at random", "filter": "by filter", "global": "over all kernels"}.__getitem__,
        section=Section.METHODS,
    )
    schedule: Schedule = setting(
        "when to prune: shares:BEGIN,END,UPDATES in fractions of the training, or steps:T_START,N,F",
        None,
        Fractions(),
        part_of="sparsity",
        section=Section.METHODS,
    )
    rewind_from: str = setting(
        "a trained dense run: its smallest weights become zero, the others go back to their first values and are trained "
        "again; self: the same run without pruning",
        RUN_NAME,
        "",
        off="",
        part_of="sparsity",
        flag="--rewind",
        names_run=OtherRun("ticket", "took the places of its zeros from", _no_ticket),
        short=lambda _: "rewound",
        words=lambda _: "rewound",
        section=Section.METHODS,
    )
    low_rank: Ranks = setting(
        "rank of each convolution: full, lr1, lr2, a fraction as 0.5, or a list as 8,40,60",
        None,
        FullRank(),
        off=FullRank(),
        example="lr1",
        short=_short_rank,
        words=_rank_in_words,
        acts=Acts("low rank", "full rank", "bench.methods.low_rank:low_rank"),
        section=Section.METHODS,
    )
    low_rank_init: str = setting(
        "how a low-rank network starts",
        OneOf("start", STARTS),
        "scratch",
        off="scratch",
        part_of="low_rank",
        example="svd",
        short=str,
        words=lambda _: "by SVD",
        section=Section.METHODS,
    )
    low_rank_from: str = setting(
        "the trained full-rank run to start from by SVD; self: the same run of full rank",
        RUN_NAME,
        "",
        off="",
        part_of="low_rank_init",
        flag="--from",
        names_run=OtherRun("start", "started from", _no_start),
        section=Section.METHODS,
    )
    temperature: float = setting(
        "T: train on logits / T",
        Range("a temperature", 0, 1e6, open_low=True),
        1.0,
        off=1.0,
        example="20",
        short=lambda value: f"t{value:g}",
        words=lambda value: f"T = {value:g}",
        acts=Acts("temperature", "T = 1", "bench.methods.temperature:temperature"),
        section=Section.METHODS,
    )
    temperature_loss: str = setting(
        "loss at T: plain, as in the internship, or multiplied by T",
        OneOf("loss", TEMPERATURE_LOSSES),
        "scaled",
        part_of="temperature",
        section=Section.METHODS,
    )
    distill_from: str = setting(
        "the trained run whose probabilities at T are the labels; self: the same run without distillation",
        RUN_NAME,
        "",
        off="",
        names_run=OtherRun("teacher", "learned from"),
        short=lambda _: "distilled",
        words=lambda _: "distilled",
        acts=Acts("distillation", "no teacher", "bench.methods.distillation:distillation"),
        section=Section.METHODS,
    )
    adversarial_eps: float = setting(
        "train on attacked images: eps in L-infinity, pixel levels; 0: on the images themselves",
        Range("pixel levels", 0, 255),
        0.0,
        off=0.0,
        example="2",
        short=lambda value: f"adv{value:g}",
        words=lambda value: f"adversarial eps {value:g}",
        acts=Acts("adversarial training", "standard training", "bench.methods.adversarial_training:adversarial"),
        section=Section.METHODS,
    )
    adversarial_steps: int = setting(
        "steps of that attack; 1: FGSM, more: PGD",
        Range("steps", 1, 1000, whole=True),
        1,
        part_of="adversarial_eps",
        short=lambda value: f"pgd{value}" if value > 1 else "",
        words=lambda value: f"{value} steps" if value > 1 else "",
        section=Section.METHODS,
    )
    adversarial_start: str = setting(
        "where that attack starts: at the image, or at a random point of the ball",
        OneOf("start", ADVERSARIAL_STARTS),
        "random",
        part_of="adversarial_eps",
        short=lambda value: "image" if value == "image" else "",
        section=Section.METHODS,
    )
    l1: float = setting(
        "factor of the sum of absolute weights of the kernels; 1 - momentum of it counts in the loss",
        Range("a factor", 0, 1),
        0.0,
        off=0.0,
        short=lambda value: f"l1-{value:g}",
        words=lambda value: f"l1 {value:g}",
        acts=Acts("l1 penalty", "no penalty", "bench.methods.l1:l1"),
        section=Section.METHODS,
    )
    nuclear_norm: float = setting(
        "factor of the sum of singular values of the kernels; 1 - momentum of it counts in the loss",
        Range("a factor", 0, 1),
        0.0,
        off=0.0,
        short=lambda value: f"nuc{value:g}",
        words=lambda value: f"nuclear norm {value:g}",
        acts=Acts("nuclear norm", "no penalty", "bench.methods.nuclear_norm:nuclear_norm"),
        section=Section.METHODS,
    )
    variational_dropout: float = setting(
        "factor of the divergence of variational dropout; 1: the bound",
        Range("a factor", 0, 1e6),
        0.0,
        off=0.0,
        short=lambda value: f"vd{value:g}",
        words=lambda value: f"variational dropout {value:g}",
        acts=Acts("variational dropout", "no noise", "bench.methods.variational_dropout:variational_dropout"),
        section=Section.METHODS,
    )
    l0: float = setting(
        "least sparsity of every kernel, by gates that learn which weights go",
        FRACTION,
        0.0,
        off=0.0,
        short=lambda value: f"l0-{value:g}",
        words=lambda value: f"l0 {100 * value:g} % zero",
        acts=Acts("l0 gates", "no gates", "bench.methods.l0:l0"),
        section=Section.METHODS,
    )
    dropout: float = setting(
        "probability of dropout before each dense layer, beside that of the architecture",
        FRACTION,
        0.0,
        off=0.0,
        short=lambda value: f"drop{value:g}",
        words=lambda value: f"dropout {value:g}",
        acts=Acts("dropout", "no dropout", "bench.methods.dropout:dropout"),
        section=Section.METHODS,
    )
    epochs: int = setting(
        "passes over the training images", Range("epochs", 1, 100_000, whole=True), 10, section=Section.TRAINING
    )
    batch_size: int = setting("images a step", Range("images", 1, 65_536, whole=True), 128, section=Section.TRAINING)
    learning_rate: float = setting(
        "peak learning rate", Range("a rate", 0, 100, open_low=True), by_arch=True, section=Section.TRAINING
    )
    clip_norm: float = setting(
        "largest norm of the gradient; 0: none",
        Range("a norm", 0, 1e6),
        0.0,
        by_arch=True,
        off=0.0,
        section=Section.TRAINING,
    )
    momentum: float = setting("Nesterov momentum", FRACTION, 0.9, section=Section.TRAINING)
    weight_decay: float = setting(
        "L2 penalty on kernels",
        Range("a factor", 0, 1),
        WEIGHT_DECAY,
        words=lambda value: "" if value == WEIGHT_DECAY else f"weight decay {value:g}",
        section=Section.TRAINING,
    )
    warmup: float = setting(
        "fraction of the training over which the learning rate rises", FRACTION, 0.2, section=Section.TRAINING
    )
    precision: str = setting(
        "arithmetic of the training; attacks use float32",
        OneOf("precision", PRECISIONS),
        "float32",
        section=Section.TRAINING,
    )
    method: str = setting("methods of other packages", MethodNames(), "", off="", words=str, section=Section.METHODS)
    seed: int = setting(
        "seed of weights, order, augmentation",
        Range("a whole number", 0, 2**31 - 1, whole=True),
        0,
        section=Section.TRAINING,
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            limit = each.metadata["limit"]
            if limit is not None:
                limit.check(each.metadata["flag"] or each.name, getattr(self, each.name))
            if each.type == "float":  # 1 and 1.0 are one setting and must print as one
                object.__setattr__(self, each.name, float(getattr(self, each.name)))
        object.__setattr__(self, "method", canonical(self.method))
        if self.data_name and DATASETS[self.dataset].named:
            raise BadInput(
                f"data_name is {self.data_name!r}, but {self.dataset} has a name: expected it with folder alone"
            )
        for name, reason in self._needs_float32().items():
            if self.precision != "float32":
                raise BadInput(
                    f"{name} is {getattr(self, name):g}, but {reason}: expected --precision float32, received {self.precision}"
                )
        by_zeros = [name for name in ("sparsity", "variational_dropout", "l0") if getattr(self, name)]
        if len(by_zeros) > 1:
            raise BadInput(
                f"{' and '.join(by_zeros)} each choose the weights that go: expected one of them; the record counts the zeros"
            )
        check_ranks(self.low_rank, self.arch)
        by_svd = [self.low_rank != FullRank(), self.low_rank_init == "svd", bool(self.low_rank_from)]
        if any(by_svd[1:]) and not all(by_svd):
            raise BadInput(
                "a start by SVD needs ranks and a trained full-rank run: expected --low-rank, --low-rank-init svd and "
                "--from RUN together"
            )
        for each in fields(self):
            parent = each.metadata["part_of"]
            if parent and not self._has_effect(parent):
                object.__setattr__(self, each.name, each.default)
        # All of them before one is set: each is the name of a run that still asks for the others.
        to_itself = [each.setting for each in self.named_runs() if each.name == SELF]
        for place, name in [(place, self.itself(place)) for place in to_itself]:
            object.__setattr__(self, place, name)

    def _needs_float32(self) -> dict[str, str]:
        """Return why a setting that acts cannot do so in another precision, by setting."""
        wrapped = "the layers that it wraps compute in float32"
        reasons = {
            "adversarial_eps": "in bfloat16 the network rounds pixel levels from 128 on to whole ones",
            # A rewound network is trained without wrapped layers.
            **({} if self.rewind_from else {"sparsity": wrapped}),
            "variational_dropout": wrapped,
            "l0": wrapped,
        }
        return {name: reason for name, reason in reasons.items() if getattr(self, name)}

    @classmethod
    def of(cls, **settings: Any) -> Run:
        """Make a run from keyword settings; those that are None or left out are the architecture's own, or the default.

        A schedule and ranks may be given as text.

        Raises:
            BadInput: a setting cannot be, or a part of a method is given without the setting that asks for the method.
        """
        by_name = {each.name: each for each in fields(cls)}
        if wrong := settings.keys() - by_name:
            raise unknown("setting", min(wrong), by_name, "bench run --help")
        ArchitectureName().check("arch", settings.get("arch"))
        settings["arch"] = usual_spelling(settings["arch"])
        row = architecture(settings["arch"])
        own = {name: getattr(row, name) for name, each in by_name.items() if each.metadata["by_arch"]}
        given = {name: value for name, value in settings.items() if value is not None}
        for name, value in given.items():
            if by_name[name].type in READERS and isinstance(value, str):
                given[name] = _read(by_name[name], value)
        made = cls(**{**own, **given})
        for name, value in given.items():
            parent = by_name[name].metadata["part_of"]
            if parent and parent not in given and value != by_name[name].default:
                way_out = f"{flag(by_name[parent])} {by_name[parent].metadata['example']}"
                called = by_name[name].metadata["flag"] or name
                raise BadInput(f"{called} is {value}, but no {parent} is given: expected one, as in {way_out}")
        return made

    @classmethod
    def parse(cls, text: str) -> Run:
        """Read what ``str`` wrote, ``name=value`` pairs with spaces between them; BadInput where it is something else."""
        settings: dict[str, Any] = {}
        by_name = {each.name: each for each in fields(cls)}
        for pair in text.split():
            name, _, value = pair.partition("=")
            if name not in by_name:
                raise unknown("setting", name, by_name, "bench run --help")
            settings[name] = _read(by_name[name], value)
        missing = [each.name for each in by_name.values() if each.default is MISSING and each.name not in settings]
        if missing:
            raise BadInput(f"run {text!r}: expected a value for {', '.join(missing)}")
        return cls(**settings)

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        return " ".join(
            f"{each.name}={getattr(self, each.name)}" for each in fields(self) if self._has_effect(each.name)
        )

    def _has_effect(self, name: str) -> bool:
        metadata = self.__dataclass_fields__[name].metadata
        parent = metadata["part_of"]
        return getattr(self, name) != metadata["off"] and (parent is None or self._has_effect(parent))

    def without(self, *settings: str) -> Run:
        """Return the same run with these settings, and their parts, at their defaults.

        Args:
            settings: that ask for a method, or are parts of one.
        """
        left = set(settings)
        while parts := {each.name for each in fields(self) if each.metadata["part_of"] in left} - left:
            left |= parts
        plain: dict[str, Any] = {each.name: each.default for each in fields(self) if each.name in left}
        return replace(self, **plain)

    def itself(self, setting: str) -> str:
        """Return the name that "self" stands for in ``setting``: that of the same run without the method of the setting."""
        while parent := self.__dataclass_fields__[setting].metadata["part_of"]:
            setting = parent
        return self.without(setting).name

    @property
    def unpruned(self) -> Run:
        """The same run without pruning. Until the first pruning step the two are one training."""
        return replace(self, sparsity=0.0)

    @property
    def goes_on_from_control(self) -> bool:
        """Whether the training is that of the unpruned run until a first pruning step."""
        return self.sparsity > 0 and not self.rewind_from

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting as JSON holds it, also those without effect."""
        texts = {each.name: str(getattr(self, each.name)) for each in fields(self) if each.type in READERS}
        return {**asdict(self), **texts}

    @property
    def effective(self) -> dict[str, str]:
        """The settings that have an effect, as text by name."""
        return dict(pair.split("=", 1) for pair in str(self).split())

    @cached_property
    def name(self) -> str:
        """The name of the run's folder, the same for every seed."""
        text = " ".join(pair for pair in str(self).split() if not pair.startswith("seed="))
        tail = hashlib.sha256(text.encode()).hexdigest()[:8]
        data = f"{self.dataset}{self.image_size}" + f"-{self.data_name}" * bool(self.data_name)
        return f"{head_of(self.arch)}{self._compression()}-b{self.batch_size}-{data}-{tail}"

    @property
    def key(self) -> str:
        """The name and the seed, as ``key_of`` writes them."""
        return key_of(self.name, self.seed)

    def _compression(self) -> str:
        parts = [each.metadata["short"](getattr(self, each.name)) for each in self._told("short")]
        return "".join(f"-{part}" for part in parts if part)

    @property
    def words(self) -> dict[str, str]:
        """What acts on the network, in words by setting: "98 % zero", "LR1", "T = 20". Empty for the dense network as it is."""
        found = {each.name: each.metadata["words"](getattr(self, each.name)) for each in self._told("words")}
        return {name: words for name, words in found.items() if words}

    @property
    def methods(self) -> tuple[Acts, ...]:
        """The methods that act on the network, in the order of their settings, without those of other packages."""
        return tuple(each.metadata["acts"] for each in self._told("acts"))

    def named_runs(self) -> list[NamedRun]:
        """Return the other runs whose networks the training uses, in the order of the settings that name them."""
        return [
            NamedRun(
                each.name,
                flag(each),
                getattr(self, each.name),
                each.metadata["names_run"],
            )
            for each in self._told("names_run")
        ]

    def _told(self, what: str) -> list[Field[Any]]:
        """Return the fields that have an effect and say ``what``."""
        return [each for each in fields(self) if each.metadata[what] and self._has_effect(each.name)]

    def derived_seed(self, purpose: str) -> int:
        """Return a seed in [0, 2**31) that depends only on the run's seed and ``purpose`` ("init", "order", "subset")."""
        return hashed(f"{self.seed}/{purpose}", 31)

    def steps(self, images: int) -> int:
        """Return the number of optimiser steps over ``images`` training images; the last batch of an epoch may be smaller."""
        return self.epochs * math.ceil(images / self.batch_size)


READERS: dict[str, Callable[[str], Any]] = {"Schedule": parse_schedule, "Ranks": parse_ranks}


def _read(target: Field[Any], text: str) -> Any:
    readers: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "str": str, **READERS}
    try:
        return readers[str(target.type)](text)
    except ValueError as error:
        raise BadInput(f"{target.name} is {text!r}: expected {target.metadata['limit']}") from error
