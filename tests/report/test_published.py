"""Ours beside the published figures: changes from dense, recomputed from the raw records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from recorded import HOT_AND_PRUNED, SPARSE, bound, record

from bench.report.tables.published import PUBLISHED, published_table


def test_every_change_of_ours_is_that_of_the_raw_records(tmp_path: Path) -> None:
    record(tmp_path, SPARSE.runs, [0, 0.05, -0.1])
    table = published_table(bound(SPARSE, tmp_path))
    assert table
    names = [column.name for column in table.columns]
    rows = {row[0].number: dict(zip(names, row, strict=True)) for row in table.rows}
    means = {}
    for sparsity, part in ((0.0, "fc5-b128"), (0.5, "fc5-s0.5"), (0.9, "fc5-s0.9")):
        found = [json.loads(path.read_text()) for path in tmp_path.glob(f"{part}*/seed-*/attacks/fgsm-*.json")]
        seeds = [{row["eps"]: row["accuracy"] for row in each["record"]["rows"]} for each in found]
        assert len(seeds) == 3
        means[sparsity] = {eps: sum(seed[eps] for seed in seeds) / 3 for eps in (0.0, 1.0, 2.0, 4.0)}
    assert set(rows) == {0.5, 0.9}
    for sparsity, row in rows.items():
        assert sparsity is not None
        for eps, name in ((0.0, "clean"), (1.0, "eps 1"), (2.0, "eps 2"), (4.0, "eps 4")):
            assert row[f"ours, {name}"].number == pytest.approx(means[sparsity][eps] - means[0.0][eps])
    change = 100 * (means[0.9][1.0] - means[0.0][1.0])
    assert f"accuracy at eps 1 {change:+.1f} at 90 % (theirs -2.1 at 87.5 %) and not measured at 98 %" in table.notes[0]
    assert "mean over 3 seeds" in table.caption


def test_a_network_that_differs_in_more_than_sparsity_does_not_stand_beside_them(tmp_path: Path) -> None:
    group = HOT_AND_PRUNED
    record(tmp_path, group.runs, [0, -0.1 if group.runs[1].temperature == 1 else -0.4, -0.4, -0.4][: len(group.runs)])
    pruned = next(run for run in group.runs if run.sparsity and run.temperature == 1)
    table = published_table(bound(group, tmp_path))
    assert table
    (row,) = table.rows
    names = [column.name for column in table.columns]
    ours = dict(zip(names, row, strict=True))["ours, eps 1"].number
    (paths, dense) = (list(tmp_path.glob(f"{run.name}/seed-*/attacks/fgsm-*.json")) for run in (pruned, group.runs[0]))
    found = [
        next(row["accuracy"] for row in json.loads(path.read_text())["record"]["rows"] if row["eps"] == 1)
        for path in (*paths, *dense)
    ]
    assert ours == pytest.approx(sum(found[:3]) / 3 - sum(found[3:]) / 3)


def test_there_is_no_table_without_a_dense_run(tmp_path: Path) -> None:
    assert published_table(None) is None
    assert published_table(bound(SPARSE, tmp_path)) is None
    record(tmp_path, SPARSE.runs[1:], [0, 0])
    assert published_table(bound(SPARSE, tmp_path)) is None


def test_the_published_accuracies_fall_with_eps() -> None:
    for row in PUBLISHED.values():
        assert 1 > row[0] > row[1] > row[2] > row[4] > 0
