"""Studies of several networks: written, read, left out where they are wrong, and shown in a report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import ENVIRONMENT, FINGERPRINT, tear, trained
from tiny import tiny_run

from bench.cli import transfer_output
from bench.comparison.verdict import DASH
from bench.records.collection import Collection, read
from bench.records.schema import (
    ClassDrawingRecord,
    ClassDrawingRow,
    FoolingCell,
    FoolingMatrixRecord,
    FoolingNetworkRow,
    RadiusRow,
    ThreatRecord,
    TransferAttackRow,
    TransferRecord,
    TransferRow,
)
from bench.records.studies import write_study
from bench.report.build import assemble
from bench.report.figures.fooling_matrix import fooling_matrix
from bench.report.figures.style import settle
from bench.report.tables.drawings import drawing_table
from bench.report.tables.fooling import fooling_table
from bench.report.tables.transfer import transfer_table
from bench.runs.grid import load
from bench.spec.run import Run

THREAT = ThreatRecord(norm="L-infinity", eps_unit="pixel levels", label="apgd", knowledge="white box", temperature=None)
DENSE, PRUNED = tiny_run(), tiny_run(sparsity=0.9)


def matrix(dense: str, pruned: str, eps: float = 2.0) -> FoolingMatrixRecord:
    """Return a matrix of two runs, by the sha256 of their weights."""
    names = {DENSE.key: dense, PRUNED.key: pruned}
    counts = {(DENSE.key, PRUNED.key): (30, 60), (PRUNED.key, DENSE.key): (0, 0)}
    cells = [
        FoolingCell(
            source=source,
            target=target,
            images=images,
            fooled=fooled,
            low=0.1,
            high=0.9,
            noise=fooled // 5,
            noise_low=0.0,
            noise_high=0.5,
        )
        for source in names
        for target in names
        for fooled, images in [counts.get((source, target), (5, 50))]
    ]
    return FoolingMatrixRecord(
        version=1,
        threat=THREAT,
        eps=eps,
        steps=20,
        seed=0,
        images=100,
        networks=[FoolingNetworkRow(name=name, weights=weights, right=80) for name, weights in names.items()],
        cells=cells,
        data=FINGERPRINT,
        environment=ENVIRONMENT,
    )


def transferred(network: str, weights: str, eps: float = 1.0, data: str = FINGERPRINT) -> TransferRecord:
    """Return a transfer with two values of C, of which the second is chosen."""

    def row(c: float, accuracy: float) -> TransferRow:
        return TransferRow(
            cut="pool", features=64, c=c, accuracy=accuracy, low=0.1, high=0.9, seconds=1.0, converged=True
        )

    left = RadiusRow(eps=eps, accuracy=0.25, low=0.2, high=0.3, drop=0.4, accuracy_of_clean_right=0.5)
    return TransferRecord(
        version=1,
        network=network,
        weights=weights,
        data=data,
        classes=["a", "b", "c"],
        train=1000,
        held_out=200,
        val=300,
        feature_seconds=2.0,
        rows=[row(0.01, 0.5), row(0.1, 0.75)],
        cut="pool",
        c=0.1,
        accuracy=0.7,
        low=0.6,
        high=0.8,
        attacked=256,
        attacks=[TransferAttackRow(attack="apgd", version=1, threat=THREAT, gradient_zero_images=0.0, rows=[left])],
        environment=ENVIRONMENT,
    )


def drawing(dense: str, pruned: str, **settings: float) -> ClassDrawingRecord:
    """Return what two runs took for a class, by the sha256 of their weights: the first is taken for it by the second."""

    def row(run: Run, weights: str, taken_by: list[str]) -> ClassDrawingRow:
        return ClassDrawingRow(
            name=run.key, weights=weights, steps=[0, 9], logits=[0.5, 7.25], confidences=[0.1, 0.75], taken_by=taken_by
        )

    return ClassDrawingRecord(
        version=1,
        target="a",
        settings={"steps": 9, **settings},
        start=None,
        networks=[row(DENSE, dense, [PRUNED.key]), row(PRUNED, pruned, [])],
        data=FINGERPRINT,
        environment=ENVIRONMENT,
    )


def recorded(results: Path) -> tuple[str, str]:
    """Record both runs and return the sha256 of their weights."""
    found = [trained(results, run, 0.8).trained().weights for run in (DENSE, PRUNED)]
    return found[0], found[1]


def test_a_study_is_read_as_it_was_written_and_one_of_the_same_settings_is_replaced(tmp_path: Path) -> None:
    weights = recorded(tmp_path)
    first = matrix(*weights)
    path = write_study(tmp_path, first)
    assert read(tmp_path).matrices == (first,)
    again = first.model_copy(update={"version": 2})
    assert write_study(tmp_path, again) == path
    assert write_study(tmp_path, matrix(*weights, eps=4.0)) != path
    assert {each.eps: each.version for each in read(tmp_path).matrices} == {2.0: 2, 4.0: 1}


def test_transfers_of_two_seeds_are_two_records_and_an_old_one_without_a_seed_keeps_its_name(tmp_path: Path) -> None:
    old = transferred("efficientnet-lite0", "0" * 64)
    assert old.seed is None
    path = write_study(tmp_path, old)
    assert path.name == "efficientnet-lite0-5d9acb55.json"
    assert write_study(tmp_path, old.model_copy(update={"seed": 0})) == path
    others = {write_study(tmp_path, old.model_copy(update={"seed": seed})) for seed in (1, 2)}
    assert len(others | {path}) == 3
    assert {each.seed for each in read(tmp_path).transfers} == {0, 1, 2}


def test_a_solver_that_did_not_converge_is_said_below_its_rows() -> None:
    found = transferred("efficientnet-lite0", "0" * 64)
    rows = [found.rows[0].model_copy(update={"converged": False}), *found.rows[1:]]
    lines = transfer_output.table(found.model_copy(update={"rows": rows}), []).splitlines()
    said = next(place for place, line in enumerate(lines) if line.startswith("~ the solver"))
    assert lines[said + 1].startswith("chosen on the held-out images")


def test_the_same_network_on_two_tasks_is_two_transfers(tmp_path: Path) -> None:
    for data in ("1" * 64, "2" * 64):
        write_study(tmp_path, transferred("efficientnet-lite0", "0" * 64, data=data))
    assert {each.data for each in read(tmp_path).transfers} == {"1" * 64, "2" * 64}


def test_a_study_of_other_weights_of_a_run_or_a_damaged_one_is_left_out_by_its_name(tmp_path: Path) -> None:
    dense, _ = recorded(tmp_path)
    old = write_study(tmp_path, matrix(dense, "0" * 64))
    torn = write_study(tmp_path, transferred(DENSE.key, dense))
    tear(torn)
    kept = write_study(tmp_path, transferred("efficientnet-lite0", "0" * 64))
    records = read(tmp_path)
    assert {each.what for each in records.damaged} == {f"fooling/{old.name}", f"transfer/{torn.name}"}
    assert f"other weights of {PRUNED.key}" in next(each.reason for each in records.damaged if old.name in each.what)
    assert [each.network for each in records.transfers] == ["efficientnet-lite0"]
    assert kept.exists()


def test_the_table_of_fooling_images_has_a_row_for_each_pair_with_noise_on_the_same_images() -> None:
    assert fooling_table(Collection({})) is None
    table = fooling_table(Collection({}, matrices=(matrix("1", "2"),)))
    assert table is not None
    rows = {(row["made on"].text, row["shown to"].text): row for row in table.by_name}
    assert len(rows) == 4
    assert rows[DENSE.key, PRUNED.key]["fooled"].number == pytest.approx(0.5)
    assert rows[PRUNED.key, DENSE.key]["fooled"].text == DASH
    noise = rows[DENSE.key, PRUNED.key]["by noise"]
    assert (noise.number, noise.low, noise.high) == (pytest.approx(0.1), 0.0, 0.5)
    assert rows[PRUNED.key, DENSE.key]["by noise"].text == DASH


def test_drawings_of_one_class_with_other_settings_are_kept_apart_and_have_a_row_for_each_network(
    tmp_path: Path,
) -> None:
    assert drawing_table(Collection({})) is None
    weights = recorded(tmp_path)
    assert write_study(tmp_path, drawing(*weights)) == write_study(tmp_path, drawing(*weights))
    write_study(tmp_path, drawing(*weights, blur=2.0))
    table = drawing_table(read(tmp_path))
    assert table is not None
    assert len(table.rows) == 4
    first, second = table.by_name[:2]
    assert (first["network"].text, first["taken by"].text) == ("FC5, dense, seed 0", "1 of 1")
    assert (second["network"].text, second["taken by"].text) == ("FC5, 90 % zero, seed 0", "0 of 1")
    assert (first["logit, start"].number, first["logit, end"].number, first["confidence"].number) == (0.5, 7.25, 0.75)
    trained(tmp_path, DENSE, 0.7).write_training(trained(tmp_path, DENSE, 0.7).trained(), {"w": np.array([3.0])})
    assert read(tmp_path).drawings == ()


def test_a_study_names_networks_in_words_where_they_are_recorded(tmp_path: Path) -> None:
    weights = recorded(tmp_path)
    write_study(tmp_path, matrix(*weights))
    write_study(tmp_path, transferred(PRUNED.key, weights[1]))
    write_study(tmp_path, transferred("efficientnet-lite0", "0" * 64))
    records = read(tmp_path)
    fooling, transfer = fooling_table(records), transfer_table(records)
    assert fooling is not None
    assert transfer is not None
    assert {row["made on"].text for row in fooling.by_name} == {"FC5, dense, seed 0", "FC5, 90 % zero, seed 0"}
    assert {row["network"].text for row in transfer.by_name} == {"FC5, 90 % zero, seed 0", "efficientnet-lite0"}


def test_the_words_of_a_matrix_stay_in_their_cells_for_few_and_for_many_networks() -> None:
    for count in (2, 7, 12):
        names = [str(place) for place in range(count)]
        cell = (
            matrix("1", "2")
            .cells[0]
            .model_copy(update={"images": 1000, "fooled": 1000, "noise": 1000, "noise_high": 1.0})
        )
        record = matrix("1", "2").model_copy(
            update={
                "networks": [FoolingNetworkRow(name=name, weights="1", right=1) for name in names],
                "cells": [cell.model_copy(update={"source": one, "target": two}) for one in names for two in names],
            }
        )
        figure = fooling_matrix(record)
        settle(figure)
        heat = figure.axes[0]
        width = heat.get_window_extent().width / count
        assert all(each.get_window_extent().width < width for each in heat.texts)


def test_the_table_of_transfer_has_the_attacks_in_the_row_of_the_chosen_machine_alone() -> None:
    assert transfer_table(Collection({})) is None
    table = transfer_table(Collection({}, transfers=(transferred("a", "1"), transferred("b", "2", eps=4.0))))
    assert table is not None
    rows = {(row["network"].text, row["C"].text): row for row in table.by_name}
    assert rows["a", "0.1"]["validation"].number == pytest.approx(0.7)
    assert rows["a", "0.1"]["left, apgd, eps 1"].number == pytest.approx(0.25)
    assert rows["a", "0.1"]["left, apgd, eps 4"].text == DASH
    assert rows["b", "0.1"]["left, apgd, eps 4"].number == pytest.approx(0.25)
    assert rows["a", "0.1"]["images to fit"].number == 800
    assert rows["a", "0.1"]["largest class"].text == DASH  # of an old record
    other = rows["a", "0.01"]
    assert {other[name].text for name in ("validation", "left, apgd, eps 1", "images attacked")} == {DASH}


def test_a_report_draws_each_study(tmp_path: Path) -> None:
    records = replace(
        Collection({}), matrices=(matrix("1", "2"), matrix("1", "2", 4.0)), transfers=(transferred("a", "1"),)
    )
    made = {str(each.relative_to(tmp_path)) for each in assemble(records, load("smoke"), tmp_path)}
    assert {f"figures/{name}.svg" for name in ("fooling-1", "fooling-2", "transfer-1")} <= made
    assert {"tables/fooling.csv", "tables/transfer.csv"} <= made
    page = (tmp_path / "index.html").read_text()
    assert "figures/fooling-2.svg" in page
