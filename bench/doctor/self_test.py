"""A small run from start to end: a training on the synthetic images, with pruning, and an attack."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.attacks import attack_named
from bench.attacks.spec import attack_specs
from bench.doctor.finding import Finding, State
from bench.errors import BenchError, Interrupted
from bench.runs.pipeline import Result, Where, execute
from bench.spec.run import Run
from bench.training.progress import Progress

EPS = (0.0, 2.0, 8.0)
SPARSITY = 0.5
REMEDY = "paste these lines into a bug report, with the whole message"


def self_test() -> Finding:
    """Train, prune and attack a network in a temporary folder, and check what was recorded."""
    began = time.monotonic()
    # 1,500 images in equal batches: one of another size would be traced anew, which takes longer than all steps.
    run = Run.of(arch="fc5", dataset="synthetic", image_size=32, epochs=1, batch_size=300, sparsity=SPARSITY)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-doctor-") as place, Progress(quiet=True) as progress:
            specs = attack_specs(run, [attack_named("fgsm")], EPS, 1.0)
            wrong = wrong_in(execute(run, specs, Where(Path(place)), progress))
    except Interrupted:
        raise
    except Exception as error:  # what is tested here is that nothing is raised
        kind = "" if isinstance(error, BenchError) else f"{type(error).__name__}: "
        return Finding("self-test", " ".join(f"{kind}{error}".split()), State.ERROR, REMEDY)
    if wrong:
        return Finding("self-test", "; ".join(wrong), State.ERROR, REMEDY)
    took = time.monotonic() - began
    return Finding("self-test", f"trained, pruned and attacked a small network in {took:.0f} s")


def wrong_in(result: Result) -> list[str]:
    """Return what is not as it must be in the records of a run that was attacked."""
    run, training = result.folder.run, result.training
    if training.diverged:
        return [f"{run.name} diverged: expected a loss that is a number"]
    measured = training.measured
    found = []
    if abs(measured.sparsity - run.sparsity) > 0.01:
        found.append(f"{run.name} has sparsity {measured.sparsity:.3f}: expected {run.sparsity:g}")
    for attack in result.attacks.values():
        first, last = attack.rows[0].accuracy, attack.rows[-1].accuracy
        if abs(first - measured.accuracy) > 0.01:
            found.append(f"{run.name} has accuracy {first:.3f} at eps 0: expected {measured.accuracy:.3f}, as measured")
        if last > first:
            found.append(
                f"{run.name} has accuracy {last:.3f} under attack: expected at most {first:.3f}, as without it"
            )
    return found
