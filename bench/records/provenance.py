"""The software and the machine that made a record."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from types import MappingProxyType

from bench.records.schema import EnvironmentRecord
from bench.spec.architectures import ARCHITECTURES
from bench.spec.methods import METHODS, split
from bench.spec.names import read
from bench.spec.run import Run
from bench.version import __version__

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
LIBRARIES = ("tensorflow", "tf_keras", "tensorflow-model-optimization", "numpy", "pillow")


def environment(others: Mapping[str, str] = MappingProxyType({})) -> EnvironmentRecord:
    """Return versions, machine and commit. It starts TensorFlow.

    Args:
        others: the versions of other packages that took part, by name.
    """
    return EnvironmentRecord(
        versions={**versions(), **others},
        device=devices(),
        platform=f"{platform.system()} {platform.machine()}",
        commit=_commit(),
        onednn=os.environ[ONEDNN] == "1",
        deterministic=True,
    )


def devices() -> list[str]:
    """Return the names of the devices that TensorFlow computes on."""
    import tensorflow as tf

    accelerators = [tf.config.experimental.get_device_details(each) for each in tf.config.list_physical_devices("GPU")]
    return [each.get("device_name", "GPU") for each in accelerators] or [f"CPU {platform.machine()}"]


@cache
def versions() -> dict[str, str]:
    """Return the version of this suite, of Python and of each library that can change a number."""
    return {"bench": __version__, "python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def packages(run: Run) -> dict[str, str]:
    """Return the version of each other package that offers the architecture or a method of ``run``, by its name."""
    found = ARCHITECTURES.packages(run.arch)
    for text in split(run.method):
        found |= METHODS.packages(read(text, "method")[0])
    return found


def with_module(environment: EnvironmentRecord, module: str) -> EnvironmentRecord:
    """Return ``environment`` with the version of each package that has ``module``; as it is where ``module`` is empty."""
    packages = packages_distributions().get(module, []) if module else []
    return environment.model_copy(
        update={"versions": {**environment.versions, **{name: version(name) for name in packages}}}
    )


def _commit() -> str | None:
    def git(*words: str) -> str | None:
        command = ["git", "-C", str(Path(__file__).parent), *words]
        try:
            found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
        return found.stdout.strip()

    # An installed copy may lie inside another repository, whose commit is not that of this code.
    return git("describe", "--always", "--dirty") if git("ls-files", "--error-unmatch", Path(__file__).name) else None
