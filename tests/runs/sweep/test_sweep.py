"""The command sweep, with real workers and real runs of a few seconds."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from fakes import diverged, fake
from kill_sweep import command, processes, records
from tiny import small_file

from bench.cli.main import main
from bench.runs.grid import parse
from bench.runs.sweep.jobs import jobs_of

GRID = """
[settings]
arch = "fc5"
dataset = "synthetic"
image_size = 32
epochs = 1
batch_size = 64

[attack]
eps = [0, 1, 4]

[figures.a]
sparsity = [0.0, 0.5]
"""

RUNS_OF_A_TEACHER = 'runs = [{}, { temperature = 50 }, { temperature = 50, distill_from = "self" }]'

# What Slurm's commands do here: keep the job script, as Slurm does, and start it at once in the background.
SBATCH = """#!/bin/sh
echo "$@" >> {place}/submitted
cp "$1" {place}/job.sh
sh {place}/job.sh >> {place}/job.log 2>&1 &
echo "Submitted batch job 1"
"""


class Swept(NamedTuple):
    """A grid on disk, its results, and the processes that its killed driver left behind."""

    grid: Path
    results: Path
    left: list[int]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    """Sweep the tiny grid twice on this machine: the first driver is killed in its first run, the second one finishes."""
    place = tmp_path_factory.mktemp("swept")
    grid, results = place / "tiny.toml", place / "results"
    grid.write_text(GRID.replace("fc5", small_file(place)).replace("epochs = 1", "epochs = 2"))
    words = ["sweep", str(grid), "--results-dir", str(results), "--workers"]
    driver = subprocess.Popen([sys.executable, "-m", "bench", *words, "1", "--quiet"], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(results.glob("*/seed-0/checkpoints/*.json")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(results.glob("*/seed-0/checkpoints/*.json"))
    assert driver.poll() is None
    driver.kill()
    driver.wait()
    deadline = time.monotonic() + 5
    while (left := [pid for pid in processes() if str(place) in command(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    done = CliRunner().invoke(main, [*words, "2"])
    assert done.exit_code == 0, done.output
    assert "2 runs: 2 done" in done.stdout
    return Swept(grid, results, left)


class TestCommand:
    def bench(self, *words: str) -> Any:
        return CliRunner().invoke(main, [str(word) for word in words])

    @pytest.fixture
    def grid(self, tmp_path: Path) -> str:
        (tmp_path / "tiny.toml").write_text(GRID)
        return str(tmp_path / "tiny.toml")

    def test_a_driver_that_is_killed_leaves_no_process_behind_and_the_next_one_finishes(self, swept: Swept) -> None:
        assert swept.left == []
        assert len(list(swept.results.glob("*/seed-0/run.json"))) == 2

    def test_a_pruned_run_shares_the_start_of_its_control_and_another_sweep_starts_nothing(
        self, swept: Swept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grid, results = str(swept.grid), str(swept.results)
        runs = json.loads(self.bench("status", "--results-dir", results, "--json").stdout)["runs"]
        assert [run["state"] for run in runs] == ["done", "done"]
        assert sum("from its unpruned control" in Path(run["log"]).read_text() for run in runs) == 1
        assert not list(swept.results.glob("*/seed-*/prefixes"))
        monkeypatch.setattr("bench.cli.sweep.work", lambda *_: pytest.fail("started something"))
        again = self.bench("sweep", grid, "--results-dir", results)
        assert again.exit_code == 0
        assert "2 runs: 2 done" in again.stdout
        assert "2 runs: 2 ended, 0 to go" in self.bench("sweep", grid, "--results-dir", results, "--dry-run").stdout

    def test_a_sweep_by_slurm_ends_as_the_local_one(
        self, swept: Swept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "bin").mkdir()
        for name, text in {"sbatch": SBATCH.format(place=tmp_path), "scancel": "#!/bin/sh\n"}.items():
            (tmp_path / "bin" / name).write_text(text)
            (tmp_path / "bin" / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        monkeypatch.chdir(tmp_path)
        (tmp_path / "site.toml").write_text('cores = 1\nmemory = "4GB"\ninterface = "lo"\nwalltime = "00:10:00"\n')
        words = ["--results-dir", str(tmp_path / "r"), "--cluster", "slurm", "--cluster-config", "site.toml"]
        (tmp_path / "control.toml").write_text(swept.grid.read_text().replace("[0.0, 0.5]", "0.0"))
        done = self.bench("sweep", "control.toml", *words)
        assert done.exit_code == 0, done.output
        assert (tmp_path / "submitted").exists()
        (record,) = (tmp_path / "r").glob("*/seed-0/run.json")
        assert records(record.parent) == records(swept.results / record.parent.relative_to(tmp_path / "r"))

    def test_a_sweep_that_ends_in_part_says_which_run_and_where_its_log_is(self, grid: str, tmp_path: Path) -> None:
        words = ["--results-dir", str(tmp_path / "r"), "--data-dir", str(tmp_path / "none"), "--workers", "2"]
        done = self.bench("sweep", grid, *words)
        assert done.exit_code == 3
        assert "2 runs: 2 failed" in done.stdout
        assert "exit code 2" in done.stdout
        assert str(tmp_path / "r") in done.stdout

    def test_a_dry_run_shows_what_is_shared_and_starts_nothing(self, grid: str, tmp_path: Path) -> None:
        fake(tmp_path / "r", parse("t", GRID).cells(parse("t", GRID).figures, (1,))[0][0].run)
        dry = self.bench("sweep", grid, "--results-dir", str(tmp_path / "r"), "--seeds", "0,1", "--dry-run").stdout
        assert "shared prefixes save 0.2 of 3 trainings, 7%" in dry
        assert "time expected: about" in dry
        assert dry.count("pending") == 3

    def test_jobs_are_written_a_command_a_line_controls_first(self, grid: str, tmp_path: Path) -> None:
        jobs = tmp_path / "jobs.txt"
        done = self.bench("sweep", grid, "--results-dir", str(tmp_path / "r"), "--emit-jobs", str(jobs))
        assert done.exit_code == 0
        control, pruned = jobs.read_text().splitlines()
        assert control.startswith("bench run --arch fc5")
        assert "--share-with shares:0.2,0.7,16" in control
        assert "--sparsity 0.5" in pruned
        cells, _ = parse("t", GRID).cells(parse("t", GRID).figures, (0,))
        jobs_asked = jobs_of(cells, tmp_path / "r", None, True)
        assert [shlex.split(line)[1:] for line in (control, pruned)] == [list(job.words) for job in jobs_asked]

    def test_the_commands_that_are_printed_start_a_student_when_its_teacher_has_ended(
        self, grid: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Path(grid).write_text(GRID.replace("sparsity = [0.0, 0.5]", RUNS_OF_A_TEACHER))
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "bench").write_text(f'#!/bin/sh\nsleep 0.3\necho "$@" >> {tmp_path}/ended\n')
        (tmp_path / "bin" / "bench").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        jobs = tmp_path / "my jobs.txt"
        done = self.bench("sweep", grid, "--results-dir", str(tmp_path / "r"), "--emit-jobs", str(jobs))
        for number, line in enumerate(each for each in done.stdout.splitlines() if "xargs" in each):
            subprocess.run(["sh", "-c", line], check=True)
            ended = (tmp_path / "ended").read_text().splitlines()
            assert [sum("--distill-from" in each for each in ended), len(ended)] == [[0, 2], [1, 3]][number]
        arrays = [shlex.split(line) for line in done.stdout.splitlines() if "--array" in line]
        assert ["--array=1-2" in words for words in arrays] == [True, False]
        assert ["--array=3-3" in words and "--dependency=afterany:JOB" in words for words in arrays] == [False, True]
        (tmp_path / "ended").unlink()
        wrapped = arrays[1][-1].removeprefix("--wrap=")
        subprocess.run(["sh", "-c", wrapped], check=True, env={**os.environ, "SLURM_ARRAY_TASK_ID": "3"})
        assert "--distill-from" in (tmp_path / "ended").read_text()

    @pytest.mark.parametrize("words", [["--dry-run"], ["--json"], ["--workers", "2"], ["--cluster", "local"]])
    def test_what_has_no_effect_on_a_file_of_jobs_is_refused(self, words: list[str], grid: str, tmp_path: Path) -> None:
        done = self.bench("sweep", grid, "--emit-jobs", str(tmp_path / "jobs.txt"), *words)
        assert (done.exit_code, f"{words[0]} has no effect with --emit-jobs" in done.output) == (2, True), done.output
        assert not (tmp_path / "jobs.txt").exists()

    def test_a_diverged_run_is_final_and_said(self, grid: str, tmp_path: Path) -> None:
        for each in parse("t", GRID).cells(parse("t", GRID).figures, (0,))[0]:
            diverged(tmp_path / "r", each.run)
        done = self.bench("sweep", grid, "--results-dir", str(tmp_path / "r"))
        assert done.exit_code == 0
        assert "2 runs: 2 diverged" in done.stdout
        for words in ([], ["--dry-run"]):
            said = json.loads(self.bench("sweep", grid, "--results-dir", str(tmp_path / "r"), "--json", *words).stdout)
            assert [(run["state"], run["note"], run["figures"]) for run in said["runs"]] == [
                ("diverged", "epoch 2", ["a"])
            ] * 2
            assert said["excluded"] == []
        lines = self.bench("status", "--results-dir", str(tmp_path / "r")).stdout.splitlines()
        assert [line.split()[0] for line in lines] == ["diverged", "diverged"]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["smok"], "did you mean 'smoke'"),
            (["smoke", "--seeds", "a"], "seeds is 'a'"),
            (["smoke", "--seeds", ""], "seeds is ''"),
            (["smoke", "--seeds", "-1"], "error: seed is -1"),
            (["smoke", "--seeds", "1,0,1"], "each once"),
            (["smoke", "--cluster-config", "nowhere.toml"], "--cluster local takes no --cluster-config"),
            (["smoke", "--cluster", "tcp://127.0.0.1:8786", "--cluster-config", "x.toml"], "takes no --cluster-config"),
            (["smoke", "--cluster", "tls://10.0.0.1:8786", "--cluster-config", "nowhere.toml"], "nowhere.toml"),
            (["smoke", "--results-dir", ""], "expected the name of a folder"),
            (["smoke", "--epochs", "0"], "error: epochs is 0"),
            (["smoke", "--cluster", "pbs"], "expected local, slurm, tcp://"),
            (["smoke", "--cluster", "tcp://10.0.0.1:8786"], "expected tls://, or --insecure"),
            (["smoke", "--cluster", "tls://10.0.0.1:8786"], "needs --cluster-config"),
            (["smoke", "--figure", "rnk"], "did you mean 'rank'"),
        ],
    )
    def test_what_cannot_be_swept_is_refused(self, words: list[str], said: str) -> None:
        done = self.bench("sweep", *words, "--dry-run")
        assert done.exit_code == 2
        assert said in done.output
