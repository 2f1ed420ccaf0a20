"""The Python interface: train, attack, judge, look, read and draw from a notebook or a script. ``import bench`` exports it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.attacks import Attack, attack_named
from bench.attacks.spec import AttackSpec, attack_specs, parse_eps, radii_above_zero
from bench.audit.battery import FULL, SCREEN, Battery
from bench.errors import BadInput, BenchError, unknown
from bench.features.svm import PENALTIES, check_machine
from bench.fooling.limits import STEPS
from bench.records.collection import network_of
from bench.records.schema import AttackRecord, AuditRecord, TrainingRecord, TransferRecord
from bench.records.store import Folder
from bench.runs.pipeline import Result, Where, execute
from bench.spec.run import Run
from bench.training.progress import Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from bench.comparison.looking import Seen
    from bench.fooling.image import FooledImage
    from bench.looking.class_image import ClassImage
    from bench.networks import LoadedNetwork

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
        eps: values in the attack's norm and its unit (pixel levels of 0 to 255), ascending; the norm's usual ones where left out.
        fraction: of the validation images, in (0, 1].

    The other arguments are those of ``train``.

    Returns:
        The record. ``record.rows`` has the accuracy with its 95 % interval at each eps.

    Raises:
        BenchError: the run diverged, or the attack, an eps or the fraction cannot be.

    Example:
        >>> record = bench.attack(run, "fgsm", eps=[0, 1, 4])
        >>> {row.eps: row.accuracy for row in record.rows}
    """
    chosen = attack_named(attack) if isinstance(attack, str) else attack
    radii = _radii(eps)
    specs = attack_specs(run, [chosen], radii, fraction)
    result = _execute(run, specs, results, data_dir, quiet)
    if result.training.diverged:
        raise BenchError(f"{run.name} diverged: there is no network to attack; train it at another learning_rate")
    return result.attacks[specs[0].name]


def judge(
    run: Run,
    *,
    full: bool = False,
    results: Path | str = RESULTS,
    data_dir: Path | str | None = None,
    quiet: bool = False,
) -> AuditRecord:
    """Audit the network of ``run`` and return the record; train the network first where it has no record.

    The network is compared with its control: the same network, dense, of full rank, at T = 1, trained without attacks. Judge
    that one first. Without it no verdict says that a network breaks or resists.

    Args:
        full: the full audit, on 785 images; otherwise the screen audit, on 256.

    The other arguments are those of ``train``.

    Returns:
        The record. ``record.verdict.kind`` is masked, breaks, resists or inconclusive, ``record.verdict.reasons`` says why,
        and ``record.verdict.rows`` has what FGSM says and what is left at each eps.

    Raises:
        BenchError: the run diverged, the images do not fit, or another process has the run.

    Example:
        >>> record = bench.judge(run)
        >>> record.verdict.kind
    """
    battery = FULL if full else SCREEN
    result = _execute(run, [], results, data_dir, quiet, audits=[battery])
    if result.training.diverged:
        raise BenchError(f"{run.name} diverged: there is no network to audit; train it at another learning_rate")
    return result.audits[battery.name]


def look(
    run: Run,
    *,
    images: int = 12,
    results: Path | str = RESULTS,
    data_dir: Path | str | None = None,
    quiet: bool = False,
) -> Seen:
    """Look at where the network of ``run`` looks and return what that says; train the network first where it has no record.

    It is compared with its control, and that with another seed of it, where these are trained here. The maps are kept in the
    run's folder.

    Args:
        images: the number of validation images.

    The other arguments are those of ``train``.

    Returns:
        ``found.agreements`` has for each kind of map how far it agrees with the control's, with a second seed's and with
        shuffled weights; ``found.forgotten`` the classes and images that only the control knows; ``found.record`` the record.

    Raises:
        BenchError: the run diverged, or there are fewer images.

    Example:
        >>> found = bench.look(run, images=24)
        >>> {each.saliency: each.rank.value for each in found.agreements}
    """
    from bench.comparison.looking import judged, seen_in
    from bench.runs.looking import look_at

    if images < 1:
        raise BadInput(f"images is {images}: expected at least 1")
    folder = _execute(run, [], results, data_dir, quiet).folder
    with Progress(quiet) as progress:
        look_at([folder], images, Where(Path(results), Path(data_dir) if data_dir else None), progress)
    return judged({folder.run.key: seen_in(folder, images)})[folder.run.key]


