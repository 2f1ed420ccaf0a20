"""The table of looks, from records made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import CLASSES, ENVIRONMENT, FINGERPRINT, IMAGES, tear, trained
from tiny import tiny_run

from bench.comparison.verdict import DASH
from bench.records.collection import read
from bench.records.schema import AgreementRow, ControlRow, LookRecord
from bench.records.store import Folder
from bench.report.tables.looks import look_table
from bench.spec.run import Run

LABELS = np.arange(IMAGES) % CLASSES
DENSE, PRUNED, SEED = tiny_run(), tiny_run(sparsity=0.9), tiny_run(seed=1)
KINDS = ("gradient", "SmoothGrad", "integrated gradients")


def row(folder: Folder) -> ControlRow:
    return ControlRow(run=folder.run.name, seed=folder.run.seed, weights=folder.trained().weights)


def look(results: Path, run: Run, wrong: int, data: str = FINGERPRINT, **others: Folder | None) -> Folder:
    folder = trained(results, run, 1 - wrong / IMAGES)
    folder.write_training(folder.trained(), {"w": np.array([run.seed, run.sparsity])})  # each network has its own
    predicted = LABELS.copy()
    predicted[: wrong * CLASSES : CLASSES] = 1  # of class 0
    ranks = {"control": 0.3, "seeds": 0.6, "shuffled": 0.1}
    arrays: dict[str, Any] = {"predicted": predicted, "labels": LABELS, "places": np.arange(6)}
    noise = np.linspace(-0.05, 0.05, 6)
    pairs = [name for name in ranks if name == "shuffled" or others.get(name)]
    for kind in KINDS:
        for name in pairs:
            shift = 0.5 * (kind == KINDS[2] and name == "shuffled")
            arrays[f"{kind}, {name}"] = np.stack([ranks[name] + shift + noise, np.full(6, 0.2)])
    rows = [
        AgreementRow.model_validate(
            {"saliency": kind, "between": name, "images": 6, "rank": ranks[name], "overlap": 0.2}
        )
        for kind in KINDS
        for name in pairs
    ]
    record = LookRecord(
        version=1,
        images=6,
        control=row(control) if (control := others.get("control")) else None,
        seeds=row(seeds) if (seeds := others.get("seeds")) else None,
        agreement=rows,
        incompleteness=0.0,
        accuracy=1 - wrong / IMAGES,
        weights=folder.trained().weights,
        data=data,
        environment=ENVIRONMENT,
    )
    folder.looks.write(record.images, record, arrays)
    return folder


def test_a_network_has_a_row_with_its_agreement_its_accuracy_and_what_it_forgot(tmp_path: Path) -> None:
    assert look_table(read(tmp_path)) is None
    seed = look(tmp_path, SEED, 0)
    dense = look(tmp_path, DENSE, 0, seeds=seed)
    look(tmp_path, PRUNED, 12, control=dense, seeds=seed)
    table = look_table(read(tmp_path))
    assert table is not None
    rows = {cells["network"].text + ", " + cells["seed"].text: cells for cells in table.by_name}
    pruned, control = rows["FC5, 90 % zero, 0"], rows["FC5, dense, 0"]
    assert pruned["compared with"].text == "FC5, dense, seed 0"
    assert pruned["change, points"].number == pytest.approx(-12 / IMAGES)
    assert pruned["gradient, agreement"].number == pytest.approx(0.3)
    assert pruned["gradient, two seeds"].number == pytest.approx(0.6)
    assert pruned["integrated gradients, shuffled"].text.endswith("worthless")
    assert not pruned["gradient, shuffled"].text.endswith("worthless")
    assert (pruned["images lost"].number, pruned["classes forgotten"].text) == (12, "0")
    assert (control["compared with"].text, control["images lost"].text) == ("the control", DASH)


def test_a_look_beside_a_control_that_was_trained_again_is_called_outdated(tmp_path: Path) -> None:
    seed = look(tmp_path, SEED, 0)
    dense = look(tmp_path, DENSE, 0, seeds=seed)
    pruned = look(tmp_path, PRUNED, 12, control=dense, seeds=seed)
    dense.write_training(dense.trained(), {"w": np.array([7.0])})
    table = look_table(read(tmp_path))
    assert table is not None
    cells = next(cells for cells in table.by_name if cells["network"].text == "FC5, 90 % zero")
    for kind in KINDS:
        assert (cells[f"{kind}, agreement"].text, cells[f"{kind}, two seeds"].text) == (DASH, DASH)
    assert cells["gradient, shuffled"].number == pytest.approx(0.1)
    assert cells["what falls"].text == "outdated"
    assert table.missing == (f"bench look {pruned.run.key} --images 6",)


def test_a_look_that_is_damaged_or_of_other_images_is_left_out(tmp_path: Path) -> None:
    look(tmp_path, PRUNED, 1, "0" * 64)
    records = read(tmp_path)
    assert look_table(records) is None
    assert [each.what for each in records.damaged] == [f"{PRUNED.key}/looks/6.json"]
    tear(look(tmp_path, PRUNED, 1).looks.path(6))
    assert [each.what for each in read(tmp_path).damaged] == [f"{PRUNED.key}/looks/6.json"]
