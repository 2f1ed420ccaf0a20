"""Golden figures of tiny trainings: a number that moves needs a new version of the training.

The tolerance holds across processors: between oneDNN's instruction sets (SSE4.1, AVX2, the newest), and without oneDNN, the
losses and norms of these runs differ by 3e-5 of their value at most; by 3e-4 in adversarial training, which follows the
sign of a gradient.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from tiny import tiny_run
from trainings import Trained

from bench.methods.compose import methods_of
from bench.training.network import build, weights_of
from bench.training.version import TRAINING


class Figures(NamedTuple):
    """Of the last epoch: mean loss and accuracy. Of all weights at the end: their L2 norm, and that of their change."""

    loss: float
    accuracy: float
    norm: float
    change: float


RUNS: dict[str, dict[str, Any]] = {
    "fc5": {"learning_rate": 0.01},
    "fc5, magnitude": {"sparsity": 0.9, "epochs": 4},
    "fc5, random": {"sparsity": 0.9, "pruning": "random"},
    "fc5, global": {"sparsity": 0.9, "pruning": "global"},
    "fc5, filter": {"sparsity": 0.5, "pruning": "filter"},
    "alexnet": {"arch": "alexnet"},
    "alexnet, low rank, temperature": {"arch": "alexnet", "sparsity": 0.5, "low_rank": "lr1", "temperature": 20.0},
    "alexnet-bn": {"arch": "alexnet-bn", "epochs": 1, "learning_rate": 0.01, "clip_norm": 1.0},
    "resnet18": {"arch": "resnet18", "epochs": 1},
    "fc5, adversarial": {"adversarial_eps": 4.0, "learning_rate": 0.01},
    "fc5, adversarial, many steps": {
        "adversarial_eps": 4.0,
        "adversarial_steps": 3,
        "adversarial_start": "image",
        "learning_rate": 0.01,
    },
    "fc5, penalties": {"l1": 1e-2, "nuclear_norm": 0.1, "learning_rate": 0.01},
    "fc5, noise": {"variational_dropout": 10.0, "learning_rate": 0.01},
    "fc5, gates": {"l0": 0.5, "learning_rate": 0.01},
    "fc5, dropout": {"dropout": 0.2, "learning_rate": 0.01},
    "resnet18, all methods": {
        "arch": "resnet18",
        "sparsity": 0.5,
        "low_rank": "lr1",
        "temperature": 20.0,
        "adversarial_eps": 4.0,
        "epochs": 1,
    },
}
GOLDEN: dict[int, dict[str, Figures]] = {
    1: {
        "fc5": Figures(0.0774639, 0.96875, 76.1611, 0.966119),
        "fc5, magnitude": Figures(0.759881, 0.927083, 47.2583, 60.5593),
        "fc5, random": Figures(1.38033, 0.302083, 24.1135, 72.2395),
        "fc5, filter": Figures(0.214795, 1, 54.569, 53.1715),
        "alexnet": Figures(14.9929, 0.3125, 138.864, 13.9366),
        "alexnet, low rank, temperature": Figures(30.6805, 0.4375, 140.424, 40.6985),
        "alexnet-bn": Figures(2.29171, 0.21875, 143.238, 0.0295022),
        "resnet18": Figures(5.45677, 0.322917, 121.723, 20.2496),
        "fc5, global": Figures(0.920007, 0.65625, 52.5727, 55.2088),
        "fc5, penalties": Figures(0.0775836, 0.979167, 75.4567, 1.27172),
        "fc5, noise": Figures(0.232492, 0.927083, 76.1595, 1.13167),
        "fc5, gates": Figures(0.255475, 0.979167, 75.3406, 1.19843),
        "fc5, dropout": Figures(0.387167, 0.864583, 76.1772, 1.38576),
        "fc5, adversarial": Figures(1.02204, 0.6875, 76.1491, 1.36555),
        "fc5, adversarial, many steps": Figures(1.20356, 0.666667, 76.1458, 1.47745),
        "resnet18, all methods": Figures(27.8977, 0.21875, 130.247, 32.6265),
    },
}
RELATIVE = 1e-3
LEFT_OUT = re.compile("state|moving")  # the counters of dropout and the statistics of batch norm
ACCURACY = 2.5 / 96  # two of the 96 tiny images


def figures(trained: Callable[..., Trained], name: str) -> Figures:
    run = tiny_run(**RUNS[name])
    start = weights_of(build(run, 4, "float32", methods_of(run, run.steps(96))))
    weights, history = trained(**RUNS[name])
    pairs = [
        (start[key].astype(np.float64), weights[key].astype(np.float64)) for key in weights if not LEFT_OUT.search(key)
    ]
    norm = np.sqrt(sum((end**2).sum() for _, end in pairs))
    change = np.sqrt(sum(((end - begin) ** 2).sum() for begin, end in pairs))
    return Figures(history[-1]["loss"], history[-1]["accuracy"], float(norm), float(change))


@pytest.mark.parametrize("name", RUNS)
def test_a_figure_that_moves_raises_the_version_of_the_training(trained: Callable[..., Trained], name: str) -> None:
    assert TRAINING in GOLDEN, f"TRAINING is {TRAINING}, which has no figures: add them to GOLDEN in {__file__}"
    found, golden = figures(trained, name), GOLDEN[TRAINING][name]
    tolerances = [
        ACCURACY if field == "accuracy" else RELATIVE * abs(getattr(golden, field)) for field in golden._fields
    ]
    moved = [
        f"{field} is {now:.6g}, recorded was {then:.6g}"
        for field, now, then, tolerance in zip(golden._fields, found, golden, tolerances, strict=True)
        if not abs(now - then) <= tolerance
    ]
    assert not moved, (
        f"the training of {name!r} moved: {'; '.join(moved)}. If that is meant, raise TRAINING to {TRAINING + 1} in "
        f"bench/training/version.py, add the new figures, here {found}, and name the change in CHANGELOG.md"
    )
