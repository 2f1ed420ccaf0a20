"""The Python interface, as a notebook uses it."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import diverged, fake, tear
from tiny import tiny_run

import bench
from bench.audit.battery import SCREEN
from bench.records.store import Folder


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: bench.train("fc5"), "run is 'fc5': expected a bench.Run"),
        (lambda: bench.attack(tiny_run(), eps=4), r"eps is 4: expected a sequence of numbers, as \[0, 1, 4\]"),
        (lambda: bench.look(tiny_run(), images=0), "images is 0: expected at least 1"),
        (lambda: bench.judge_file("net.py:net", "w.npz", data_dir=None), "data_dir is None: expected a folder"),
        (lambda: bench.transfer("vgg16", data_dir="x", eps=2), "eps is 2: expected a sequence"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(
    call: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(bench.BenchError, match=said):
        call()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("tiny_source")
def test_the_example_trains_attacks_reads_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    few = tuple(stage for stage in SCREEN.stages if stage.name in ("fgsm", "fgsm on margin"))
    monkeypatch.setattr("bench.notebook.SCREEN", replace(SCREEN, probed=4, stages=few))
    example = tmp_path / "example.py"
    _, _, code = (bench.__doc__ or "").partition(":\n\n")
    example.write_text(textwrap.dedent(code))
    run = runpy.run_path(str(example))["run"]
    assert isinstance(run, bench.Run)
    record = bench.train(run, quiet=True)  # which is recorded by now
    assert not record.diverged
    assert record.measured.sparsity == pytest.approx(run.sparsity, abs=1e-3)
    attack = bench.attack(run, eps=np.array([1.0, 4.0]), quiet=True)
    assert [row.eps for row in attack.rows] == [0, 1, 4]
    assert attack.rows[0].accuracy == record.measured.accuracy
    audit = bench.judge(run, quiet=True)
    assert Folder(Path("results"), run).audits.get("screen")[0] == audit
    assert audit.control is None
    assert audit.verdict.kind in ("inconclusive", "masked")  # what can be said without a control
    frame = bench.results("results")
    frame = frame[frame["attack"] == "fgsm"]
    assert list(frame["eps"]) == [0, 1, 4]
    assert list(frame["accuracy"]) == [row.accuracy for row in attack.rows]
    assert set(frame["run"]) == {run.name}
    (axes,) = bench.curve(run).axes
    np.testing.assert_allclose(axes.get_lines()[0].get_ydata(), 100 * frame["accuracy"])


def test_a_curve_has_no_attack_of_a_network_that_was_trained_again_since(tmp_path: Path) -> None:
    folder = fake(tmp_path, tiny_run())
    assert bench.curve(tiny_run(), results=tmp_path).axes
    training = folder.trained()
    folder.write_training(training, {"w": np.ones(1, np.float32)})
    with pytest.raises(bench.BenchError, match=r"of other weights .* attack again"):
        bench.curve(tiny_run(), results=tmp_path)


class TestErrors:
    def test_what_is_not_recorded_is_refused_with_what_makes_it(self, tmp_path: Path) -> None:
        with pytest.raises(bench.BenchError, match=r"bench\.attack makes one"):
            bench.curve(tiny_run(), results=tmp_path)
        with pytest.raises(bench.BenchError, match=r"bench\.train makes one"):
            bench.results(tmp_path / "resutls")

    def test_a_wrong_value_is_a_bench_error(self, tmp_path: Path) -> None:
        with pytest.raises(bench.BenchError, match=r"did you mean 0\.9"):
            bench.Run.of(arch="fc5", sparsity=90)
        with pytest.raises(bench.BenchError, match="did you mean 'fgsm'"):
            bench.attack(tiny_run(), "fgms", results=tmp_path)
        with pytest.raises(bench.BenchError, match="ascending"):
            bench.attack(tiny_run(), eps=[4, 1], results=tmp_path)
        assert not list(tmp_path.iterdir())

    def test_a_diverged_run_cannot_be_attacked(self, tmp_path: Path) -> None:
        diverged(tmp_path, tiny_run())
        assert bench.train(tiny_run(), results=tmp_path).diverged
        with pytest.raises(bench.BenchError, match="diverged: there is no network to attack"):
            bench.attack(tiny_run(), results=tmp_path)
        with pytest.raises(bench.BenchError, match="diverged: there is no network to audit"):
            bench.judge(tiny_run(), results=tmp_path)

    def test_a_folder_without_classes_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(bench.BenchError, match="two or more class folders"):
            bench.judge_file("net.py:net", "w.npz", data_dir=tmp_path)

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ({"eps": [0]}, "above 0"),
            ({"eps": []}, "above 0"),
            ({"eps": [4, 2]}, "ascending"),
            ({"temperature": 0}, "a temperature in"),
            ({"image_size": 16}, "pixels in"),
        ],
    )
    def test_what_an_audit_of_a_file_cannot_be_is_refused(
        self, settings: dict[str, Any], expected: str, tmp_path: Path
    ) -> None:
        with pytest.raises(bench.BenchError, match=expected):
            bench.judge_file("net.py:net", "w.npz", data_dir=tmp_path, **settings)

    def test_a_damaged_record_is_left_out_with_a_warning(self, tmp_path: Path) -> None:
        fake(tmp_path, tiny_run())
        tear(fake(tmp_path, tiny_run(seed=1)).path / "run.json")
        with pytest.warns(UserWarning, match="left out: .*seed-1"):
            frame = bench.results(tmp_path)
        assert set(frame["seed"]) == {0}


def test_importing_the_suite_imports_nothing_heavy_and_lists_what_it_has() -> None:
    code = (
        "import sys, bench; known = dir(bench); heavy = [m for m in sys.modules if m in {'numpy', 'tensorflow', 'pandas', "
        "'matplotlib', 'pydantic'}]; bench.Run; print(heavy, {*bench.__all__} <= {*known}, hasattr(bench, 'nothing'), "
        "'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[] True False False"
