"""The images of a run, where those that its training left out are left out again, and whether networks have the same ones."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path

from bench.datasets import DATASETS
from bench.datasets.base import Dataset
from bench.datasets.folder import or_skipped
from bench.datasets.messages import Count, Report
from bench.errors import BadInput, IntegrityError, TryLater
from bench.records.schema import TrainingRecord
from bench.spec.run import Run


def images_of_run(
    run: Run,
    training: TrainingRecord | None,
    data_dir: Path | None,
    report: Report,
    progress: Count,
    *,
    skip_broken: bool = False,
) -> Dataset:
    """Load the images of ``run``.

    Args:
        training: the record of its training; None where it is still to be trained.
        data_dir: the folder of the images; None where its data set finds them without one.
        report: takes warnings, one line each.
        progress: counts the images.
        skip_broken: leave broken images out also where its training left none out.

    Raises:
        BadInput: there are no such images, or one is broken that may not be left out.
        IntegrityError: they are not those of its training.
        TryLater: the system does not let them be read now.
    """
    left_out, source = training is not None and bool(training.data.skipped), DATASETS[run.dataset]
    # A training that left none out was on whole images: without those that are broken now, they would be others.
    with or_skipped() if training is None else nullcontext():
        try:
            found = source.load(run.image_size, data_dir, skip_broken or left_out, report, progress)
        except OSError as error:
            place = f" {error.filename}" if error.filename else ""
            raise TryLater(
                f"cannot read the images of {run.dataset}{place}: {error.strerror or error}; run the same command again when "
                "this has passed"
            ) from error
    if not isinstance(found, Dataset):
        raise BadInput(f"the data set {run.dataset} loads {type(found)}: expected a bench.datasets.base.Dataset")
    found.check()
    if training is not None and training.data.fingerprint != found.fingerprint:
        choice = "another --results-dir" if source.named else "--data-name NAME to keep both"
        raise IntegrityError(
            f"{run.key} was trained on other images ({training.data.fingerprint[:12]}, now {found.fingerprint[:12]}): give "
            f"those with --data-dir, choose {choice}, or start over with --restart"
        )
    return found


def check_same_images(networks: Iterable[tuple[str, str]]) -> None:
    """Check that networks are of the same images.

    Args:
        networks: the name of each, and the fingerprint of its images.

    Raises:
        BadInput: one was trained on other images than the first.
    """
    known = list(networks)
    for name, theirs in known:
        first, ours = known[0]
        if theirs != ours:
            raise BadInput(
                f"{name} was trained on other images ({theirs[:12]}) than {first} ({ours[:12]}): expected the same images; "
                "train it on those, or choose another network"
            )


def check_same_size(runs: Iterable[Run]) -> None:
    """Raise BadInput where one of ``runs`` has images of another size than the first: they cannot be shown the same ones."""
    first, *others = runs
    for run in others:
        if run.image_size != first.image_size:
            raise BadInput(
                f"{run.key} has images of {run.image_size} px and {first.key} of {first.image_size} px: expected one size; "
                "choose networks of the same size"
            )
