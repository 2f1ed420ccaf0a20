"""The Python interface: train, attack, read and draw from a notebook or a script. ``import bench`` exports it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.attacks import Attack, attack_named
from bench.attacks.spec import AttackSpec, attack_specs, parse_eps
from bench.errors import BadInput, BenchError
from bench.records.schema import AttackRecord, TrainingRecord
from bench.records.store import Folder
from bench.runs.pipeline import Result, Where, execute
from bench.spec.run import Run
from bench.training.progress import Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

RESULTS = Path("results")


def train(
    run: Run,
    *,
    results: Path | str = RESULTS,
    data_dir: Path | str | None = None,
    restart: bool = False,
    quiet: bool = False,
) -> TrainingRecord:
    """Train ``run`` and return its record; a run that is recorded is not trained again.

    Args:
        results: the folder of the records.
        data_dir: the folder of the images; where left out, $BENCH_DATA_DIR, the cache or a download.
        restart: remove what the run left and train anew.
        quiet: no progress on stderr.

    Returns:
        The record. ``record.diverged`` tells whether the loss stopped being a number; otherwise ``record.measured`` has
        the accuracy on the validation images, in [0, 1], the sparsity and the cost of the network.

    Raises:
        BenchError: the images do not fit, another process has the run, or a method did not keep its promise.

    Example:
        >>> import bench
        >>> run = bench.Run.of(arch="fc5", dataset="synthetic", image_size=32, epochs=4, sparsity=0.9)
        >>> record = bench.train(run)
        >>> record.measured.accuracy
    """
    return _execute(run, [], results, data_dir, quiet, restart).training


def attack(
    run: Run,
    attack: Attack | str = "fgsm",
    *,
    eps: Sequence[float] = (),
    fraction: float = 1.0,
    results: Path | str = RESULTS,
    data_dir: Path | str | None = None,
    quiet: bool = False,
) -> AttackRecord:
    """Attack the network of ``run`` and return the record; train the network first where it has no record.

    A network trained at another temperature than 1 is also attacked on the logit margin, which tells whether its gradient
    is masked.

    Args:
        attack: the attack or its name, such as "fgsm", "fgsm(knowledge=none)" or "pgd(steps=50)".
        eps: radii in the attack's norm and its unit (pixel levels of 0 to 255), ascending; the norm's usual ones where left out.
        fraction: of the validation images, in (0, 1].

    The other arguments are those of ``train``.

    Returns:
        The record. ``record.rows`` has the accuracy with its 95 % interval at each eps.

    Raises:
        BenchError: the run diverged, or the attack, a radius or the fraction cannot be.

    Example:
        >>> record = bench.attack(run, "fgsm", eps=[0, 1, 4])
        >>> {row.eps: row.accuracy for row in record.rows}
    """
    chosen = attack_named(attack) if isinstance(attack, str) else attack
    radii = parse_eps(",".join(map(str, eps))) if len(eps) else ()
    specs = attack_specs(run, [chosen], radii, fraction)
    result = _execute(run, specs, results, data_dir, quiet)
    if result.training.diverged:
        raise BenchError(f"{run.name} diverged: there is no network to attack; train it at another learning_rate")
    return result.attacks[specs[0].name]


def results(results: Path | str = RESULTS) -> DataFrame:
    """Return every record below a folder as a pandas DataFrame, one row for each run, seed, attack and eps.

    ``bench.records.export.COLUMNS`` says what each column is. A damaged record is left out with a warning.

    Raises:
        BadInput: there is no such folder.

    Example:
        >>> frame = bench.results("results")
        >>> frame.pivot_table("accuracy", index="eps", columns="sparsity_asked")
    """
    from bench.records.export import table

    if not Path(results).is_dir():
        raise BadInput(f"results is {str(results)!r}: expected a folder of records; bench.train makes one")
    rows, broken = table(Path(results))
    for error in broken:
        warnings.warn(f"left out: {error}", stacklevel=2)
    return rows


def curve(run: Run, *, results: Path | str = RESULTS) -> Figure:
    """Return the matplotlib figure of accuracy against eps, with a line for each recorded attack on ``run``.

    Raises:
        BadInput: no attack on the run is recorded.

    Example:
        >>> figure = bench.curve(run)
        >>> figure.savefig("curve.pdf")
    """
    from bench.report.figures import run_curve

    folder = Folder(Path(results), run)
    training, attacks = folder.training(), folder.attacks()
    if training is None or not attacks:
        raise BadInput(f"no attack on {run.name}, seed {run.seed}, is recorded below {results}: bench.attack makes one")
    result = Result(folder, training, attacks, worked=False)
    return run_curve.curve(run, len(training.data.classes), list(attacks.values()), result.masking)


def _execute(
    run: Run,
    specs: Sequence[AttackSpec],
    results: Path | str,
    data_dir: Path | str | None,
    quiet: bool,
    restart: bool = False,
) -> Result:
    where = Where(Path(results), Path(data_dir) if data_dir else None)
    with Progress(quiet) as progress:
        return execute(run, specs, where, progress, restart)