def draw_class(
    run: Run,
    target: str,
    *,
    start: int | None = None,
    results: Path | str = RESULTS,
    data_dir: Path | str | None = None,
    quiet: bool = False,
    **settings: Any,
) -> ClassImage:
    """Draw what the network of ``run`` takes for a class, and record it; train the network first where it has no record.

    Args:
        target: the name or the id of the class.
        start: the place of the validation image to start from; noise where left out.
        settings: of the ascent: steps, learning_rate, jitter, blur, blur_every, decay, noise, seed.

    The other arguments are those of ``train``.

    Returns:
        ``found.images`` has some images of the way, uint8, the last one at the end; ``found.logits`` the logit of each.

    Raises:
        BenchError: the run diverged, or the class, the start or a setting cannot be.

    Example:
        >>> found = bench.draw_class(run, "golf ball", steps=128)
        >>> found.images[-1]
    """
    from bench.datasets.class_names import names_of
    from bench.looking.ascent import RANGES, Ascent
    from bench.runs.looking import draw

    for name in settings:
        if name not in RANGES:
            raise unknown("setting of an ascent", name, RANGES)
    ascent = Ascent(**settings)
    folder = _execute(run, [], results, data_dir, quiet).folder
    label = names_of(folder.trained().data.classes).find(target)
    where = Where(Path(results), Path(data_dir) if data_dir else None)
    with Progress(quiet) as progress:
        found, _ = draw([folder], label, ascent, start, where, progress)
    return found.images[folder.run.key]


def judge_file(
    place: str,
    weights: Path | str,
    *,
    data_dir: Path | str,
    control: Path | str | None = None,
    image_size: int = 64,
    temperature: float = 1.0,
    eps: Sequence[float] = (2, 4),
    full: bool = False,
    quiet: bool = False,
) -> AuditRecord:
    """Audit a network that was trained elsewhere and return the record. Nothing is written.

    Args:
        place: ``FILE.py:FUNCTION``, a function that returns a tf_keras model from pixel levels of 0 to 255 to logits. The
            file is imported: it must be trusted.
        weights: a file of its weights: .npz, .h5, .keras or a SavedModel. Of it only arrays are read.
        data_dir: a folder with one folder of images for each class.
        control: the weights of an undefended network of the same function.
        image_size: side of the images in pixels.
        temperature: the T of its training.
        eps: values in L-infinity, pixel levels, ascending, above 0.
        full: the full audit, on 785 images; otherwise the screen audit, on 256.
        quiet: no progress on stderr.

    Raises:
        BadInput: the network, its weights or the images cannot be used, or a number cannot be.

    Example:
        >>> record = bench.judge_file("my_net.py:build", "defended.npz", data_dir="photos", control="plain.npz")
        >>> print(record.verdict.kind, record.verdict.reasons)
    """
    from bench.training import runtime

    runtime.prepare()
    # Here, because it imports TensorFlow.
    from bench.audit.foreign_audit import Foreign, audit_foreign

    radii = _radii(eps)
    if data_dir is None:
        raise BadInput("data_dir is None: expected a folder with one folder of images for each class")
    other = Path(control) if control else None
    network = Foreign(place, Path(weights), other, Path(data_dir), image_size, temperature, radii)
    with Progress(quiet) as progress:
        return audit_foreign(network, FULL if full else SCREEN, progress)


def fool(
    image: Path | str,
    network: Run | str,
    *,
    eps: float | None = None,
    target: str | None = None,
    steps: int = STEPS,
    weights: Path | str | None = None,
    results: Path | str = RESULTS,
) -> FooledImage:
    """Look for an image near ``image`` which a trained network gives another class. Nothing is written.

    Args:
        image: a JPEG or PNG file; its shortest side is scaled to the network's size and its centre is cropped.
        network: a trained run, or "efficientnet-lite0", "mobilenetv2" or "vgg16".
        eps: how far the image may change in L-infinity, pixel levels of 0 to 255, in search of the largest margin; None for
            the smallest change.
        target: the class to reach, by name or id; None for any other.
        steps: gradient steps of each climb.
        weights: a copy of the published weights of a network trained on ImageNet.
        results: the folder of the runs.

    Returns:
        The image as the network sees it (``clean``), the fooling image (``fooled``), both float32 in pixel levels, and the
        ``record``: eps, steps, and the three likeliest classes before and after.

    Raises:
        BenchError: the image, the network, the class or a number cannot be.

    Example:
        >>> found = bench.fool("photo.jpg", "efficientnet-lite0", target="coral reef")
        >>> found.record.eps, found.record.after[0].name
    """
    found = _trained(network, weights, results)
    # Here, because it needs TensorFlow.
    from bench.fooling.image import fool_image

    return fool_image(found, Path(image), eps, target, steps)


