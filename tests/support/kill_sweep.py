"""Kill the driver, a worker or a run of a smoke sweep at seeded points, and compare its records with an undisturbed one.

Too slow for the test suite; run it by hand:  python tests/support/kill_sweep.py --kills 10
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from records import identity


@click.command()
@click.option("--kills", default=10, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--grid", default="smoke", show_default=True)
@click.option(
    "--whole", type=click.Path(path_type=Path, exists=True), help="an undisturbed sweep's results, if there is one"
)
def main(kills: int, seed: int, grid: str, whole: Path | None) -> None:
    """Print what was killed when; exit 1 where a final record differs."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        undisturbed, disturbed = whole or Path(place) / "whole", Path(place) / "killed"
        if whole is None:
            assert sweep(grid, undisturbed).wait() == 0
        driver = sweep(grid, disturbed)
        for number in range(kills):
            time.sleep(draw.uniform(5, 20))
            if driver.poll() is not None:
                driver = sweep(grid, disturbed)
                time.sleep(8)
            victim = ("driver", "worker", "run")[number % 3]
            pid = find(victim, driver.pid, disturbed)
            if pid is None:
                click.echo(f"{number + 1}: no {victim} to kill")
                continue
            os.kill(pid, signal.SIGKILL)
            click.echo(f"{number + 1}: killed a {victim}")
            if victim == "driver":
                driver.wait()
                time.sleep(5)
                left = [pid for pid in processes() if str(disturbed) in command(pid)]
                click.echo(f"   {len(left)} processes left after 5 s")
                driver = sweep(grid, disturbed)
        while driver.wait() != 0:
            driver = sweep(grid, disturbed)
        names = sorted(path.parent.relative_to(undisturbed) for path in undisturbed.glob("*/seed-*/run.json"))
        wrong = [name for name in names if records(undisturbed / name) != records(disturbed / name)]
    click.echo(f"{len(names)} runs, {len(wrong)} differ: {', '.join(map(str, wrong)) or 'all identical'}")
    sys.exit(1 if wrong or not names else 0)


def sweep(grid: str, results: Path) -> subprocess.Popen[bytes]:
    words = ["sweep", grid, "--results-dir", str(results), "--quiet"]
    return subprocess.Popen([sys.executable, "-m", "bench", *words], stdout=subprocess.DEVNULL)


def records(folder: Path) -> dict[str, object]:
    """Return the records that a run leaves; the states that a control leaves for others come and go."""
    return {name: value for name, value in identity(folder).items() if not name[0].isdigit()}


def find(victim: str, driver: int, results: Path) -> int | None:
    if victim == "driver":
        return driver
    runs = [pid for pid in processes() if "bench.cli" in command(pid) and str(results) in command(pid)]
    if not runs:
        return None
    return runs[0] if victim == "run" else parent(runs[0])


def processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
    except OSError:
        return ""


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


if __name__ == "__main__":
    main()
