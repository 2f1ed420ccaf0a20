"""A trained network by its name: a run of this suite, or a network trained on ImageNet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.datasets.base import Dataset
from bench.datasets.class_names import ClassNames, names_of
from bench.datasets.folder import images_of
from bench.datasets.messages import Report
from bench.imagenet.images import among_imagenet, class_folders
from bench.imagenet.names import imagenet_names
from bench.imagenet.networks import NETWORKS, SIZE, load
from bench.records.images import images_of_run
from bench.records.store import Folder
from bench.training.progress import Progress

if TYPE_CHECKING:
    from bench.audit.foreign_audit import Foreign
    from bench.evaluation.classifier import Classifier


@dataclass(frozen=True)
class LoadedNetwork:
    """A trained network in memory, and what is needed to show it an image.

    Args:
        name: of the run with its seed, or of the network trained on ImageNet.
        classifier: the network as a target, from float32 pixel levels [0, 255] to logits.
        names: its classes, in the order of its outputs.
        size: side of its images in pixels.
        weights: the sha256 of its file of weights.
        run: the folder of the run; None where it is trained on ImageNet.
    """

    name: str
    classifier: Classifier
    names: ClassNames
    size: int
    weights: str
    run: Folder | None = None


def of_run(folder: Folder) -> LoadedNetwork:
    """Return the network of a recorded run.

    Raises:
        BadInput: the run is not trained, or its weights are not here.
        IntegrityError: the weights are damaged.
    """
    training = folder.trained()
    from bench.evaluation.restored import restored  # here, because it imports TensorFlow

    names = names_of(training.data.classes)
    return LoadedNetwork(
        folder.run.key, restored(folder, training), names, folder.run.image_size, training.weights, folder
    )


def of_imagenet(name: str, weights: Path | None, report: Report) -> LoadedNetwork:
    """Return the network ``name`` of ``bench.imagenet.networks.NETWORKS``, with the errors of its ``load``."""
    names = imagenet_names()
    model, path = load(name, weights, report)
    from bench.evaluation.classifier import Classifier  # here, because it imports TensorFlow

    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return LoadedNetwork(name, Classifier(model), names, SIZE, digest)


def images_for(network: LoadedNetwork, data_dir: Path | None, progress: Progress) -> Dataset:
    """Return the images of a network: the data set of its run, or for one trained on ImageNet the class folders in a folder.

    Args:
        data_dir: the folder of the images. For a run it can be None where the run itself finds its images without one.

    Raises:
        BadInput: there is no folder, or a class folder is no class of ImageNet.
        IntegrityError: the images are not those that the run was trained on.
    """
    say, count = progress.say, progress.counter("images")
    if network.run is not None:
        return images_of_run(network.run.run, network.run.training(), data_dir, say, count)
    return among_imagenet(images_of(class_folders(network.name, data_dir), network.size, say, count))


def foreign_imagenet(
    name: str, weights: Path | None, data_dir: Path, eps: tuple[float, ...], report: Report
) -> Foreign:
    """Return the network ``name`` of ImageNet as one to audit on class folders, with the errors of ``load``.

    Args:
        weights: a copy of the published weights; None for their usual place.
        data_dir: class folders, each named by the WordNet id or the name of a class of ImageNet.
        eps: the radii, L-infinity, pixel levels, ascending.
    """
    from bench.audit.foreign_audit import Foreign  # here, because it imports TensorFlow
    from bench.audit.plausibility import check_answers

    def loaded(place: str, path: Path, data: Dataset, say: Report) -> Any:
        model, _ = load(place, path, say)
        check_answers(model, place, data, say)
        return model

    path = NETWORKS[name].weights.located(weights, report)
    alone = "there is none for a network trained on ImageNet"
    return Foreign(name, path, None, data_dir, SIZE, 1.0, eps, loaded, among_imagenet, alone)
