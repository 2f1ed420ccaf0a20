"""Images a second of two ways to divide a machine among the runs of a sweep: one run on all cores, or one on each."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

import click

from bench.records.processor import cores

CORES = cores()


@click.command()
@click.option("--arch", default="resnet18", show_default=True)
@click.option("--rounds", default=3, show_default=True, help="of each way, in turn")
@click.option("--seconds", default=20.0, show_default=True, help="of training a round, after one step to warm up")
@click.option("--one", is_flag=True, hidden=True)
def main(arch: str, rounds: int, seconds: float, one: bool) -> None:
    """Train in processes of their own, as a sweep does, and print the ratio of the rates, all processes together."""
    if one:
        click.echo(rate(arch, seconds))
        return
    ways = {f"1 run, {CORES} threads": (1, CORES), f"{CORES} runs, 1 thread each": (CORES, 1)}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (processes, threads) in ways.items():
            rates[name].append(together(arch, seconds, processes, threads))
    for name, values in rates.items():
        click.echo(f"{name}: median {statistics.median(values):.1f} images/s, {min(values):.1f} to {max(values):.1f}")
    pairs = [many / alone for alone, many in zip(*rates.values(), strict=True)]
    click.echo(f"ratio, pair by pair: median {statistics.median(pairs):.3f}, {min(pairs):.3f} to {max(pairs):.3f}")


def together(arch: str, seconds: float, processes: int, threads: int) -> float:
    """Return the images a second of ``processes`` trainings at once, ``threads`` each."""
    words = [sys.executable, __file__, "--arch", arch, "--seconds", str(seconds), "--one"]
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    working = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(processes)]
    return sum(float(each.communicate()[0]) for each in working)


def rate(arch: str, seconds: float) -> float:
    """Return the images a second of training steps at the default batch size and 64 px in this process."""
    from bench.training import runtime

    runtime.prepare()
    import numpy as np

    from bench.spec.run import Run
    from bench.training.train_state import TrainState

    run = Run.of(arch=arch)
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (run.batch_size, run.image_size, run.image_size, 3), dtype=np.uint8)
    labels = draw.integers(0, 10, run.batch_size)
    step = TrainState.fresh(run, 10, 10_000, ()).step_function()
    step(images, labels)
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        float(step(images, labels)[0])
        count += 1
    return count * run.batch_size / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
