"""A run as a value: what is trained, how it is compressed, from which seed. It prints, parses, names and validates itself."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from typing import Any

from architectures import ARCHITECTURES
from bench.datasets import DATASETS
from bench.errors import BadInput, unknown
from bench.limits import OneOf, Range
from bench.schedule import Schedule, Shares, parse_schedule

PRECISIONS = ("float32", "bfloat16")
FRACTION = Range("a fraction", 0, 1, open_high=True)


def setting(help: str, limit: Range | OneOf | None, default: Any = MISSING, *, by_arch: bool = False) -> Any:
    """Declare a field of a run: its line in the help, what it may be, and its default.

    ``by_arch``: where the setting is left out, the architecture's own value is taken.
    """
    return field(default=default, metadata={"help": help, "limit": limit, "by_arch": by_arch})


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
    sparsity: float = setting("share of zeros in every kernel; 0 is the control", FRACTION, 0.0)
    schedule: Schedule = setting("when to prune: shares:BEGIN,END,UPDATES or steps:T_START,N,F", None, Shares())
    epochs: int = setting("passes over the training images", Range("epochs", 1, 100_000, whole=True), 10)
    batch_size: int = setting("images a step", Range("images", 1, 65_536, whole=True), 128)
    learning_rate: float = setting("peak learning rate", Range("a rate", 0, 100, open_low=True), by_arch=True)
    clip_norm: float = setting("largest norm of the gradient; 0: none", Range("a norm", 0, 1e6), 0.0, by_arch=True)
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
        if self.sparsity == 0:
            object.__setattr__(self, "schedule", Shares())

    @classmethod
    def of(cls, **settings: Any) -> Run:
        """Make a run from keyword settings; what is None or left out and depends on the architecture is its own."""
        unheard = set(settings) - {each.name for each in fields(cls)}
        if unheard:
            raise unknown("setting", min(unheard), [each.name for each in fields(cls)])
        arch = settings.get("arch", "")
        if arch not in ARCHITECTURES:
            raise unknown("arch", str(arch), ARCHITECTURES)
        own = {each.name: getattr(ARCHITECTURES[arch], each.name) for each in fields(cls) if each.metadata["by_arch"]}
        given = {name: value for name, value in settings.items() if value is not None}
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
        unpruned = self.sparsity == 0 and name in ("sparsity", "schedule")
        return not unpruned and not (self.clip_norm == 0 and name == "clip_norm")

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting as JSON holds it, without effect or with."""
        return {**asdict(self), "schedule": str(self.schedule)}

    @property
    def name(self) -> str:
        """The name of the run's folder, the same for every seed."""
        text = " ".join(pair for pair in str(self).split() if not pair.startswith("seed="))
        tail = hashlib.sha256(text.encode()).hexdigest()[:8]
        pruned = f"-s{self.sparsity:g}" if self.sparsity else ""
        return f"{self.arch}{pruned}-b{self.batch_size}-{self.dataset}{self.image_size}-{tail}"

    def derived_seed(self, purpose: str) -> int:
        """Return a seed in [0, 2**31) that depends on the run's seed and ``purpose`` alone ("init", "order", "subset")."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{purpose}".encode()).digest()[:4], "big") >> 1

    def steps(self, images: int) -> int:
        """Return the number of optimiser steps over ``images`` training images; the last batch of an epoch may be smaller."""
        return self.epochs * math.ceil(images / self.batch_size)


def _read(target: Field[Any], text: str) -> Any:
    readers: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "str": str, "Schedule": parse_schedule}
    try:
        return readers[str(target.type)](text)
    except ValueError as error:
        raise BadInput(f"{target.name} is {text!r}: expected {target.metadata['limit']}") from error
