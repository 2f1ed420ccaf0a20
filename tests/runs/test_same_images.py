"""Whoever needs networks on the same images refuses others, in the same words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes import fake, trained
from tiny import tiny_run

from bench.audit.battery import SCREEN
from bench.audit.ensemble import audit_ensemble
from bench.comparison.two_runs import pair
from bench.datasets.base import Dataset
from bench.datasets.class_names import names_of
from bench.errors import BadInput
from bench.fooling.matrix import check_alike
from bench.looking.references import references
from bench.networks import LoadedNetwork
from bench.records.collection import read
from bench.records.store import Folder
from bench.runs.looking import check
from bench.runs.stages import _sources
from bench.training.progress import Progress

ANYTHING: Any = None
FIRST, OTHER = tiny_run(), tiny_run(learning_rate=0.3)


def loaded(folder: Folder) -> LoadedNetwork:
    return LoadedNetwork(folder.run.key, ANYTHING, names_of(("x", "y")), 32, "", folder)


@pytest.mark.parametrize(
    "use",
    [
        lambda *folders: check(folders, 1),
        lambda *folders: check_alike(list(map(loaded, folders))),
        lambda *folders: audit_ensemble(folders, ANYTHING, SCREEN, Progress(quiet=True)),
        lambda first, other: references(first, other.run),
        lambda first, other: pair(read(first.results, mixed=True), first.run.name, other.run.name),
    ],
    ids=["look", "fool", "ensemble", "reference", "report"],
)
def test_a_network_on_other_images_is_refused(use: Callable[..., Any], tmp_path: Path) -> None:
    first, other = fake(tmp_path, FIRST, data="e" * 64), fake(tmp_path, OTHER, data="f" * 64)
    said = f"{OTHER.key} was trained on other images (ffffffffffff) than {FIRST.key} (eeeeeeeeeeee)"
    with pytest.raises(BadInput, match=re.escape(said)):
        use(first, other)


def test_a_training_does_not_start_from_a_network_on_other_images(tmp_path: Path, tiny: Dataset) -> None:
    teacher = trained(tmp_path, OTHER, 0.8, data="e" * 64).run
    student = Folder(tmp_path, tiny_run(temperature=2.0, distill_from=teacher.name))
    with pytest.raises(BadInput, match=f"{teacher.key} was trained on other images .* than {student.run.key}"):
        _sources(student, tiny)


@pytest.mark.parametrize(
    "use",
    [
        lambda *folders: check(folders, 1),
        lambda *folders: audit_ensemble(folders, ANYTHING, SCREEN, Progress(quiet=True)),
    ],
    ids=["look", "ensemble"],
)
def test_networks_of_two_sizes_are_not_shown_the_same_images(use: Callable[..., Any], tmp_path: Path) -> None:
    larger = tiny_run(image_size=2 * FIRST.image_size)
    with pytest.raises(BadInput, match=f"{larger.key} has images of {larger.image_size} px and {FIRST.key} of"):
        use(fake(tmp_path, FIRST), fake(tmp_path, larger))
