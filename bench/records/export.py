"""Every verified record as one table: one row for each run, seed, attack, norm, fraction of the images, and eps.

Every setting of a run has a column; one without effect has its default there. Accuracies and fractions are in [0, 1], radii
in pixel levels of 0 to 255, in L0 in changed pixels.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import BadInput, BenchError
from bench.plugins import require
from bench.records.store import Folder, folders
from bench.spec.run import Run

if TYPE_CHECKING:
    from pandas import DataFrame

ASKED = {"sparsity": "sparsity_asked"}  # the column of a setting whose own name is that of what was measured
SETTINGS = {ASKED.get(each.name, each.name): each.metadata["help"] for each in fields(Run)}
COLUMNS = {
    "run": "name of the run's folder, the same for every seed",
    "seed": SETTINGS["seed"],
    **SETTINGS,
    "status": "done or diverged",
    "clean_accuracy": "accuracy on the whole validation set",
    "sparsity": "fraction of zeros found among all kernel weights",
    "sparsity_whole": "fraction of zeros found among all parameters",
    "parameters": "trainable parameters",
    "parameters_nonzero": "those of them that are not zero",
    "macs": "multiply-accumulates for one image",
    "macs_nonzero": "those of them by a weight that is not zero; theoretical, not a measured time",
    "gzip_bytes": "size of the weights after gzip, bytes",
    "attack": "attack, with its settings",
    "attacker_temperature": "T at which the attacker differentiates; empty where none matters",
    "images": "attacked validation images",
    "fraction": "fraction of the validation images that were drawn for the attack",
    "norm": "norm that bounds the attack",
    "eps": "how far an image may change in that norm: pixel levels, in L0 changed pixels",
    "accuracy": "accuracy under attack",
    "low": "lower end of its 95 % Wilson interval, over images",
    "high": "upper end of it",
    "drop": "accuracy at eps 0 minus accuracy",
    "accuracy_of_clean_right": "accuracy on the images classified correctly at eps 0",
    "gradient_zero_images": "fraction of the images whose gradient is exactly zero",
    "gradient_zero_pixels": "fraction of the gradient values that are exactly zero",
    "training": "version of the training's numbers",
    "attack_version": "version of the attack's numbers",
    "data": "fingerprint of the images",
}
# No two rows agree in all of these.
KEY = ("run", "seed", "attack", "norm", "fraction", "eps")
ATTACK = ("attack", "images", "fraction", "gradient_zero_images", "gradient_zero_pixels")
METRICS = ("sparsity", "sparsity_whole", "parameters", "parameters_nonzero", "macs", "macs_nonzero", "gzip_bytes")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # at the start of a text: a spreadsheet would run it


def table(results: Path) -> tuple[DataFrame, list[BenchError]]:
    """Return the rows of every run under ``results`` that has a record, and an error for each record left out.

    Where two records of one attack have a row of the same ``KEY``, the row of the record with more radii is kept. A run
    without an attack has one row.
    """
    import pandas  # here, because the command line starts without it

    rows: list[dict[str, Any]] = []
    broken: list[BenchError] = []
    for folder in folders(results):
        if isinstance(folder, Folder):
            rows += _rows(folder, broken)
        else:
            broken.append(folder)
    # Column by column, so that whole numbers stay whole beside a missing value.
    return pandas.DataFrame({name: pandas.array([row.get(name) for row in rows]) for name in COLUMNS}), broken


def _rows(folder: Folder, broken: list[BenchError]) -> list[dict[str, Any]]:
    try:
        training = folder.training()
    except BenchError as error:
        broken.append(error)
        return []
    if training is None:
        return []
    run = folder.run
    head = {ASKED.get(name, name): value for name, value in run.settings.items()}
    head |= {"run": run.name, "status": training.status}
    head |= {"training": training.numbers, "data": training.data.fingerprint}
    if training.metrics is None:
        return [head]
    metrics = training.metrics
    head |= {"clean_accuracy": metrics.accuracy, **{name: getattr(metrics, name) for name in METRICS}}
    found = list(folder.attacks.each(training))
    broken += [each for each in found if isinstance(each, BenchError)]
    attacks = [each[0] for each in found if not isinstance(each, BenchError)]
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for attack in sorted(attacks, key=lambda each: -len(each.rows)):
        own = {name: getattr(attack, name) for name in ATTACK}
        own |= {"norm": attack.threat.norm, "attacker_temperature": attack.threat.temperature}
        own |= {"attack_version": attack.numbers}
        for each in attack.rows:
            row = {**head, **own, **dict(each)}
            rows.setdefault(tuple(row[name] for name in KEY), row)
    return [rows[key] for key in sorted(rows)] or [head]


def write(frame: DataFrame, kind: str, output: Path) -> None:
    """Write ``frame`` as ``kind``, csv or parquet, to ``output``.

    Raises:
        BadInput: the file cannot be written, or parquet's library is missing.
    """
    if kind == "parquet":
        require("--format parquet", "parquet", "pyarrow")
    try:
        with output.open("wb") as file:
            if kind == "parquet":
                frame.to_parquet(file, index=False)
            else:
                file.write(csv(frame).encode())
    except OSError as error:
        raise BadInput(f"cannot write {output}: {error.strerror}; choose another --output") from error


def csv(frame: DataFrame) -> str:
    """Return ``frame`` as CSV. A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    text = frame.map(lambda value: f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value)
    return str(text.to_csv(index=False, lineterminator="\n"))
