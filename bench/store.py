"""Where a run's files stand under results/: the only module that knows a path.

<run name>/seed-<n>/spec.json              the run, written first
                    run.json               training: settings, metrics, hashes; written last, its presence means "trained"
                    attacks/<trial>.json   one attack: figures; attacks/<trial>.npz: its outcome image by image
                    attacks/<trial>.gallery.npz            a few attacked images, not kept in git either
                    masking.json           what the attacks, compared, say of masked gradients
                    curve.png              accuracy against eps
                    weights.npz, checkpoints/, beginnings/, tensorboard/, log.txt, lock      not kept in git
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from bench.errors import BadInput, BenchError, IntegrityError, Locked
from bench.files import Arrays, read_arrays, read_json, write_arrays, write_json
from bench.ranks import FullRank
from bench.spec import Run
from bench.trial import Trial

SPEC_SCHEMA = "bench.spec/1"
RUN_SCHEMA = "bench.run/1"
ATTACK_SCHEMA = "bench.attack/2"
MASKING_SCHEMA = "bench.masking/1"
GALLERY = ".gallery.npz"
PROBE = 0.5  # seconds: who asks whether a run is held has to hold it for an instant, and is nobody to give way to

Record = dict[str, Any]


def folders(results: Path) -> Iterator[Folder | IntegrityError]:
    """Yield the folder of every run that was started under ``results``, in order of name, and an error for what is none."""
    for path in sorted(results.glob("*/seed-*/spec.json")):
        try:
            run = Run.parse(read_json(path, SPEC_SCHEMA)["run"])
            found = Folder(results, run)
            if found.path != path.parent:
                raise IntegrityError(f"{path} is the record of {run.name}, seed {run.seed}: it was moved")
            yield found
        except (BenchError, KeyError, AttributeError) as error:
            yield error if isinstance(error, IntegrityError) else IntegrityError(f"{path}: {error}")


class Folder:
    """The folder of one run at one seed."""

    def __init__(self, results: Path, run: Run) -> None:
        self.results = results
        self.run = run
        self.path = results / run.name / f"seed-{run.seed}"
        self.curve = self.path / "curve.png"
        self.checkpoints = self.path / "checkpoints"
        self.tensorboard = self.path / "tensorboard"
        self.log = self.path / "log.txt"
        self.last_exit = self.path / "exit.json"
        self._beginnings = self.path / "beginnings"
        self._spec = self.path / "spec.json"
        self._attacks = self.path / "attacks"
        self._masking = self.path / "masking.json"
        self._weights = self.path / "weights.npz"

    def declare(self) -> None:
        """Write what the run is, so that its folder can be understood before there is a record."""
        if not self._spec.exists():
            write_json(self._spec, SPEC_SCHEMA, {"run": str(self.run)})

    def start(self) -> Folder | None:
        """Return the folder of the trained run to start from, None where the run starts from scratch.

        BadInput where it is not there, has no weights, or is not the full-rank run of the same network on the same images.
        """
        name, run = self.run.low_rank_from, self.run
        if not name:
            return None
        path = self.results / name / f"seed-{run.seed}" / "run.json"
        how = f"train it first, with bench run --arch {run.arch} --seed {run.seed}"
        if not path.exists():
            raise BadInput(f"--from {name}: expected a trained run, but there is no {path}; {how}")
        found = Folder(self.results, Run.parse(read_json(path, RUN_SCHEMA)["run"]))
        for setting in ("arch", "dataset", "image_size"):
            theirs, ours = getattr(found.run, setting), getattr(run, setting)
            if theirs != ours:
                raise BadInput(
                    f"--from {name} has {setting} {theirs}: expected {ours}, as in the run that starts from it"
                )
        if found.run.low_rank != FullRank():
            raise BadInput(f"--from {name} is a low-rank run: expected a full-rank one")
        if not found._weights.exists():
            raise BadInput(f"--from {name} has no weights here, only its record: {how} --restart")
        return found

    def beginning(self, steps: int) -> Path:
        """Return where the control of this run leaves its state after ``steps`` steps, for runs that prune later."""
        return Folder(self.results, self.run.control)._beginnings / f"{steps}"

    def beginnings(self) -> int:
        """Return how many states this control has left, each whole, for runs that prune later."""
        return len({path.parent for path in self._beginnings.glob("*/*.json")})

    def forget_beginnings(self) -> None:
        """Remove the states that this control left for runs that prune later: they are as large as several networks."""
        shutil.rmtree(self._beginnings, ignore_errors=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run; Locked where another live process does. The system frees the lock of a process that dies."""
        self._make()
        held = FileLock(self.path / "lock")
        try:
            held.acquire(timeout=PROBE, poll_interval=PROBE / 20)
        except Timeout as error:
            raise Locked(
                f"another process is working on {self.path}: wait for it, or choose another --results-dir"
            ) from error
        for torn in self.path.rglob(".*.part"):  # what a killed process was writing
            torn.unlink()
        try:
            yield
        finally:
            held.release()

    def is_locked(self) -> bool:
        """Tell whether a live process holds the run, without disturbing it."""
        held = FileLock(self.path / "lock")
        if not (self.path / "lock").exists():
            return False
        try:
            held.acquire(timeout=0)
        except Timeout:
            return True
        except OSError:
            return False  # a folder that cannot be written is held by nobody
        held.release()
        return False

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            writable = os.access(self.path, os.W_OK)
        except OSError as error:
            raise BadInput(f"cannot make {self.path}: {error.strerror}; choose another --results-dir") from error
        if not writable:
            raise BadInput(f"cannot write in {self.path}: read-only; choose another --results-dir")

    def training(self) -> Record | None:
        """Return the record of the training, None where there is none yet; IntegrityError where it does not verify."""
        path = self.path / "run.json"
        if not path.exists():
            return None
        record = read_json(path, RUN_SCHEMA)
        if record.get("run") != str(self.run):
            raise IntegrityError(f"{path} is the record of other settings than {self.run}: move it away and run again")
        return record

    def write_training(self, record: Mapping[str, Any], weights: Arrays) -> Record:
        """Write the weights, then the record that names their hash, then drop the checkpoints; return the record."""
        sha256 = write_arrays(self._weights, weights)
        artefacts = {self._weights.name: {"sha256": sha256, "bytes": self._weights.stat().st_size}}
        whole = {**record, "artefacts": artefacts}
        write_json(self.path / "run.json", RUN_SCHEMA, whole)
        shutil.rmtree(self.checkpoints, ignore_errors=True)
        return whole

    def weights(self, record: Record) -> Arrays:
        """Return the weights that ``record`` names; IntegrityError where they are missing or not the ones it hashed."""
        return read_arrays(self._weights, record["artefacts"][self._weights.name]["sha256"])

    def attack(self, trial: Trial) -> Record | None:
        """Return the record of an attack, None where there is none; IntegrityError where it or its outcomes do not verify."""
        path = self._attacks / f"{trial.name}.json"
        return _read_attack(path)[0] if path.exists() else None

    def attacks(self) -> dict[str, Record]:
        """Return the record of every attack by the name of its file; IntegrityError where one does not verify."""
        return {path.stem: _read_attack(path)[0] for path in sorted(self._attacks.glob("[!.]*.json"))}

    def outcomes(self) -> Iterator[tuple[Record, Arrays] | IntegrityError]:
        """Yield the record of every attack with its outcome image by image, and an error for each that does not verify."""
        for path in sorted(self._attacks.glob("[!.]*.json")):
            try:
                yield _read_attack(path)
            except IntegrityError as error:
                yield error

    def write_attack(self, trial: Trial, record: Mapping[str, Any], outcomes: Arrays) -> None:
        """Write the outcome of each image, then the record that names its hash."""
        path = self._attacks / f"{trial.name}.npz"
        sha256 = write_arrays(path, outcomes, compress=True)
        artefacts = {path.name: {"sha256": sha256, "bytes": path.stat().st_size}}
        write_json(path.with_suffix(".json"), ATTACK_SCHEMA, {**record, "artefacts": artefacts})

    def write_gallery(self, trial: Trial, images: Arrays) -> None:
        """Write the attacked images that a person may want to see."""
        write_arrays(self._attacks / f"{trial.name}{GALLERY}", images, compress=True)

    def galleries(self) -> list[Path]:
        """Return the files of attacked images, in order of name; no record speaks of them, and they may be gone."""
        return sorted(self._attacks.glob(f"[!.]*{GALLERY}"))

    def write_masking(self, findings: list[dict[str, Any]]) -> None:
        """Write what the attacks say of masked gradients, where they say anything."""
        if findings:
            write_json(self._masking, MASKING_SCHEMA, {"findings": findings})

    def lacks_derived(self, findings: bool) -> bool:
        """Tell whether the curve, or with ``findings`` what they say of masked gradients, is not there."""
        return not self.curve.exists() or (findings and not self._masking.exists())

    def clear(self) -> None:
        """Remove everything of the run but its lock."""
        for entry in self.path.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != "lock":
                entry.unlink()


def _read_attack(path: Path) -> tuple[Record, Arrays]:
    record = read_json(path, ATTACK_SCHEMA)
    outcomes = path.with_suffix(".npz")
    return record, read_arrays(outcomes, record["artefacts"][outcomes.name]["sha256"])
