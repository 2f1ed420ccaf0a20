from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from records import identity
from tiny import only_seed_folder, tiny_run

from architectures import ARCHITECTURES, Architecture
from bench.attacks import ATTACKS, attack_named
from bench.attacks.base import Images, Labels, Threat, View
from bench.datasets import DATASETS
from bench.datasets.base import Dataset
from bench.errors import BenchError, IntegrityError
from bench.phases import Result, Where, execute
from bench.progress import Progress
from bench.ranks import FullRank
from bench.spec import Run
from bench.store import Folder
from bench.trial import Trial, trials_of

FGSM = Trial(ATTACKS["fgsm"](), (0.0, 1.0, 8.0, 64.0))


def go(results: Path, run: Run, *trials: Trial, restart: bool = False) -> Result:
    return execute(run, trials or (FGSM,), Where(results), Progress(quiet=True), restart)


TOGETHER: dict[str, Any] = {"sparsity": 0.9, "low_rank": "lr1", "temperature": 20.0}


@pytest.mark.parametrize(
    "settings",
    [
        {"arch": "fc5", "sparsity": 0.9, "pruning": "random"},
        {**TOGETHER, "arch": "alexnet"},
        {**TOGETHER, "arch": "alexnet-bn"},
        {**TOGETHER, "arch": "fc5", "low_rank": "full"},  # which has no convolution
        {**TOGETHER, "arch": "resnet18"},
    ],
    ids=lambda settings: "-".join(str(value) for value in settings.values()),
)
def test_a_whole_run_on_the_synthetic_images(settings: dict[str, Any], tmp_path: Path) -> None:
    run = Run.of(dataset="synthetic", image_size=32, epochs=1, schedule="shares:0.2,0.7,4", **settings)
    trials = trials_of(run, [], FGSM.eps, 1.0)
    result = go(tmp_path, run, *trials)
    metrics, attack = result.training["metrics"], result.attacks[FGSM.name]
    assert result.training["status"] == "done"
    assert set(result.attacks) == {trial.name for trial in trials}
    for kernel in metrics["kernels"]:  # both factors of a pair among them
        assert abs(kernel["zeros"] - run.sparsity * kernel["size"]) <= 1
    assert [row["layer"] + "_vertical" for row in metrics["low_rank"]] == [
        kernel["layer"] for kernel in metrics["kernels"] if kernel["layer"].endswith("_vertical")
    ]
    assert bool(metrics["low_rank"]) == (run.low_rank != FullRank())
    assert {finding["attack"] for finding in result.masking} == (
        {"fgsm", "fgsm(knowledge=none)"} if run.temperature != 1 else set()
    )
    assert attack["threat"]["temperature"] == attack["threat"]["trained_temperature"] == run.temperature
    assert attack["rows"][0]["accuracy"] == metrics["accuracy"]
    assert attack["rows"][0]["low"] < metrics["accuracy"] < attack["rows"][0]["high"]
    assert attack["images"] == result.training["data"]["val"]
    assert attack["threat"]["norm"] == "L-infinity"
    outcomes = np.load(result.folder.path / "attacks" / f"{FGSM.name}.npz", allow_pickle=False)
    shares = (outcomes["predictions"] == outcomes["labels"]).mean(axis=1)
    assert [row["accuracy"] for row in attack["rows"]] == shares.tolist()
    with Image.open(result.folder.curve) as curve:
        assert min(curve.size) >= 800
    assert not result.folder.checkpoints.exists()
    environment = result.training["environment"]
    assert environment["deterministic"] is True
    assert {"tensorflow", "tf_keras", "numpy", "python", "bench"} <= set(environment["versions"])


