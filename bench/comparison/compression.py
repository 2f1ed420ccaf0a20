"""How much smaller a network is than its control."""

from __future__ import annotations

from dataclasses import dataclass

from bench.records.collection import Collection
from bench.spec.control import control_of
from bench.spec.run import Run


@dataclass(frozen=True)
class Compression:
    """How many times more the control has than the network at each seed: of all it has, to what is not zero here."""

    parameters: tuple[float, ...]
    macs: tuple[float, ...]


def compression_of(collection: Collection, run: Run) -> Compression | None:
    """Return the compression of ``run``. None without its control, which is needed where the ranks differ."""
    control = control_of(run)
    own = collection.of(run)
    dense = own if run.low_rank == control.low_rank else collection.of(control)
    if not dense:
        return None
    whole = next(iter(dense.values())).metrics
    metrics = [each.metrics for each in own.values()]
    return Compression(
        tuple(whole.parameters / max(1, each.parameters_nonzero) for each in metrics),
        tuple(whole.macs / max(1, each.macs_nonzero) for each in metrics),
    )
