"""The numbers of a report, computed again from the raw files by other code."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from recorded import EPS
from scipy.stats import t

SMALL = [eps for eps in EPS if 0 < eps <= 8]


def raw(results: Path, run: str) -> list[dict[str, Any]]:
    """Return metrics, and right images (radii, images), of each seed of the run whose folder has ``run`` in its name."""
    found = []
    for path in sorted(results.glob(f"fc5{run}-b128*/seed-*/run.json")):
        with np.load(next(path.parent.glob("attacks/*.npz"))) as arrays:
            right = arrays["predictions"] == arrays["labels"]
        found.append({"metrics": json.loads(path.read_text())["record"]["metrics"], "right": right})
    return found


def stored(folder: Path, attack: str) -> np.ndarray:
    """Return the right images (radii, images) of a seed's folder under ``attack``."""
    for path in folder.glob("attacks/*.json"):
        if json.loads(path.read_text())["record"]["attack"] == attack:
            with np.load(path.with_suffix(".npz")) as arrays:
                return np.asarray(arrays["predictions"] == arrays["labels"])
    raise AssertionError(attack)


def figures(right: np.ndarray) -> dict[str, list[float]]:
    clean = right[0]
    return {
        "accuracy": [row.mean() for row in right],
        "drop": [clean.mean() - row.mean() for row in right],
        "accuracy on clean-correct images": [row[clean].mean() for row in right],
    }


def half_width(rights: list[np.ndarray], place: int, quantity: str) -> float:
    """Return the half width to expect: images by the normal quantile and seeds by Student's, each by its moments."""
    values = [right[place] if quantity == "accuracy" else right[0] * 1.0 - right[place] for right in rights]
    means = [value.mean() for value in values]
    covariances = np.cov(np.stack(values).astype(float), ddof=0) / len(values[0])
    own = np.trace(covariances) / 3
    shared = (covariances.sum() - np.trace(covariances)) / 6
    between = max(0.0, np.var(means, ddof=1) - (own - shared))
    images = (own - shared) / 3 + shared
    return float(sqrt((1.96**2) * images + t.ppf(0.975, 2) ** 2 * between / 3))


def difference(right: dict[str, list[np.ndarray]], name: str) -> tuple[float, float, float]:
    """Return the difference of ``name`` to dense in mean accuracy up to eps 8, its standard error and degrees of freedom."""
    chosen = [EPS.index(eps) for eps in SMALL]
    values = {run: np.stack([each[chosen].mean(axis=0) for each in seeds]) for run, seeds in right.items()}
    means = np.stack([value.mean(axis=1) for value in values.values()])
    runs, seeds = means.shape
    residual = means - means.mean(axis=0) - means.mean(axis=1, keepdims=True) + means.mean()
    pooled = (residual**2).sum() / ((runs - 1) * (seeds - 1))
    covariance = np.cov(values[name] - values["dense"], ddof=0) / values[name].shape[1]
    own = np.trace(covariance) / seeds
    shared = (covariance.sum() - np.trace(covariance)) / (seeds * (seeds - 1))
    between = max(2 * pooled, own - shared) / seeds
    variance = between + max(0, shared)
    df = (runs - 1) * (seeds - 1) * (variance / between) ** 2
    return float((values[name] - values["dense"]).mean()), sqrt(variance), df
