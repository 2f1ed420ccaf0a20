"""The machine that times are taken on, by the name that its maker gave it."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from bench.records.processor import cpuinfo
from bench.spec.words import how_many


def machine(devices: Sequence[str]) -> str:
    """Return the GPU in ``devices``, or the processor with its number of cores, as "AMD EPYC 7B13, 2 cores".

    Args:
        devices: the names of TensorFlow's devices. That of a processor begins with "CPU".
    """
    if not devices[0].startswith("CPU"):
        return ", ".join(devices)
    cores = os.cpu_count() or 1
    return f"{cpuinfo('model name') or platform.processor() or platform.machine()}, {how_many(cores, 'core')}"