@pytest.mark.usefixtures("tiny_source")
class TestOnTinyImages:
    def test_two_runs_of_one_spec_leave_equal_records(self, tmp_path: Path) -> None:
        for place in ("one", "two"):
            go(tmp_path / place, tiny_run(sparsity=0.5))
        one, two = (identity(only_seed_folder(tmp_path / place)) for place in ("one", "two"))
        assert one == two
        assert {"run.json", "weights.npz", f"{FGSM.name}.json", f"{FGSM.name}.npz"} <= set(one)

    def test_a_run_killed_in_every_one_of_its_writes_ends_as_the_undisturbed_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Killed(BaseException):
            pass

        def sync(handle: int) -> None:
            # Die in each file's write once, with its content half on its way, and let it through the second time.
            target = str(Path(f"/proc/self/fd/{handle}").readlink()).rsplit("-", 1)[0]
            if target not in died:
                died.append(target)
                raise Killed

        run, died = tiny_run(sparsity=0.9, temperature=20.0), list[str]()
        trials = trials_of(run, [FGSM.attack], FGSM.eps, 1.0)
        go(tmp_path / "whole", run, *trials)
        monkeypatch.setattr("os.fsync", sync)
        for _ in range(20):
            with contextlib.suppress(Killed):
                go(tmp_path / "killed", run, *trials)
                break
        # The spec; arrays and record of two epochs' checkpoints, of the training and of two attacks, the two galleries; what
        # follows of masking.
        assert len(died) == 14
        whole, killed = (identity(only_seed_folder(tmp_path / place)) for place in ("whole", "killed"))
        assert whole == killed

    def test_a_recorded_run_is_not_done_again(self, tmp_path: Path) -> None:
        assert go(tmp_path, tiny_run()).worked
        before = identity(only_seed_folder(tmp_path))
        again = go(tmp_path, tiny_run())
        assert not again.worked
        assert again.attacks[FGSM.name]["rows"]
        assert identity(only_seed_folder(tmp_path)) == before

    def test_a_finer_grid_attacks_the_same_weights_and_trains_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = go(tmp_path, tiny_run())
        monkeypatch.setattr("bench.training.train", lambda *_: pytest.fail("trained again"))
        finer = Trial(FGSM.attack, (0.0, 0.5, 1.0, 8.0, 64.0))
        second = go(tmp_path, tiny_run(), finer)
        rows = [
            {row["eps"]: row for row in attack["rows"]}
            for attack in (*first.attacks.values(), *second.attacks.values())
        ]
        assert all(rows[0][eps] == rows[1][eps] for eps in FGSM.eps)
        assert first.folder.attack(FGSM) is not None

    def test_half_of_the_images_are_those_of_the_whole(self, tmp_path: Path) -> None:
        half = Trial(FGSM.attack, FGSM.eps, 0.5)
        result = go(tmp_path, tiny_run(), FGSM, half)
        whole, part = (
            np.load(result.folder.path / "attacks" / f"{trial.name}.npz", allow_pickle=False) for trial in (FGSM, half)
        )
        assert len(part["indices"]) == 20
        np.testing.assert_array_equal(whole["predictions"][:, part["indices"]], part["predictions"])

    def test_a_diverged_run_is_final_and_says_so_without_any_number(self, tmp_path: Path) -> None:
        run = tiny_run(learning_rate=100.0, epochs=6)
        result = go(tmp_path, run)
        assert result.diverged
        assert result.attacks == {}
        text = (result.folder.path / "run.json").read_text()
        assert "NaN" not in text
        assert "Infinity" not in text
        assert not go(tmp_path, run).worked

    def test_a_run_that_misses_its_sparsity_leaves_no_record(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from bench.methods.magnitude import Magnitude

        def lie(self: Magnitude, model: Any) -> Any:
            kernel = model.get_layer("prune_low_magnitude_fc1").layer.kernel
            kernel.assign(kernel + 1.0)
            return honest(self, model)

        honest = Magnitude.finish
        monkeypatch.setattr(Magnitude, "finish", lie)
        with pytest.raises(BenchError, match=r"sparsity not reached: fc1 has 0 zeros .* 0.5 was asked"):
            go(tmp_path, tiny_run(sparsity=0.5))
        assert not (only_seed_folder(tmp_path) / "run.json").exists()

    def test_a_clean_accuracy_that_is_not_the_recorded_one_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("bench.experiment.accuracy", lambda *_: 0.123)
        with pytest.raises(IntegrityError, match=r"at eps 0.*0\.123"):
            go(tmp_path, tiny_run())
        assert not list(tmp_path.rglob("fgsm*"))

    def test_a_low_rank_run_starts_from_a_trained_one_and_names_its_weights(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        full = go(tmp_path, tiny_run(arch="alexnet", epochs=1))
        start: Any = {"low_rank_init": "svd", "low_rank_from": full.folder.run.name}
        run = tiny_run(arch="alexnet", low_rank="1.0", learning_rate=1e-9, epochs=1, sparsity=0.5, **start)
        monkeypatch.setattr("bench.methods.magnitude.Magnitude._pruned", lambda _self, layer, _: layer)
        monkeypatch.setattr("bench.experiment.check_sparsity", lambda *_: None)
        result = go(tmp_path, run)
        sha256 = full.training["artefacts"]["weights.npz"]["sha256"]
        assert result.training["start"] == {"run": full.folder.run.name, "weights": sha256}
        assert result.training["metrics"]["accuracy"] == full.training["metrics"]["accuracy"]

    @pytest.mark.parametrize("error", [MemoryError(), tf.errors.ResourceExhaustedError(None, None, "OOM")])
    def test_out_of_memory_is_said_with_what_to_do(
        self, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr("bench.training.Loop.epoch", full)
        with pytest.raises(BenchError, match=r"out of memory at batch size 32: take a smaller --batch-size"):
            go(tmp_path, tiny_run())
        assert not (only_seed_folder(tmp_path) / "run.json").exists()

    def test_other_images_under_a_recorded_run_are_refused_and_restart_starts_over(
        self, tmp_path: Path, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        go(tmp_path, tiny_run())
        other = Dataset("tiny", tiny.val, tiny.train, tiny.classes, "0" * 64)
        unnamed = type(DATASETS["synthetic"])(load=lambda *_: other, named=False)
        monkeypatch.setitem(DATASETS, "synthetic", unnamed)
        with pytest.raises(IntegrityError, match=r"other images.*--restart"):
            go(tmp_path, tiny_run())
        result = go(tmp_path, tiny_run(), restart=True)
        assert result.worked
        assert result.training["data"]["fingerprint"] == "0" * 64

    def test_an_architecture_and_an_attack_are_added_by_a_file_and_a_line_each(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "perceptron.py").write_text(PERCEPTRON)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setitem(ARCHITECTURES, "perceptron", Architecture("perceptron:perceptron", learning_rate=0.01))
        monkeypatch.setitem(ATTACKS, "brighter", Brighter)
        run = tiny_run(arch="perceptron", sparsity=0.5, epochs=3)
        trial = Trial(attack_named("brighter"), (0.0, 100.0))
        result = go(tmp_path / "results", run, trial)
        assert result.training["metrics"]["sparsity"] == pytest.approx(0.5, abs=1e-3)
        assert result.attacks["brighter-" + trial.name.split("-")[1]]["attack"] == "brighter"

    def test_twenty_starts_of_one_run_train_it_once(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "bench.cli", "run", "--arch", "fc5", "--dataset", "synthetic", "--epochs", "1"]
        command += ["--image-size", "32", "--eps", "0,1", "--results-dir", str(tmp_path), "--quiet"]
        starts = [
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(20)
        ]
        said = [start.communicate()[1] for start in starts]
        codes = [start.returncode for start in starts]
        assert sorted(set(codes)) == [0, 5], said
        assert sum(code == 0 and "already done" not in text for code, text in zip(codes, said, strict=True)) == 1
        run = Run.of(arch="fc5", dataset="synthetic", epochs=1, image_size=32)
        folder = Folder(tmp_path, run)
        assert folder.training() is not None
        assert folder.attack(Trial(FGSM.attack, (0.0, 1.0))) is not None
        assert not list(tmp_path.rglob("*.part"))


PERCEPTRON = """
import tf_keras as keras


def perceptron(input_shape, num_classes, *, conv=keras.layers.Conv2D, dense=keras.layers.Dense):
    pixels = keras.Input(input_shape)
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(pixels))
    return keras.Model(pixels, dense(num_classes, name="fc")(x))
"""


@dataclass(frozen=True)
class Brighter:
    """Make every image brighter: an attack that needs no gradient."""

    kind: ClassVar[str] = "brighter"
    library: ClassVar[str] = ""

    def __str__(self) -> str:
        return self.kind

    def threat(self, trained_temperature: float) -> Threat:
        del trained_temperature
        return Threat("brighter", "no knowledge, no labels", None)

    def __call__(self, view: View, images: Images, labels: Labels, eps: Sequence[float]) -> Iterator[Images]:
        del view, labels
        return (np.minimum(images + np.float32(radius), np.float32(255)) for radius in eps)
