"""The command line in processes of their own, in which TensorFlow is out of reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tiny import small_file

from bench.spec.run import Run
from bench.spec.setting import flag

# A TensorFlow that fails when it is imported: what passes with it in the way never needed it.
BLOCKED = "raise ImportError('TensorFlow was imported')\n"
# Many commands in one process: starting Python is most of the time of one that only refuses.
SCRIPT = """
import json, sys
from click.testing import CliRunner
from bench.cli.main import main
ends = []
for words in json.load(sys.stdin):
    done = CliRunner().invoke(main, words)
    crashed = done.exception is not None and not isinstance(done.exception, SystemExit)
    ends.append({"code": done.exit_code, "out": done.stdout, "err": done.stderr, "crashed": crashed})
print(json.dumps(ends))
"""


class Bench:
    """The command line in a process of its own, TensorFlow out of reach unless asked for."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "blocked").mkdir()
        for name in ("tensorflow", "tf_keras"):
            (place / "blocked" / f"{name}.py").write_text(BLOCKED)

    def __call__(self, *words: str, tensorflow: bool = False, **extra: Any) -> subprocess.CompletedProcess[str]:
        return self.python(["-m", "bench", *words], tensorflow, **{"capture_output": True, **extra})

    def each(self, commands: list[list[str]]) -> list[dict[str, Any]]:
        """Return how each of ``commands`` ends, all in one process."""
        done = self.python(["-c", SCRIPT], input=json.dumps(commands), capture_output=True)
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))

    def python(self, words: list[str], tensorflow: bool = False, **extra: Any) -> subprocess.CompletedProcess[str]:
        path = "" if tensorflow else str(self.place / "blocked")
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": path, "BENCH_CACHE_DIR": str(self.place / "cache")}
        env["OPENBLAS_NUM_THREADS"] = "1"
        return subprocess.run([sys.executable, *words], text=True, env=env, check=False, **extra)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


WRONG = {
    "--sparsity 1.0": "[0, 1)",
    "--sparsity -0.1": "[0, 1)",
    "--sparsity 90": "did you mean 0.9?",
    "--sparsity nan": "[0, 1)",
    "--eps -1,2": "[0, 255]",
    "--eps 0,256": "[0, 255]",
    "--eps 2,1": "ascending",
    "--eps 8/255": "8/255 is 8",
    "--attack-fraction 2": "(0, 1]",
    "--batch-size 0": "[1, 65536]",
    "--image-size 8": "[32, 512]",
    "--schedule cubic": "BEGIN,END,UPDATES",
    "--attack fgms": "did you mean 'fgsm'?",
    "--dataset imagnette": "did you mean 'imagenette'?",
    "--precision half": "float32",
    "--sparsty 0.9": "--sparsity",
    "--epochs many": "not a valid integer",
    "--schedule steps:100,8,250 --sparsity 0.5 --dataset synthetic --image-size 32": "prunes last at step 2100",
    "--temperature 0": "a temperature in (0, 1000000]",
    "--temperature-loss hot": "plain, scaled",
    "--temperature-loss plain": "no temperature is given: expected one, as in --temperature 20",
    "--schedule steps:1,2,3": "no sparsity is given: expected one, as in --sparsity 0.9",
    "--low-rank lr3": "full, lr1, lr2",
    "--low-rank 0.5": "fc5 has no convolution larger than 1x1",
    "--low-rank-init svd": "expected --low-rank, --low-rank-init svd and --from RUN together",
    "--pruning smallest --sparsity 0.5": "magnitude, random",
    "--attack fgsm(knowledge=all)": "a number, none, temperature",
    "--dataset folder": "--data-dir",
    "--data-dir /nowhere": "/nowhere",
    "--dataset synthetic --data-dir .": "synthetic",
    "--arch resnet": "did you mean 'resnet18'?",
    "--results-dir=": "expected the name of a folder",
    "--dataset synthetic --results-dir {place}/file": "--results-dir",
    "--dataset synthetic --results-dir {place}/file/below": "--results-dir",
}


@pytest.fixture(scope="module")
def refusals(bench: Bench) -> Mapping[str, dict[str, Any]]:
    (bench.place / "file").write_text("")
    usual = ["run", "--arch", "fc5", "--results-dir", str(bench.place / "results")]
    commands = [[*usual, *words.format(place=bench.place).split()] for words in WRONG]
    return dict(zip(WRONG, bench.each([*commands]), strict=True))


@pytest.mark.parametrize("words", WRONG)
def test_wrong_input_is_refused_before_tensorflow_with_what_is_allowed(
    words: str, refusals: Mapping[str, dict[str, Any]]
) -> None:
    done = refusals[words]
    assert not done["crashed"]
    assert done["code"] == 2, done["err"]
    assert WRONG[words] in " ".join(done["err"].split())
    assert done["out"] == ""