def transfer(
    network: Run | str,
    *,
    data_dir: Path | str,
    cuts: Sequence[str] = (),
    penalties: Sequence[float] = PENALTIES,
    eps: Sequence[float] = (1, 2),
    train_images: int | None = None,
    val_images: int | None = None,
    attacked: int = 256,
    seed: int = 0,
    weights: Path | str | None = None,
    results: Path | str = RESULTS,
    quiet: bool = False,
) -> TransferRecord:
    """Use features of a trained network for another task, by a linear SVM, and attack the whole. Nothing is written.

    Args:
        network: a trained run, or "efficientnet-lite0", "mobilenetv2" or "vgg16".
        data_dir: the other task, a folder with train/CLASS/ and val/CLASS/.
        cuts: names of layers to take features of; four of the network where left out.
        penalties: values of C of the machine. Cut and C are chosen on a fifth of the training images, held out.
        eps: values for the attacks in L-infinity, pixel levels, ascending, above 0.
        train_images, val_images: the largest number of images of each class; None for all.
        attacked: validation images to attack.
        seed: of the held-out part and of the solver.
        weights: a copy of the published weights of a network trained on ImageNet.
        results: the folder of the runs.
        quiet: no progress on stderr.

    Returns:
        The record. ``record.rows`` has the accuracy for each cut and C, ``record.accuracy`` that of the chosen pair on the
        validation images, and ``record.attacks`` what is left of the whole under attack.

    Raises:
        BenchError: scikit-learn is not installed, or the network, the images, a layer or a number cannot be.

    Example:
        >>> record = bench.transfer("efficientnet-lite0", data_dir="flowers")
        >>> record.cut, record.c, record.accuracy
    """
    check_machine(penalties)
    radii = radii_above_zero(_radii(eps))
    found = _trained(network, weights, results, quiet)
    from bench.features.images import images_of_task
    from bench.features.transfer import transfer as transferred  # here, because it imports TensorFlow

    with Progress(quiet) as progress:
        data = images_of_task(Path(data_dir), found.size, train_images, val_images, progress)
        return transferred(found, data, progress, cuts, penalties, radii, attacked, seed)


def _trained(network: Run | str, weights: Path | str | None, results: Path | str, quiet: bool = False) -> LoadedNetwork:
    from bench.imagenet.networks import NETWORKS

    if isinstance(network, str) and network not in NETWORKS:
        raise unknown("network", network, NETWORKS)
    if isinstance(network, Run) and weights is not None:
        raise BadInput(f"weights is for a network trained on ImageNet: expected none for the run {network.name}")
    from bench.training import runtime

    runtime.prepare()
    from bench.networks import of_imagenet, of_run

    if isinstance(network, Run):
        return of_run(Folder(Path(results), network))
    with Progress(quiet) as progress:
        return of_imagenet(network, Path(weights) if weights else None, progress.say)


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

    network = network_of(Folder(Path(results), run))
    if network is None or not network.attacks:
        raise BadInput(f"no attack on {run.name}, seed {run.seed}, is recorded below {results}: bench.attack makes one")
    return run_curve.curve(network)


def _radii(eps: Sequence[float]) -> tuple[float, ...]:
    """Return the radii in ``eps`` with 0 in front, none where it is empty; BadInput where it is no sequence of numbers."""
    if isinstance(eps, str) or not hasattr(eps, "__iter__"):
        raise BadInput(f"eps is {eps!r}: expected a sequence of numbers, as [0, 1, 4]")
    return parse_eps(",".join(map(str, eps))) if len(eps) else ()


def _execute(
    run: Run,
    specs: Sequence[AttackSpec],
    results: Path | str,
    data_dir: Path | str | None,
    quiet: bool,
    restart: bool = False,
    audits: Sequence[Battery] = (),
) -> Result:
    if not isinstance(run, Run):
        raise BadInput(f"run is {run!r}: expected a bench.Run, as bench.Run.of(arch='fc5')")
    where = Where(Path(results), Path(data_dir) if data_dir else None)
    with Progress(quiet) as progress:
        return execute(run, specs, where, progress, restart, audits=audits)
