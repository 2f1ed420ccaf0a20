"""Kill whole runs with SIGKILL at seeded random moments and compare what they end as with an undisturbed run.

Too slow for the test suite; run it by hand:  python tests/support/kill_at_random.py --kills 5
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from records import identity

ENDED = "had ended"
ARCHITECTURES = ("fc5", "alexnet", "resnet18")


@click.command()
@click.option("--kills", default=5, show_default=True, help="kills of each architecture")
@click.option("--seed", default=0, show_default=True)
@click.option("--arch", "names", multiple=True, default=ARCHITECTURES, show_default=True)
def main(kills: int, seed: int, names: tuple[str, ...]) -> None:
    """Compare, for each architecture, a killed run with an undisturbed one; exit 1 where one differs."""
    draw, wrong = random.Random(seed), 0
    for arch in names:
        with tempfile.TemporaryDirectory() as place:
            began = time.monotonic()
            start(arch, Path(place) / "whole").wait()
            length = time.monotonic() - began
            where: list[str] = []
            for _ in range(kills):
                anew = bool(where) and where[-1] == ENDED
                where.append(kill_once(arch, Path(place) / "killed", draw.uniform(0.2, 0.9) * length, anew))
            while start(arch, Path(place) / "killed").wait() != 0:
                pass
            same = identity(Path(place) / "whole") == identity(Path(place) / "killed")
            wrong += not same
        click.echo(f"{arch}: {'identical' if same else 'DIFFERENT'} after {kills} kills: {', '.join(where)}")
    sys.exit(1 if wrong else 0)


def start(arch: str, results: Path, anew: bool = False) -> subprocess.Popen[bytes]:
    words = f"run --arch {arch} --dataset synthetic --image-size 32 --epochs 4 --sparsity 0.9 --batch-size 64 --quiet"
    command = [sys.executable, "-m", "bench", *words.split(), "--results-dir", str(results)]
    command += ["--restart"] * anew
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def kill_once(arch: str, results: Path, delay: float, anew: bool) -> str:
    """Start a run, kill it after ``delay`` seconds and tell what it left."""
    process = start(arch, results, anew)
    try:
        process.wait(timeout=delay)
        return ENDED
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    names = sorted(path.name for path in results.rglob("*") if path.suffix in (".json", ".part"))
    return f"at {delay:.1f} s with {'+'.join(names) or 'nothing'}"


if __name__ == "__main__":
    main()
