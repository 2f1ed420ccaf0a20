"""Calibrates the audit on every trained network of a results folder."""

from __future__ import annotations

from pathlib import Path

from bench.audit.rates import Case, next_seed, read_cases
from bench.errors import BadInput
from bench.records.images import images_of_run
from bench.records.store import Folder, folders
from bench.spec.control import control_of
from bench.training.progress import Progress

PLACE = "calibration"


def calibrated(results: Path, data_dir: Path | None, progress: Progress) -> list[Case]:
    """Audit every network below ``results`` whose weights and whose control of another seed are there, and fakes of it.

    The cases go to ``results/calibration``. Those that are recorded are not audited again.

    Returns:
        All cases that are recorded.

    Raises:
        BadInput: there is no network with weights and no case.
    """
    known = {str(each.run): each for each in folders(results) if isinstance(each, Folder) and each.has_network}
    for folder in known.values():
        seeds = [known.get(str(next_seed(control_of(folder.run), step))) for step in (1, 2)]
        control = next((each for each in seeds if each is not None), None)
        if control is None:
            progress.say(f"{folder.run.key} is passed over: its dense network of another seed is not there")
            continue
        _calibrate(folder, control, results, data_dir, progress)
    found = read_cases(results / PLACE)
    if not found:
        raise BadInput(
            f"no network with weights below {results}: expected dense networks at two seeds or more; bench sweep trains them"
        )
    return found


def _calibrate(folder: Folder, control: Folder, results: Path, data_dir: Path | None, progress: Progress) -> None:
    from bench.training import runtime

    runtime.prepare()
    from bench.audit.calibration import calibrate

    data = images_of_run(folder.run, folder.training(), data_dir, progress.say, progress.counter("images"))
    calibrate(folder, control, data, results / PLACE, progress)