def test_help_needs_no_tensorflow_and_has_every_setting_with_its_range(bench: Bench) -> None:
    commands = ["run", "data", "data info", "data verify", "data fetch", "sweep", "status", "export", "report"]
    texts = ["--version", "--help", *[f"{command} --help" for command in commands], "run"]
    ends = dict(zip(texts, bench.each([text.split() for text in texts]), strict=True))
    missing = ends.pop("run")
    assert missing["code"] == 2
    assert "--arch" in missing["err"]
    assert all(done["code"] == 0 and done["out"] for done in ends.values())
    text = " ".join(ends["run --help"]["out"].split())
    for word in (*map(flag, fields(Run)), "[0, 1)", "alexnet, alexnet-bn"):
        assert word in text


@pytest.mark.parametrize("words", ["--help", "run --help", "status --results-dir ."])
@pytest.mark.parametrize("output", ["full", "closed"])
def test_an_output_that_cannot_be_written_is_a_line_and_a_code_for_later(
    output: str, words: str, bench: Bench, tmp_path: Path
) -> None:
    if output == "full":
        handle = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, handle = os.pipe()
        os.close(reader)
    command = words.replace(" .", f" {tmp_path}").split()
    done = bench(*command, capture_output=False, stdout=handle, stderr=subprocess.PIPE)
    os.close(handle)
    assert done.returncode == 75
    assert done.stderr.startswith("error: cannot write the output: ")
    assert len(done.stderr.splitlines()) == 1


def test_an_error_that_cannot_be_printed_still_has_its_code(bench: Bench) -> None:
    with Path("/dev/full").open("w") as full:
        assert bench("--help", capture_output=False, stdout=full, stderr=full).returncode == 75
        assert bench("run", "--arch", "fc6", capture_output=False, stdout=full, stderr=full).returncode == 2


def test_a_run_prints_its_figures_and_a_second_one_needs_no_tensorflow(bench: Bench) -> None:
    arch = small_file(bench.place)
    # Equal batches: one of another size would be traced anew.
    text = f"run --arch {arch} --dataset synthetic --image-size 32 --epochs 1 --batch-size 300 --sparsity 0.5 --results-dir"
    words = [*text.split(), str(bench.place / "my results")]
    first = bench(*words, "--eps", "0,0.1,0.3", tensorflow=True)
    assert first.returncode == 0, first.stderr
    assert "epoch 1/1" in first.stderr
    assert "eps is in pixel levels of 0 to 255: 0.3 is 0.0012 of the range; for 0.3 of the range give --eps 76.5" in (
        " ".join(first.stderr.split())
    )
    assert "clean accuracy" in first.stdout
    assert "L-infinity" in first.stdout
    (record,) = (bench.place / "my results").rglob("run.json")
    assert str(record) in first.stdout
    with Image.open(record.parent / "curve.png") as curve:
        assert min(curve.size) >= 800
    again = bench(*words, "--eps", "0,0.1,0.3")
    assert again.returncode == 0, again.stderr
    assert "already done" in again.stderr
    assert again.stdout == first.stdout
    as_json = json.loads(bench(*words, "--eps", "0,0.1,0.3", "--json").stdout)
    assert as_json["training"]["settings"]["sparsity"] == 0.5
    (attack,) = as_json["attacks"].values()
    assert [row["eps"] for row in attack["rows"]] == [0, 0.1, 0.3]
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

    def test_info_counts_the_classes_and_verify_names_what_is_broken(self, bench: Bench, tmp_path: Path) -> None:
        whole, torn = self.folder(tmp_path / "whole"), self.folder(tmp_path / "torn")
        (torn / "train" / "cat" / "torn.jpg").write_bytes(b"")
        (tmp_path / "a.tgz").write_bytes(b"x")
        folder = ["--dataset", "folder", "--data-dir"]
        info, verify, refused, uncounted, fetch = bench.each(
            [
                ["data", "info", *folder, str(whole)],
                ["data", "verify", *folder, str(torn)],
                ["run", "--arch", "fc5", *folder, str(torn), "--results-dir", str(tmp_path / "results")],
                ["data", "info", *folder, str(torn)],
                ["data", "fetch", "--archive", str(tmp_path / "a.tgz")],
            ]
        )
        assert info["code"] == 0, info["err"]
        assert "cat" in info["out"]
        assert "fingerprint" in info["out"]
        assert verify["code"] == 1
        assert "train/cat/torn.jpg: broken: empty" in verify["out"]
        for each in (refused, uncounted):
            assert each["code"] == 2
            assert "--skip-broken" in each["err"]
        assert fetch["code"] == 2
        assert "imagenette2-160.tgz" in fetch["err"]
