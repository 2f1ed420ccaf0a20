"""Reads and writes the files of a run under results/. No other module knows their paths.

<run name>/seed-<n>/spec.json                    the run, written first, when nothing refuses it any more
                    run.json                     the training; written last, so its presence means "trained"
                    attacks/<spec>.json          one attack; attacks/<spec>.npz: the predicted class of each image
                    attacks/<spec>.gallery.npz   a few attacked images; not kept in git
                    audits/<battery>.json        one audit; audits/<battery>.npz: its evidence, image by image
                    looks/<images>.json          one look; looks/<images>.npz: its numbers, image by image
                    looks/<images>.gallery.npz   the images and their saliency maps; not kept in git
                    looks/*.png, *.svg           pictures of them; not kept in git
                    latency.json                 the last timing
                    curve.png                    accuracy against eps
                    weights.npz, checkpoints/, prefixes/, tensorboard/, log.txt, lock      not kept in git
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from bench.errors import BadInput, BenchError, IntegrityError, Locked, Unreadable
from bench.records.files import Arrays, make_folder, read_arrays, write_arrays
from bench.records.network_records import NetworkRecords, of_another_network
from bench.records.schema import (
    AttackRecord,
    AuditRecord,
    ControlRow,
    LatencyRecord,
    LookRecord,
    Origin,
    SpecRecord,
    TrainingRecord,
)
from bench.records.typed_files import artefact, is_there, listed, read_record, write_record
from bench.spec.architectures import source_of
from bench.spec.control import control_of, options_apart
from bench.spec.key import key_of
from bench.spec.run import Run

RECORD = "run.json"
INTO_ANOTHER_FOLDER = (
    "train it again into another folder, with --results-dir, and name that folder here (--restart deletes the record)"
)
# The files that a report is made from, as patterns below the folder of the records.
PATTERNS = tuple(
    f"*/seed-*/{name}"
    for name in ("spec.json", RECORD, "latency.json", "attacks/*.json", "audits/*.json", "looks/*.json")
)
PROBE = 0.5  # seconds to wait for a lock: ``is_locked`` of another process holds it for an instant
TORN = 3600.0  # seconds after which nothing is still at work on a file that is half written


def folders(results: Path) -> Iterator[Folder | IntegrityError]:
    """Yield the folder of every run under ``results``, in order of name, or the error that hides it.

    A folder without ``spec.json``, ``run.json`` and attacks is skipped: its run has only just started.
    """
    for path in listed(results):
        try:
            seeds = [each for each in listed(path) if each.name.startswith("seed-")]
        except Unreadable as error:
            yield error
            continue
        for seed in seeds:
            try:
                found = _folder(results, seed)
            except BenchError as error:
                yield error if isinstance(error, IntegrityError) else IntegrityError(f"{seed}: {error}", seed)
            else:
                if found:
                    yield found


def keys(results: Path) -> list[str]:
    """Return the name and seed of each folder that can be a run's, in order, as "name/seed-0". No file is read.

    Raises:
        Unreadable: the system does not let a folder be read.
    """
    return [
        f"{path.name}/{seed.name}" for path in listed(results) for seed in listed(path) if seed.name.startswith("seed-")
    ]


def _folder(results: Path, path: Path) -> Folder | None:
    spec, record = path / "spec.json", path / RECORD
    if is_there(spec):
        source, text = spec, read_record(spec, SpecRecord).run
    elif is_there(record):
        source, text = record, read_record(record, TrainingRecord).run
    elif listed(path / "attacks"):
        raise IntegrityError(
            f"{path}/attacks has records, but there is no spec.json or run.json: move it away and run again",
            path / "attacks",
        )
    else:
        return None
    found = Folder(results, Run.parse(text))
    if found.path != path:
        raise IntegrityError(
            f"{source} is the record of {found.run.name}, seed {found.run.seed}: it was moved or copied; move it back, or "
            "remove the copy",
            source,
        )
    return found


def folder_of(results: Path, name: str, seed: int) -> Folder | None:
    """Return the folder of the run ``name`` at ``seed``; None where there is none.

    Raises:
        IntegrityError: its record is damaged.
    """
    return _folder(results, results / key_of(name, seed))


class Folder:
    """The folder of one run at one seed.

    ``attacks`` go by the name of their spec, ``audits`` by that of their battery, ``looks`` by their number of images.
    """

    def __init__(self, results: Path, run: Run) -> None:
        self.results = results
        self.run = run
        self.path = results / run.key
        self.record = self.path / RECORD
        self.curve = self.path / "curve.png"
        self.checkpoints = self.path / "checkpoints"
        self.tensorboard = self.path / "tensorboard"
        self.log = self.path / "log.txt"
        self.last_exit = self.path / "exit.json"
        self._prefixes = self.path / "prefixes"
        self._spec = self.path / "spec.json"
        self.attacks = NetworkRecords(self.path / "attacks", AttackRecord, "attack", self.training)
        self.audits = NetworkRecords(self.path / "audits", AuditRecord, "audit", self.training)
        self.looks = NetworkRecords(self.path / "looks", LookRecord, "look", self.training)
        self._weights = self.path / "weights.npz"
        self.latency_path = self.path / "latency.json"

    def declare(self) -> None:
        """Write ``spec.json``, which says what the run is before there is any other record."""
        if not self._spec.exists():
            write_record(self._spec, SpecRecord(run=str(self.run)))

    def trained(self) -> TrainingRecord:
        """Return the record of the training; BadInput where there is no network of it here."""
        found = self.training()
        if found is None or found.diverged:
            raise BadInput(
                f"{self.run.key} has no network here: expected a trained run with its weights; "
                f"{'this one diverged' if found else 'bench run trains it'}"
            )
        if not is_there(self._weights):
            raise BadInput(
                f"{self.run.key} is recorded, but its weights are not here: expected both; {INTO_ANOTHER_FOLDER}"
            )
        return found

    @property
    def has_network(self) -> bool:
        """Whether ``trained`` returns a record; IntegrityError where that is damaged."""
        found = self.training()
        return found is not None and not found.diverged and is_there(self._weights)

    def sources(self) -> dict[str, Folder]:
        """Return the folders of the trained runs whose networks this training uses, by the setting that names them.

        Raises:
            BadInput: a run is not there, has no weights, or is not what its setting asks for.
        """
        found = {}
        for each in self.run.named_runs():
            source = self.other(each.name, f"{each.option} {each.name}")
            if wrong := each.part.refuses(source.run, self.run):
                raise BadInput(f"{each.option} {each.name} {wrong}")
            found[each.setting] = source
        return found

    def other(self, name: str, asker: str) -> Folder:
        """Return the folder of the trained run ``name`` at the same seed, or of the control of this run where it is empty.

        Args:
            name: the name of its folder.
            asker: what needs it, for the error.

        Raises:
            BadInput: that run is not there, diverged, has no weights here, or is of another data set or image size. Whether
                its images are those of this run is for the caller to check: they may not be read yet.
            IntegrityError: its network was made by another file.
        """
        run = self.run
        what = f"{asker} needs {name or 'its control, ' + control_of(run).name}"
        path = self.results / key_of(name or control_of(run).name, run.seed) / RECORD
        if path.parent == self.path:
            return self
        how = "train it first, at this seed" if name else f"train it first, without {', '.join(options_apart(run))}"
        if not path.exists():
            raise BadInput(f"{what}: expected a trained run, but there is no {path}; {how}")
        record = read_record(path, TrainingRecord)
        found = Folder(self.results, Run.parse(record.run))
        for setting in ("dataset", "data_name", "image_size"):
            theirs, ours = getattr(found.run, setting), getattr(run, setting)
            if theirs != ours:
                raise BadInput(f"{what}, which has {setting} {theirs}: expected {ours}, as in the run itself")
        if record.diverged:
            raise BadInput(f"{what}, which diverged and has no network: expected one that was trained to its end")
        if not found._weights.exists():
            raise BadInput(f"{what}, which has no weights here, only its record: {INTO_ANOTHER_FOLDER}")
        found.check_source(record)
        return found

    def check_source(self, training: TrainingRecord) -> None:
        """Raise IntegrityError where the file of the architecture is not the one that made the network of ``training``."""
        now = source_of(self.run.arch)
        if training.source != now:
            raise IntegrityError(
                f"{self.run.arch} has changed since {self.run.key} was trained (sha256 {(training.source or 'none')[:12]}, "
                f"now {(now or 'none')[:12]}): restore the file, give the new one another name, or train that run again with "
                "--restart"
            )

    def has_origin(self, origin: Origin) -> bool:
        """Tell whether the network of ``origin``, at the seed of this run, was not trained again since; True where it is gone."""
        source = folder_of(self.results, origin.run, self.run.seed)
        training = source.training() if source else None
        return training is None or training.diverged or training.weights == origin.weights

    def other_seeds(self) -> list[Folder]:
        """Return the folders of this run's other seeds, ascending, trained or not."""
        names = [each.name.removeprefix("seed-") for each in listed(self.path.parent)]
        seeds = sorted(int(name) for name in names if name.isdigit())
        return [Folder(self.results, replace(self.run, seed=seed)) for seed in seeds if seed != self.run.seed]

    def shared_prefix(self, steps: int) -> Path:
        """Return where the control of this run saves its state after ``steps`` steps, for runs that prune later."""
        return Folder(self.results, self.run.unpruned)._prefixes / f"{steps}"

    def shared_prefixes(self) -> int:
        """Return how many whole states this control has saved for runs that prune later."""
        return len({path.parent for path in self._prefixes.glob("*/*.json")})

    def remove_shared_prefixes(self) -> None:
        """Remove the states that this control saved for runs that prune later. They are as large as several networks."""
        shutil.rmtree(self._prefixes, ignore_errors=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run; Locked where another live process does. The system frees the lock of a process that dies."""
        make_folder(self.path, "", "choose another --results-dir")
        held = FileLock(self.path / "lock")
        try:
            held.acquire(timeout=PROBE, poll_interval=PROBE / 20)
        except Timeout as error:
            raise Locked(
                f"another process is working on {self.path}: wait for it, or choose another --results-dir"
            ) from error
        try:
            self._remove_torn()
            yield
        finally:
            held.release()

    def _remove_torn(self) -> None:
        """Remove what killed processes left half written. A new file may be that of a live one: some write without the lock."""
        for partial in self.path.rglob(".*.part"):
            with suppress(FileNotFoundError):  # it is whole by now, and has its name
                if time.time() - partial.stat().st_mtime > TORN:
                    partial.unlink()

    def is_locked(self) -> bool:
        """Tell whether a live process holds the run. A process that waits for the lock is not refused meanwhile."""
        held = FileLock(self.path / "lock")
        if not (self.path / "lock").exists():
            return False
        try:
            held.acquire(timeout=0)
        except Timeout:
            return True
        except OSError:
            return False  # nobody can hold a folder that cannot be written
        held.release()
        return False

    def training(self) -> TrainingRecord | None:
        """Return the record of the training; None where there is none yet.

        Raises:
            IntegrityError: the record is damaged, incomplete, or of other settings.
        """
        path = self.record
        if not is_there(path):
            return None
        record = read_record(path, TrainingRecord)
        if record.run != str(self.run):
            raise IntegrityError(
                f"{path} is the record of other settings than {self.run}: move it away and run again", path
            )
        if not record.diverged and self._weights.name not in record.artefacts:
            raise IntegrityError(f"{path} lacks the hash of {self._weights.name}: move it away and run again", path)
        return record

    def write_training(self, record: TrainingRecord, weights: Arrays) -> TrainingRecord:
        """Write the weights, then the record that names their hash, then drop the checkpoints; return the record.

        A training that diverged has no weights: nothing is written of them.
        """
        named = {self._weights.name: artefact(self._weights, write_arrays(self._weights, weights))} if weights else {}
        whole = record.model_copy(update={"artefacts": named})
        write_record(self.record, whole)
        shutil.rmtree(self.checkpoints, ignore_errors=True)
        return whole

    def origin(self) -> Origin:
        """Return which network is here, for the record of what is made with it; BadInput where there is none."""
        return Origin(run=self.run.name, weights=self.trained().weights)

    def as_control(self) -> ControlRow:
        """Return which network is here, for the record of one that is compared with it; BadInput where there is none."""
        return ControlRow(run=self.run.name, seed=self.run.seed, weights=self.trained().weights)

    def weights(self, record: TrainingRecord) -> Arrays:
        """Return the weights that ``record`` names; IntegrityError where they are missing or damaged."""
        return read_arrays(self._weights, record.weights, INTO_ANOTHER_FOLDER)

    def latency(self, training: TrainingRecord) -> LatencyRecord | None:
        """Return the record of the last timing; None where there is none.

        Raises:
            IntegrityError: it is damaged, or is not of the network of ``training``, the record that is here.
        """
        found = read_record(self.latency_path, LatencyRecord) if is_there(self.latency_path) else None
        if found and not training.fits(found):
            raise of_another_network(self.latency_path, "time")
        return found

    def write_latency(self, record: LatencyRecord) -> None:
        """Write the record of a timing in the place of the last one."""
        write_record(self.latency_path, record)

    def clear(self) -> None:
        """Remove all files of the run but its lock."""
        for entry in self.path.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != "lock":
                entry.unlink()
