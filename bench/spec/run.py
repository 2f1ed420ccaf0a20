"""A run as a value: what is trained, how it is compressed, from which seed. It prints, parses, names and validates itself."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, replace
from typing import Any

from architectures import ARCHITECTURES
from bench.datasets import DATASETS
from bench.errors import BadInput, unknown
from bench.spec.limits import OneOf, Range, Words
from bench.spec.pruning_schedule import Schedule, Shares, parse_schedule
from bench.spec.ranks import FullRank, RankList, Ranks, parse_ranks

PRECISIONS = ("float32", "bfloat16")
PRUNINGS = ("magnitude", "random")
STARTS = ("scratch", "svd")
TEMPERATURE_LOSSES = ("plain", "scaled")
FRACTION = Range("a fraction", 0, 1, open_high=True)
RUN_NAME = Words("the name of a run's folder", r"[a-z0-9]([A-Za-z0-9._,-]*[A-Za-z0-9])?|")


def setting(
    help: str,
    limit: Range | OneOf | Words | None,
    default: Any = MISSING,
    *,
    by_arch: bool = False,
    off: Any = MISSING,
    part_of: str | None = None,
    flag: str | None = None,
) -> Any:
    """Declare a field of a run: its line in the help, what it may be, and its default.

    ``by_arch``: where the setting is left out, the architecture's own value is taken. ``off``: the value without effect,
    at which the setting is left out of the text. ``part_of``: the setting that must have an effect for this one to have
    any; without it this one is its default. ``flag``: its command-line option, where that is not its name.
    """
    metadata = {"help": help, "limit": limit, "by_arch": by_arch, "off": off, "part_of": part_of, "flag": flag}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training: every setting that decides its outcome, validated.

    ``str(run)`` writes all settings that have an effect; ``Run.parse`` reads it back. ``run.name`` is a readable head
    and a hash of that text without the seed. A setting added later must have a default without effect and be left out
    of the text at it, so that no old run is renamed.
    """

    arch: str = setting("network", OneOf("architecture", ARCHITECTURES))
    dataset: str = setting("images to train on and attack", OneOf("data set", DATASETS), "imagenette")
    image_size: int = setting("side of the images, pixels", Range("pixels", 32, 512, whole=True), 64)
    sparsity: float = setting("share of zeros in every kernel; 0 is the control", FRACTION, 0.0, off=0.0)
    pruning: str = setting(
        "which weights go", OneOf("criterion", PRUNINGS), "magnitude", off="magnitude", part_of="sparsity"
    )
    schedule: Schedule = setting(
        "when to prune: shares:BEGIN,END,UPDATES or steps:T_START,N,F", None, Shares(), part_of="sparsity"
    )
    low_rank: Ranks = setting(
        "rank of each convolution: full, lr1, lr2, a share as 0.5, or a list as 8,40,60",
        None,
        FullRank(),
        off=FullRank(),
    )
    low_rank_init: str = setting(
        "how a low-rank network starts", OneOf("start", STARTS), "scratch", off="scratch", part_of="low_rank"
    )
    low_rank_from: str = setting(
        "the trained full-rank run to start from by SVD", RUN_NAME, "", off="", part_of="low_rank_init", flag="--from"
    )
    temperature: float = setting(
        "T: trained on logits / T", Range("a temperature", 0, 1e6, open_low=True), 1.0, off=1.0
    )
    temperature_loss: str = setting(
        "loss at T: the report's plain one, or scaled by T",
        OneOf("loss", TEMPERATURE_LOSSES),
        "scaled",
        part_of="temperature",
    )
    epochs: int = setting("passes over the training images", Range("epochs", 1, 100_000, whole=True), 10)
    batch_size: int = setting("images a step", Range("images", 1, 65_536, whole=True), 128)
    learning_rate: float = setting("peak learning rate", Range("a rate", 0, 100, open_low=True), by_arch=True)
    clip_norm: float = setting(
        "largest norm of the gradient; 0: none", Range("a norm", 0, 1e6), 0.0, by_arch=True, off=0.0
    )
    momentum: float = setting("Nesterov momentum", FRACTION, 0.9)
    weight_decay: float = setting("L2 penalty on kernels", Range("a factor", 0, 1), 5e-4)
    warmup: float = setting("share of the training over which the learning rate rises", FRACTION, 0.2)
    precision: str = setting(
        "arithmetic of the training; attacks are float32", OneOf("precision", PRECISIONS), "float32"
    )
    seed: int = setting("seed of weights, order, augmentation", Range("a whole number", 0, 2**31 - 1, whole=True), 0)

    def __post_init__(self) -> None:
        for each in fields(self):
            limit = each.metadata["limit"]
            if limit is not None:
                limit.check(each.name, getattr(self, each.name))
            if each.type == "float":  # 1 and 1.0 are one setting and must print as one
                object.__setattr__(self, each.name, float(getattr(self, each.name)))
        self.low_rank.check(self.arch)
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

    @classmethod
    def of(cls, **settings: Any) -> Run:
        """Make a run from keyword settings; what is None or left out and depends on the architecture is its own.

        A schedule and ranks may be given as text.
        """
        unheard = set(settings) - {each.name for each in fields(cls)}
        if unheard:
            raise unknown("setting", min(unheard), [each.name for each in fields(cls)])
        arch = settings.get("arch", "")
        if arch not in ARCHITECTURES:
            raise unknown("arch", str(arch), ARCHITECTURES)
        own = {each.name: getattr(ARCHITECTURES[arch], each.name) for each in fields(cls) if each.metadata["by_arch"]}
        given = {name: value for name, value in settings.items() if value is not None}
        for each in fields(cls):
            if each.type in READERS and isinstance(given.get(each.name), str):
                given[each.name] = _read(each, given[each.name])
        return cls(**{**own, **given})

    @classmethod
    def parse(cls, text: str) -> Run:
        """Read what ``str`` wrote: ``name=value`` pairs with spaces between; BadInput where one is not."""
        settings: dict[str, Any] = {}
        by_name = {each.name: each for each in fields(cls)}
        for pair in text.split():
            name, _, value = pair.partition("=")
            if name not in by_name:
                raise unknown("setting", name, by_name)
            settings[name] = _read(by_name[name], value)
        missing = [each.name for each in by_name.values() if each.default is MISSING and each.name not in settings]
        if missing:
            raise BadInput(f"run {text!r}: expected a value for {', '.join(missing)}")
        return cls(**settings)

    def __str__(self) -> str:
        return " ".join(
            f"{each.name}={getattr(self, each.name)}" for each in fields(self) if self._has_effect(each.name)
        )

    def _has_effect(self, name: str) -> bool:
        metadata = self.__dataclass_fields__[name].metadata
        parent = metadata["part_of"]
        return getattr(self, name) != metadata["off"] and (parent is None or self._has_effect(parent))

    @property
    def unpruned(self) -> Run:
        """The same run without pruning: until the first pruning step the two are one training."""
        return replace(self, sparsity=0.0)

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting as JSON holds it, without effect or with."""
        texts = {each.name: str(getattr(self, each.name)) for each in fields(self) if each.type in READERS}
        return {**asdict(self), **texts}

    @property
    def name(self) -> str:
        """The name of the run's folder, the same for every seed."""
        text = " ".join(pair for pair in str(self).split() if not pair.startswith("seed="))
        tail = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{self.arch}{self._compression()}-b{self.batch_size}-{self.dataset}{self.image_size}-{tail}"

    def _compression(self) -> str:
        ranks = "list" if isinstance(self.low_rank, RankList) else str(self.low_rank)
        parts = {
            "sparsity": f"s{self.sparsity:g}",
            "pruning": self.pruning,
            "low_rank": ranks if ranks.startswith("l") else f"r{ranks}",
            "low_rank_init": self.low_rank_init,
            "temperature": f"t{self.temperature:g}",
        }
        return "".join(f"-{part}" for name, part in parts.items() if self._has_effect(name))

    def derived_seed(self, purpose: str) -> int:
        """Return a seed in [0, 2**31) that depends on the run's seed and ``purpose`` alone ("init", "order", "subset")."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{purpose}".encode()).digest()[:4], "big") >> 1

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
