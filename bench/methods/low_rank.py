"""Low-rank separable convolutions, the internship report's section 4.2."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import tf_keras as keras

from bench.errors import BadInput
from bench.methods.base import Method, Sources
from bench.methods.separable import HORIZONTAL, VERTICAL, largest_rank, pairs
from bench.methods.svd_init import start_by_svd
from bench.spec.ranks import FullRank, RankFraction, RankList, ReportRanks
from bench.spec.run import Run

NORMALISATION = {"momentum": 0.9, "epsilon": 1e-5}


@dataclass(frozen=True)
class LowRank(Method):
    """Replace each k x k convolution, k > 1, by a vertical k x 1 one to K channels and a horizontal 1 x k one.

        W[n, c] = sum_d V[d, c] H[n, d],  d = 1 .. K

    where W[n, c] is the k x k kernel from input channel c to output channel n, V[d, c] is a column, H[n, d] a row, and
    ``ranks`` gives K for the layer of ``arch``. The vertical factor has the stride over rows and the horizontal one the
    stride over columns, so that receptive field and output shape stay. Batch norm follows each factor. Where the
    architecture has its own batch norm behind the convolution (it asks for no bias), that one follows the horizontal
    factor. Neither factor has a bias. The vertical factor is drawn LeCun-normal, as no ReLU follows it.
    ``init`` sets the pairs to start from; they are drawn where it is None.
    Source: Tai et al. 2016, arXiv:1511.06067, section 2.1; the report's equations 13 and 14.
    """

    arch: str
    ranks: ReportRanks | RankFraction | RankList
    init: Callable[[Any], None] | None = None

    def conv(self, conv: Callable[..., Any]) -> Callable[..., Any]:
        """Return the factory of pairs. In use it raises BadInput where the network has more convolutions than ranks."""
        number = itertools.count()

        def separable(channels: int, size: int, **options: Any) -> Callable[[Any], Any]:
            if size == 1:
                plain: Callable[[Any], Any] = conv(channels, size, **options)
                return plain

            def apply(x: Any) -> Any:
                rank = self.ranks.rank(self.arch, next(number), largest_rank(size, x.shape[-1], channels))
                return _pair(conv, x, rank, channels, size, **options)

            return apply

        return separable

    def start(self, model: Any) -> None:
        """Set the pairs of ``model`` as ``init`` does."""
        if self.init:
            self.init(model)

    def prepare(self, model: Any) -> Any:
        """Return the model; BadInput where it has no pair, or fewer pairs than a list has ranks."""
        found = len(pairs(model))
        if not found:
            raise BadInput(f"low_rank: {self.arch} has no convolution larger than 1x1; expected full")
        if isinstance(self.ranks, RankList) and len(self.ranks.ranks) != found:
            raise BadInput(
                f"low_rank lists {len(self.ranks.ranks)} ranks: {self.arch} has {found} convolutions to factor"
            )
        return model


def _pair(
    conv: Callable[..., Any],
    x: Any,
    rank: int,
    channels: int,
    size: int,
    *,
    name: str,
    strides: int = 1,
    padding: str = "valid",
    use_bias: bool = True,
    kernel_initializer: Any = "glorot_uniform",
) -> Any:
    x = conv(
        rank,
        (size, 1),
        strides=(strides, 1),
        padding=padding,
        use_bias=False,
        kernel_initializer="lecun_normal",
        name=name + VERTICAL,
    )(x)
    x = keras.layers.BatchNormalization(**NORMALISATION, name=f"{name}{VERTICAL}_bn")(x)
    x = conv(
        channels,
        (1, size),
        strides=(1, strides),
        padding=padding,
        use_bias=False,
        kernel_initializer=kernel_initializer,
        name=name + HORIZONTAL,
    )(x)
    if rank == 1 and strides > 1 and x.shape[2] == 1:
        # TensorFlow 2.21 with oneDNN computes this case wrongly: one channel in, one column out, strides (1, s).
        raise BadInput(
            f"low_rank: {name} cannot have rank 1 where its output is one pixel wide; take rank 2 or larger images"
        )
    return keras.layers.BatchNormalization(**NORMALISATION, name=f"{name}{HORIZONTAL}_bn")(x) if use_bias else x


def low_rank(run: Run, _steps: int, sources: Sources | None) -> Method:
    """Return the method that ``run`` asks for."""
    assert not isinstance(run.low_rank, FullRank)  # it would have no effect
    if run.low_rank_from and sources:
        full = sources.network(run.low_rank_from)
        return LowRank(run.arch, run.low_rank, partial(start_by_svd, full=full, images=sources.images))
    return LowRank(run.arch, run.low_rank)
