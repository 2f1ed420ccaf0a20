"""How long networks take, in turn against one another. Importing it starts TensorFlow."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from bench.deployment.formats import Deployed, format_named
from bench.deployment.machine import machine
from bench.deployment.zero_filters import without_zero_filters
from bench.evaluation.classifier import Classifier
from bench.evaluation.metrics import multiply_accumulates
from bench.evaluation.restored import restored
from bench.records.provenance import devices, environment
from bench.records.schema import TENSORFLOW, LatencyRecord, LatencyRow
from bench.records.store import Folder
from bench.spec.words import how_many
from bench.training.clock import Clock
from bench.training.progress import Progress
from bench.training.runtime import threads as tensorflow_threads

WARM = 3  # calls before the clock starts: they compile and allocate
BATCHES = (1, 64)
VERSION = 1  # of how times are taken
Key = TypeVar("Key")


def timed_in_turn(calls: Mapping[Key, Callable[[], object]], rounds: int) -> dict[Key, tuple[float, ...]]:
    """Return the milliseconds of each call, ``rounds`` times, one after the other in each round.

    Whatever slows the machine for a while then slows all of them.
    """
    for call in calls.values():
        for _ in range(WARM):
            call()
    found: dict[Key, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            found[name].append(1000 * (time.perf_counter() - began))
    return {name: tuple(times) for name, times in found.items()}


def latencies(
    found: Sequence[Folder], formats: Sequence[str], rounds: int, threads: int, progress: Progress
) -> dict[str, list[LatencyRow]]:
    """Time the networks in ``found`` in TensorFlow and as a file of each of ``formats``, at each batch size, and record it.

    Filters that are zero are taken out first, as in every file that is deployed.

    Args:
        rounds: how often each is called; in each round all are called in turn.
        threads: of the deployed runtimes. TensorFlow has those that it was started with.

    Returns:
        The rows of each network by the key of its run.

    Raises:
        BadInput: a run is not trained, or a format is unknown or lacks its library.
        IntegrityError: weights are missing or damaged.
    """
    clock = Clock()
    networks: dict[tuple[str, str, int], tuple[Deployed, int | None, int]] = {}
    with tempfile.TemporaryDirectory() as place:
        for number, folder in enumerate(found):
            model = without_zero_filters(restored(folder, folder.trained()).model)
            macs = multiply_accumulates(model)
            networks[folder.run.key, TENSORFLOW, tensorflow_threads()] = Classifier(model).logits, None, macs
            for name in formats:
                progress.say(f"writing {folder.run.key} as {name}")
                kind = format_named(name)
                path = Path(place) / f"{number}{kind.suffix}"
                kind.write(model, path)
                networks[folder.run.key, name, threads] = kind.load(path, threads), path.stat().st_size, macs
        draw = np.random.default_rng(0)
        rows: dict[str, list[LatencyRow]] = {folder.run.key: [] for folder in found}
        for batch in BATCHES:
            side = found[0].run.image_size
            images = draw.integers(0, 256, (batch, side, side, 3)).astype(np.float32)
            progress.say(f"timing {how_many(len(networks), 'network')} at batch {batch}")
            calls = {key: partial(network, images) for key, (network, _, _) in networks.items()}
            times = timed_in_turn(calls, rounds)
            for key, (_, size, macs) in networks.items():
                run, runtime, used = key
                rows[run].append(timed_row(runtime, used, batch, times[key], size, macs))
    for folder in found:
        _record(folder, rows[folder.run.key], clock)
    return rows


def _record(folder: Folder, rows: list[LatencyRow], clock: Clock) -> None:
    """Write the times of one network beside its other records."""
    folder.write_latency(
        LatencyRecord(
            version=VERSION,
            environment=environment(),
            machine=machine(devices()),
            rows=rows,
            weights=folder.trained().weights,
            volatile=clock.read(),
        )
    )


def timed_row(
    runtime: str, threads: int, batch: int, times: Sequence[float], size: int | None, macs: int
) -> LatencyRow:
    """Return the row of a network whose calls took ``times``, in milliseconds, and whose file has ``size`` bytes."""
    low, high = np.quantile(times, (0.25, 0.75))
    return LatencyRow(
        runtime=runtime,
        threads=threads,
        batch=batch,
        rounds=len(times),
        milliseconds=float(np.median(times)),
        low=float(low),
        high=float(high),
        bytes=size,
        macs=macs,
    )
