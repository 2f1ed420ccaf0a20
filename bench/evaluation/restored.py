"""The network that a record names, rebuilt as a target."""

from __future__ import annotations

from functools import cache

from bench.evaluation.classifier import Classifier
from bench.methods.compose import methods_of
from bench.records.schema import TrainingRecord
from bench.records.store import Folder
from bench.training.network import restore


def restored(folder: Folder, training: TrainingRecord) -> Classifier:
    """Return the network that ``training`` records. Those of other runs are restored when an attack asks for them.

    Raises:
        IntegrityError: the weights are missing or damaged, or another file made them.
    """
    folder.check_source(training)
    run = folder.run

    @cache
    def other(name: str) -> Classifier:
        source = folder.other(name, run.name)
        if source.path == folder.path:
            return network
        return restored(source, source.trained())

    methods = methods_of(run, run.steps(training.data.train))
    model = restore(run, len(training.data.classes), folder.weights(training), methods)
    network = Classifier(model, run.temperature, other)
    return network
