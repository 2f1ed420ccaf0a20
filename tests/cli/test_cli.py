from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

# A TensorFlow that fails when it is imported: what passes with it in the way never needed it.
BLOCKED = "raise ImportError('TensorFlow was imported')\n"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "blocked").mkdir()
    for name in ("tensorflow", "tf_keras"):
        (tmp_path / "blocked" / f"{name}.py").write_text(BLOCKED)
    return Bench(tmp_path)


class Bench:
    """The command line in a process of its own, TensorFlow out of reach unless asked for."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path

    def __call__(self, *words: str, tensorflow: bool = False) -> subprocess.CompletedProcess[str]:
        path = "" if tensorflow else str(self.tmp_path / "blocked")
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": path, "BENCH_CACHE_DIR": str(self.tmp_path / "cache")}
        command = [sys.executable, "-m", "bench", *words]
        return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


WRONG = {
    "--sparsity 1.0": "[0, 1)",
    "--sparsity -0.1": "[0, 1)",
    "--sparsity 90": "did you mean 0.9?",
    "--sparsity nan": "[0, 1)",
    "--eps -1,2": "[0, 255]",
    "--eps 0,256": "[0, 255]",
    "--eps 2,1": "ascending",
    "--attack-fraction 2": "(0, 1]",
    "--batch-size 0": "[1, 65536]",
    "--image-size 8": "[32, 512]",
    "--schedule cubic": "shares:BEGIN,END,UPDATES",
    "--attack fgms": "did you mean 'fgsm'?",
    "--dataset imagnette": "did you mean 'imagenette'?",
    "--precision half": "float32",
    "--sparsty 0.9": "--sparsity",
    "--epochs many": "not a valid integer",
    "--schedule steps:100,8,250 --sparsity 0.5 --dataset synthetic --image-size 32": "prunes last at step 2100",
    "--temperature 0": "a temperature in (0, 1000000]",
    "--temperature-loss hot": "plain, scaled",
    "--low-rank lr3": "full, lr1, lr2, a share",
    "--low-rank 0.5": "fc5 has no convolution larger than 1x1",
    "--low-rank-init svd": "expected --low-rank, --low-rank-init svd and --from RUN together",
    "--pruning global --sparsity 0.5": "magnitude, random",
    "--attack fgsm(knowledge=all)": "a number, none, temperature",
    "--dataset folder": "--data-dir",
    "--data-dir /nowhere": "/nowhere",
    "--dataset synthetic --data-dir .": "synthetic",
}


@pytest.mark.parametrize("words", WRONG)
def test_wrong_input_is_refused_before_tensorflow_with_what_is_allowed(words: str, bench: Bench) -> None:
    done = bench("run", "--arch", "fc5", "--results-dir", str(bench.tmp_path / "results"), *words.split())
    assert done.returncode == 2, done.stderr
    assert WRONG[words] in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_wrong_architecture_is_refused_with_the_nearest(bench: Bench) -> None:
    done = bench("run", "--arch", "resnet")
    assert done.returncode == 2
    assert "did you mean 'resnet18'?" in done.stderr


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_results_folder_that_cannot_be_made_is_refused_before_tensorflow(place: str, bench: Bench) -> None:
    (bench.tmp_path / "file").write_text("")
    done = bench("run", "--arch", "fc5", "--dataset", "synthetic", "--results-dir", str(bench.tmp_path / place))
    assert done.returncode == 2
    assert "--results-dir" in done.stderr


@pytest.mark.parametrize("words", ["--help", "run --help", "data --help", "data info --help", "--version"])
def test_help_needs_no_tensorflow(words: str, bench: Bench) -> None:
    done = bench(*words.split())
    assert done.returncode == 0
    assert done.stdout


def test_every_setting_of_a_run_has_an_option_with_its_range(bench: Bench) -> None:
    text = " ".join(bench("run", "--help").stdout.split())
    for word in (
        "--sparsity",
        "[0, 1)",
        "--schedule",
        "--learning-rate",
        "--precision",
        "--seed",
        "alexnet, alexnet-bn",
    ):
        assert word in text


def test_a_run_prints_its_figures_and_a_second_one_needs_no_tensorflow(bench: Bench) -> None:
    text = "run --arch fc5 --dataset synthetic --image-size 32 --epochs 1 --sparsity 0.5 --eps 0,1,8 --results-dir"
    words = [*text.split(), str(bench.tmp_path / "my results")]
    first = bench(*words, tensorflow=True)
    assert first.returncode == 0, first.stderr
    assert "epoch 1/1" in first.stderr
    assert "clean accuracy" in first.stdout
    assert "L-infinity" in first.stdout
    (record,) = (bench.tmp_path / "my results").rglob("run.json")
    assert str(record) in first.stdout
    again = bench(*words)
    assert again.returncode == 0, again.stderr
    assert "already done" in again.stderr
    assert again.stdout == first.stdout
    as_json = json.loads(bench(*words, "--json").stdout)
    assert as_json["training"]["settings"]["sparsity"] == 0.5
    (attack,) = as_json["attacks"].values()
    assert [row["eps"] for row in attack["rows"]] == [0, 1, 8]
    record.write_text(record.read_text().replace("0.5", "0.6", 1))
    damaged = bench(*words)
    assert damaged.returncode == 4
    assert "damaged" in damaged.stderr
    assert "Traceback" not in damaged.stderr


class TestData:
    def folder(self, root: Path) -> Path:
        for split in ("train", "val"):
            for name, level in (("cat", 40), ("dog", 200)):
                (root / split / name).mkdir(parents=True)
                Image.new("RGB", (40, 40), (level, level, level)).save(root / split / name / f"{split}.png")
        return root

    def test_info_counts_the_classes(self, bench: Bench) -> None:
        root = self.folder(bench.tmp_path / "images")
        done = bench("data", "info", "--dataset", "folder", "--data-dir", str(root))
        assert done.returncode == 0, done.stderr
        assert "cat" in done.stdout
        assert "fingerprint" in done.stdout

    def test_verify_names_what_is_broken_and_training_refuses_it(self, bench: Bench) -> None:
        root = self.folder(bench.tmp_path / "images")
        (root / "train" / "cat" / "torn.jpg").write_bytes(b"")
        done = bench("data", "verify", "--dataset", "folder", "--data-dir", str(root))
        assert done.returncode == 1
        assert "train/cat/torn.jpg: broken: empty" in done.stdout
        refused = bench(
            "run", "--arch", "fc5", "--dataset", "folder", "--data-dir", str(root), "--results-dir", str(root)
        )
        assert refused.returncode == 2
        assert "--skip-broken" in refused.stderr

    def test_fetch_refuses_an_archive_that_is_none(self, bench: Bench) -> None:
        (bench.tmp_path / "a.tgz").write_bytes(b"x")
        done = bench("data", "fetch", "--archive", str(bench.tmp_path / "a.tgz"))
        assert done.returncode == 2
        assert "imagenette2-160.tgz" in done.stderr
