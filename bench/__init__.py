"""Train networks, compress them, attack them, and report how robust they are.

The command line is ``bench``; the same from Python, as in a notebook:

    import bench

    run = bench.Run.of(arch="fc5", dataset="synthetic", image_size=32, epochs=4, sparsity=0.9)
    bench.train(run)
    bench.attack(run, "fgsm", eps=[0, 1, 4])
    bench.judge(run).verdict.kind
    frame = bench.results("results")
    figure = bench.curve(run)
"""

from importlib import import_module
from typing import TYPE_CHECKING

from bench.version import __version__ as __version__

if TYPE_CHECKING:
    from bench.errors import BenchError as BenchError
    from bench.notebook import attack as attack
    from bench.notebook import curve as curve
    from bench.notebook import draw_class as draw_class
    from bench.notebook import fool as fool
    from bench.notebook import judge as judge
    from bench.notebook import judge_file as judge_file
    from bench.notebook import look as look
    from bench.notebook import results as results
    from bench.notebook import train as train
    from bench.notebook import transfer as transfer
    from bench.spec.run import Run as Run

__all__ = [
    "BenchError",
    "Run",
    "attack",
    "curve",
    "draw_class",
    "fool",
    "judge",
    "judge_file",
    "look",
    "results",
    "train",
    "transfer",
]
# Imported when first used: ``import bench`` stays fast, and TensorFlow starts with the first training or attack.
_HOMES = {"BenchError": "bench.errors", "Run": "bench.spec.run"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'bench' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "bench.notebook")), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
