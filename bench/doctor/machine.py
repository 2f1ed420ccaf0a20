"""The processor or GPU that TensorFlow computes on, and whether bfloat16 is fast on it."""

from __future__ import annotations

from collections.abc import Iterator

from bench.doctor.finding import Finding, State
from bench.doctor.software import INSTALL
from bench.records.processor import cpuinfo

BFLOAT16 = {"avx512_bf16": "AVX512-BF16", "amx_bf16": "AMX-BF16"}  # Linux's name of the instructions: the maker's


def machine() -> Iterator[Finding]:
    """Yield a finding on the device that TensorFlow computes on and one on bfloat16. It starts TensorFlow."""
    from bench.records.provenance import devices
    from bench.training import runtime

    try:
        runtime.prepare()
        found, threads = devices(), runtime.threads()
    except Exception as error:  # a broken installation can raise anything
        text = f"TensorFlow does not start: {type(error).__name__}: {error}"
        yield Finding("device", " ".join(text.split()), State.ERROR, f"install it again: {INSTALL} . in the checkout")
        return
    yield Finding("device", f"{', '.join(found)}; {threads} threads for one operation")
    yield bfloat16(found)


def bfloat16(devices: list[str]) -> Finding:
    """Return whether ``--precision bfloat16`` saves time on ``devices``, as far as that is known."""
    flags = cpuinfo("flags").split()
    if not devices[0].startswith("CPU") or not flags:
        return Finding("bfloat16", "not known whether it is fast here")
    if has := [name for flag, name in BFLOAT16.items() if flag in flags]:
        return Finding("bfloat16", f"fast here: the processor has {' and '.join(has)}")
    return Finding("bfloat16", "slow here: the processor has no instructions for it; use float32")
