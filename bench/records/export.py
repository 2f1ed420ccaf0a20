"""Every verified record as one tidy table: a row a (run, seed, attack, eps).

Columns, in order; accuracies and shares in [0, 1], radii in pixel levels of 0 to 255.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.errors import BadInput, BenchError
from bench.records.store import Folder, folders

COLUMNS = {
    "run": "name of the run's folder, the same for every seed",
    "seed": "seed of weights, order and augmentation",
    "arch": "network",
    "dataset": "images",
    "image_size": "side of the images, pixels",
    "epochs": "passes over the training images",
    "batch_size": "images a step",
    "learning_rate": "peak learning rate",
    "sparsity_asked": "share of zeros asked of each kernel",
    "pruning": "which weights go: magnitude or random",
    "low_rank": "ranks of the convolutions: full, lr1, lr2, a share or a list",
    "temperature": "T of the training",
    "status": "done or diverged",
    "clean_accuracy": "accuracy on the whole validation set",
    "sparsity": "share of zeros found among all kernel weights",
    "sparsity_whole": "share of zeros found among all parameters",
    "parameters": "trainable parameters",
    "parameters_nonzero": "of which not zero",
    "macs": "multiply-accumulates for one image",
    "macs_nonzero": "of which by a weight that is not zero: theoretical, no wall-clock time",
    "gzip_bytes": "size of the weights after gzip, bytes",
    "attack": "attack, with its settings",
    "attacker_temperature": "T at which the attacker differentiates; empty where none matters",
    "images": "attacked validation images",
    "fraction": "fraction of the validation images that were drawn for the attack",
    "norm": "norm that bounds the attack",
    "eps": "radius in that norm, pixel levels",
    "accuracy": "accuracy under attack",
    "low": "lower end of its 95 % Wilson interval, over images",
    "high": "upper end of it",
    "drop": "accuracy at eps 0 minus accuracy",
    "accuracy_of_clean_right": "accuracy among the images classified rightly at eps 0",
    "gradient_zero_images": "share of the images whose gradient is exactly zero",
    "gradient_zero_pixels": "share of the gradient values that are exactly zero",
    "training": "version of the training's numbers",
    "attack_version": "version of the attack's numbers",
    "data": "fingerprint of the images",
}
ATTACK = ("attack", "images", "fraction", "gradient_zero_images", "gradient_zero_pixels")
METRICS = (
    "sparsity",
    "sparsity_whole",
    "parameters",
    "parameters_nonzero",
    "macs",
    "macs_nonzero",
    "gzip_bytes",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(results: Path) -> tuple[list[dict[str, Any]], list[BenchError]]:
    """Return the rows of every run under ``results`` that has a record, and what could not be read."""
    rows: list[dict[str, Any]] = []
    broken: list[BenchError] = []
    for folder in folders(results):
        if not isinstance(folder, Folder):
            broken.append(folder)
            continue
        try:
            rows += _rows(folder)
        except BenchError as error:
            broken.append(error)
    return rows, broken


def _rows(folder: Folder) -> list[dict[str, Any]]:
    training = folder.training()
    if training is None:
        return []
    run = folder.run
    head = {name: run.settings[name] for name in COLUMNS if name in run.settings and name != "sparsity"}
    head |= {"run": run.name, "sparsity_asked": run.sparsity, "status": training.status}
    head |= {"training": training.numbers, "data": training.data.fingerprint}
    if training.metrics is None:
        return [{name: head.get(name) for name in COLUMNS}]
    metrics = training.metrics
    head |= {"clean_accuracy": metrics.accuracy, **{name: getattr(metrics, name) for name in METRICS}}
    rows = []
    for attack in folder.attacks().values():
        own = {name: getattr(attack, name) for name in ATTACK}
        own |= {"norm": attack.threat.norm, "attacker_temperature": attack.threat.temperature}
        own |= {"attack_version": attack.numbers}
        rows += [{name: {**head, **own, **dict(row)}.get(name) for name in COLUMNS} for row in attack.rows]
    return rows or [{name: head.get(name) for name in COLUMNS}]


def write(rows: Sequence[dict[str, Any]], kind: str, output: Path | None) -> None:
    """Write ``rows`` as ``kind``, csv or parquet, to ``output`` or, for csv, to stdout; BadInput where that cannot be."""
    if kind == "parquet" and output is None:
        raise BadInput("parquet is no text: expected --output FILE")
    content = _parquet(rows) if kind == "parquet" else _csv(rows).encode()
    if output is None:
        sys.stdout.write(content.decode())
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise BadInput(f"cannot write {output}: {error.strerror}") from error


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    if importlib.util.find_spec("pyarrow") is None:
        raise BadInput("--format parquet needs the extra: pip install 'bench-robustness[parquet]'")
    import pandas

    file = io.BytesIO()
    pandas.DataFrame(list(rows), columns=list(COLUMNS)).to_parquet(file, index=False)
    return file.getvalue()


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _safe(value) for name, value in row.items()} for row in rows)
    return file.getvalue()


def _safe(value: Any) -> Any:
    # A spreadsheet runs a cell that begins like a formula; no number of ours is text.
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
