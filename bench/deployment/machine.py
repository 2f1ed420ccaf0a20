"""The machine that times are taken on, by the names that its maker gave it."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from bench.records.processor import cpuinfo
from bench.spec.words import how_many


def machine(devices: Sequence[str]) -> str:
    """Return the GPU in ``devices``, or the processor and its cores, as "AMD EPYC (family 25, model 17), 2 cores".

    Rented machines are often of one name and of several models, one of them many times as fast as another.

    Args:
        devices: the names of TensorFlow's devices. That of a processor begins with "CPU".
    """
    if not devices[0].startswith("CPU"):
        return ", ".join(devices)
    name = cpuinfo("model name") or platform.processor() or platform.machine()
    family, model = cpuinfo("cpu family"), cpuinfo("model")
    kind = f" (family {family}, model {model})" if family and model else ""
    return f"{name}{kind}, {how_many(os.cpu_count() or 1, 'core')}"
