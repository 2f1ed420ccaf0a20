"""The output of a run: short, complete, and readable whatever the run was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attack_records import attacked
from fakes import CLASSES, IMAGES, diverged
from tiny import tiny_run

from bench.cli import run_output
from bench.records.schema import PairRow
from bench.records.store import Folder
from bench.runs.pipeline import Result
from bench.spec.run import Run

FALLING = (0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
MASKED = {"fgsm": (0.8,) * 8, "fgsm(loss=margin)": FALLING}
L2 = {"fgsm-l2": FALLING, "fgsm-l2(loss=margin)": FALLING}
MANY = ("fgsm", "fgsm(loss=margin)", *(f"fgsm(knowledge={n})" for n in (2, 3, 4, 5, 6, 7)))


def shown(
    results: Path, attacks: Mapping[str, Any], *, accuracy: float = 0.8, measured: Any = None, **settings: Any
) -> Result:
    run = Run.of(**{"arch": "alexnet", "dataset": "synthetic", "temperature": 20.0, **settings})
    folder = attacked(results, attacks, run, accuracy=accuracy, measured=measured)
    folder.curve.write_bytes(b"")
    made = {record.attack: record for record in folder.attacks.all().values()}
    return Result(folder, folder.trained(), {text: made[text] for text in attacks}, worked=True)


def pair(smaller: bool) -> PairRow:
    weights = (60, 100) if smaller else (20, 10)
    return PairRow(
        layer="c",
        rank=1,
        rank_found=1,
        rank_largest=2,
        weights=weights[0],
        weights_before=weights[1],
        smaller=smaller,
        macs=1,
        macs_before=1,
    )


LOW_RANK = {"low_rank": [pair(True), pair(False)]}


@pytest.mark.parametrize("accuracy", [0.8, 0.1], ids=["trained", "at chance"])
@pytest.mark.parametrize("measured", [{}, LOW_RANK], ids=["full", "low rank"])
@pytest.mark.parametrize(
    "attacks",
    [
        {"fgsm": FALLING},
        MASKED,
        {**MASKED, "fgsm(knowledge=none)": FALLING},
        dict.fromkeys(MANY, FALLING),
        {**dict.fromkeys(MANY, FALLING), **L2},
        L2 | {"pgd": FALLING},
    ],
    ids=["1", "masked", "3", "8", "10 in two norms", "3 in two norms"],
)
def test_a_summary_has_at_most_15_lines(attacks: Any, measured: Any, accuracy: float, tmp_path: Path) -> None:
    result = shown(tmp_path, attacks, accuracy=accuracy, measured=measured)
    lines = run_output.summary(result).splitlines()
    assert len(lines) <= 15
    assert all(len(line) <= 130 for line in lines if str(tmp_path) not in line)
    assert lines[0] == f"{result.folder.run.name}  seed 0"
    assert f"{accuracy:.4f}" in lines[1]
    assert str(result.folder.path / "run.json") in lines[-2]
    assert str(result.folder.curve) in lines[-1]
    labels = [record.threat.label for record in result.attacks.values()]
    hidden = sum(not any(line.startswith(label) for line in lines) for label in labels)
    assert (f"{hidden} more attacks" in "\n".join(lines)) == (hidden > 0)
    assert hidden < len(attacks)


def test_accuracy_under_each_attack_stands_below_the_radii_of_its_norm(tmp_path: Path) -> None:
    lines = run_output.summary(shown(tmp_path, {"fgsm": FALLING, **L2})).splitlines()
    (linf,) = [at for at, line in enumerate(lines) if "L-infinity" in line]
    (l2,) = [at for at, line in enumerate(lines) if "(L2" in line]
    # The usual radii as far as they were attacked; of the L2 norm five that spread over all.
    assert lines[linf].split()[-4:] == ["0", "1", "2", "4"]
    assert lines[linf + 1].split()[-4:] == ["0.8000", "0.5000", "0.3000", "0.1000"]
    assert lines[l2].split()[-5:] == ["0", "32", "96", "128", "256"]
    assert lines[l2 + 1].split()[-5:] == ["0.8000", "0.6000", "0.4000", "0.3000", "0.1000"]
    assert l2 == linf + 2


def test_an_attack_on_a_fraction_says_on_how_many_images_and_why_eps_0_is_not_the_clean_accuracy(
    tmp_path: Path,
) -> None:
    shown(tmp_path, {"pgd": (0.8, 0.5)})
    run = shown(tmp_path, {}).folder.run
    folder = attacked(tmp_path, {"fgsm": (0.75, 0.5)}, run, images=40)
    text = run_output.summary(Result(folder, folder.trained(), folder.attacks.all(), worked=True))
    assert f"clean accuracy 0.8000 on all {IMAGES} validation images" in text
    assert "fraction of them starts, at eps 0, from the accuracy on that fraction" in text
    assert text.count(", 40 images") == 1
    assert "on that fraction" not in run_output.summary(shown(tmp_path, {"fgsm": FALLING}))


def test_a_masked_gradient_is_said_once_and_an_untested_one_with_the_attack_that_tests_it(tmp_path: Path) -> None:
    masked = " ".join(run_output.summary(shown(tmp_path, MASKED)).split())
    assert masked.count("the gradient is masked") == 1
    assert "no masking seen" in run_output.summary(shown(tmp_path, MASKED | {"fgsm": FALLING}))
    untested = " ".join(run_output.summary(shown(tmp_path / "other", {"fgsm": FALLING})).split())
    assert "masking not tested" in untested
    assert "25.0 % of the images" in untested


def test_a_network_that_did_not_learn_is_not_called_masked(tmp_path: Path) -> None:
    flat = shown(tmp_path, {"fgsm": (0.1,) * 8, "fgsm(loss=margin)": (0.1, *(0.0,) * 7)}, accuracy=0.1)
    for text in (run_output.summary(flat), run_output.tables(flat)):
        assert text.count("not shown to have learned") == 1
        assert f"needed above {2 / CLASSES:.3f}" in text
        assert "mask" not in text
    assert "to have learned" not in run_output.summary(shown(tmp_path / "other", {"fgsm": FALLING}))


def test_low_rank_layers_are_counted_and_those_that_save_nothing_named(tmp_path: Path) -> None:
    text = run_output.summary(shown(tmp_path, {"fgsm": FALLING}, measured=LOW_RANK, low_rank="lr1"))
    assert "2 separable convolutions, 1 of them no smaller than before: 80 weights where 110 were" in text


def test_a_diverged_run_has_no_accuracy(tmp_path: Path) -> None:
    folder: Folder = diverged(tmp_path, tiny_run())
    training = folder.training()
    assert training is not None
    result = Result(folder, training, {}, worked=True)
    for text in (run_output.summary(result), run_output.tables(result)):
        assert "diverged: the loss was no longer a number in epoch 2; there is no accuracy" in text
        assert str(folder.path / "run.json") in text
    assert json.loads(run_output.as_json(result))["status"] == "diverged"


def test_every_number_is_in_the_tables_and_in_the_json(tmp_path: Path) -> None:
    result = shown(tmp_path, MASKED)
    text = run_output.tables(result)
    for record in result.attacks.values():
        for row in record.rows:
            assert f"{row.eps:>7g}  {row.accuracy:>8.4f}  {row.low:.4f} .. {row.high:.4f}" in text
    said = json.loads(run_output.as_json(result))
    assert {name: len(each["rows"]) for name, each in said["attacks"].items()} == dict.fromkeys(MASKED, 8)
    assert [each["masked"] for each in said["masking"]] == [True]
    assert said["training"]["metrics"]["accuracy"] == 0.8
