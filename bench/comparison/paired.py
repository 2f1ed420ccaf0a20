"""Differences between networks that share seeds and images, with their standard errors."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from functools import cached_property
from math import sqrt

import numpy as np
from scipy.stats import t

from bench.comparison.image_variance import image_variance
from bench.comparison.significance import below, mcnemar, tost
from bench.errors import BadInput
from bench.records.outcomes import Floats, Indices, in_all, unseen


@dataclass(frozen=True)
class Sample:
    """One number for each image, ``values`` (n,), of one network at one seed; ``indices`` (n,) ascending name the images."""

    indices: Indices
    values: Floats

    def on(self, images: Indices) -> Floats:
        """Return the numbers of ``images``, ascending, all of which must be there."""
        whole = len(images) == len(self.indices)
        return self.values if whole else self.values[np.searchsorted(self.indices, images)]


@dataclass(frozen=True)
class Effect:
    """A difference between networks, positive where the first has more.

    Args:
        difference: in the unit of the samples.
        se: its standard error, and ``df`` the degrees of freedom of that.
        seeds: that all networks share, and ``images`` the fewest at one of them.
        shared_variance: the part of its square that all seeds share, because they have the same images; 0 at one seed.
        exact: the p of McNemar's test, where there is one seed and one radius; else None.
    """

    difference: float
    se: float
    df: float
    seeds: tuple[int, ...]
    images: int
    shared_variance: float = 0.0
    exact: float | None = None

    @property
    def p(self) -> float:
        """The two-sided p against no difference: ``exact``, or of Student's t, as far as the images can tell."""
        if self.exact is not None:
            return self.exact
        return min(1.0, 2 * below(-abs(self.difference), self.se, self.df, 0, self.images))

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return Student's interval of the difference at ``confidence``, no shorter than the images can tell.

        At one seed it covers images alone.
        """
        half = float(t.ppf((1 + confidence) / 2, self.df)) * self.se if self.se else 0.0
        low, high = unseen(self.difference, self.images, (1 - confidence) / 2)
        return min(self.difference - half, low), max(self.difference + half, high)

    def p_within(self, margin: float) -> float:
        """Return the p of the claim that the true difference is within ``margin`` of zero."""
        return tost(self.difference, self.se, self.df, margin, self.images)

    def p_below(self, bound: float) -> float:
        """Return the p of the claim that the true difference is below ``bound``."""
        return below(self.difference, self.se, self.df, bound, self.images)

    def p_above(self, bound: float) -> float:
        """Return the p of the claim that the true difference is above ``bound``."""
        return below(-self.difference, self.se, self.df, -bound, self.images)


@dataclass(frozen=True)
class PairedSamples:
    """The samples of several networks, by name and seed: a randomised block design in which each seed is a block.

    Args:
        unlearned: the names of the networks that did not learn at some seed. A network at chance hardly varies over seeds,
            and does not tell how much the others vary.
    """

    samples: Mapping[str, Mapping[int, Sample]]
    unlearned: frozenset[str] = frozenset()

    @cached_property
    def _noise(self) -> tuple[float, int]:
        """The residual variance over the networks that learned."""
        return self._residual(self.unlearned)

    def _residual(self, without: Set[str]) -> tuple[float, int]:
        """Return the residual variance of a network's mean at a seed, without the effects of networks and seeds, and its df.

        It is over all networks but those of ``without``. Taking away the mean of each seed leaves a regression on the
        networks alone, with the same residuals (Frisch and Waugh 1933, "Partial time regressions as compared with
        individual trends").
        """
        pooled = {name: seeds for name, seeds in self.samples.items() if name not in without}
        means = {(name, s): each.values.mean() for name, seeds in pooled.items() for s, each in seeds.items()}
        names, seeds = (np.array(factor) for factor in zip(*means, strict=True))
        levels, block = np.unique(seeds, return_inverse=True)
        of_network = (names[:, None] == np.unique(names)).astype(np.float64)
        columns = np.column_stack([list(means.values()), of_network])
        sums = np.zeros((len(levels), columns.shape[1]))
        np.add.at(sums, block, columns)
        columns -= (sums / np.bincount(block)[:, None])[block]
        values, design = columns[:, 0], columns[:, 1:]
        fitted, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
        df = len(values) - len(levels) - int(rank)
        return (float(((values - design @ fitted) ** 2).sum()) / df if df else 0.0), df

    def contrast(self, weights: Mapping[str, float]) -> Effect:
        """Return sum of w_r * mean_r over networks r, over the seeds and images that all of them share.

            d = mean over seeds s of d_s,  d_s = mean over images i of x_si = sum_r w_r v_rsi
            Var(d) = max(s^2 sum_r w_r^2, (a - c)+) / S + c+
            c = mean over s < s' of sum_i (x_si - d_s)(x_s'i - d_s') / (n_s n_s'),  a the same at s = s'

        where w is ``weights``, v the samples, S the number of seeds, n_s that of images, and s^2 the residual mean square
        of the means of the networks that learned, after removing the effects of network and seed. Pooling s^2 over them
        gives the test its power: the difference's own deviation over three seeds has only two degrees of freedom. It
        assumes that they vary equally over seeds. A network in ``weights`` is pooled even if it did not learn. c is the
        covariance of seeds that share images, and a - c the variance of single predictions; Var(d) is never below it.
        Degrees of freedom after Satterthwaite. At one seed Var(d) = a, which covers images alone.

        Power at three seeds, in 2000 simulated grids of six networks with 785 images, a deviation of one point from seed
        to seed, and Holm's correction over five comparisons: a difference of 5 points is found in 99.4 % (99.0 to 99.7)
        where half of the variance is common to the networks of a seed, and in 94.6 % (93.5 to 95.5) where none is. Without
        pooling it is found in 32 % and 23 %.

        Args:
            weights: by the name of the network; their sum is 0 for a difference.

        Raises:
            BadInput: the networks share no seed, or no image.

        Sources: Fisher 1935, "The Design of Experiments" (blocks); Satterthwaite 1946, "An approximate distribution of
        estimates of variance components".
        """
        seeds, rows = self._paired(weights)
        sizes = np.array([len(values) for _, values in rows])
        means = np.array([values.mean() for _, values in rows])
        own, shared = (float(each[0]) for each in image_variance([(images, values[None]) for images, values in rows]))
        single, shared = max(0.0, own - shared), max(0.0, shared)
        square = sum(weight * weight for weight in weights.values())
        count = len(seeds)
        effect = Effect(float(means.mean()), sqrt(own), float(sizes[0]) - 1, seeds, int(sizes.min()))
        if count == 1:
            return replace(effect, exact=_exact(rows[0][1]))
        strange = self.unlearned & weights.keys()
        noise, df = self._residual(self.unlearned - strange) if strange else self._noise
        between = max(noise * square, single) / count
        variance = between + shared
        freedom = df * (variance / between) ** 2 if between else float(df)
        return replace(effect, se=sqrt(variance), df=freedom, shared_variance=shared)

    def against(self, name: str, control: str) -> Effect:
        """Return the difference of network ``name`` to ``control``."""
        return self.contrast({name: 1.0, control: -1.0})

    def _paired(self, weights: Mapping[str, float]) -> tuple[tuple[int, ...], list[tuple[Indices, Floats]]]:
        chosen = [self.samples.get(name, {}) for name in weights]
        rows = {}
        for seed in sorted(set.intersection(*[set(each) for each in chosen])):
            samples = [each[seed] for each in chosen]
            images = in_all([sample.indices for sample in samples])
            if len(images):
                parts = np.stack([each.on(images) for each in samples])
                rows[seed] = (images, np.array(list(weights.values())) @ parts)
        if not rows:
            raise BadInput(f"{' and '.join(weights)} share no seed and image: run them at one seed and attack fraction")
        return tuple(rows), list(rows.values())


def _exact(differences: Floats) -> float | None:
    """Return the p of McNemar's test where every difference is -1, 0 or 1, else None."""
    gained, lost = int((differences == 1).sum()), int((differences == -1).sum())
    return mcnemar(gained, lost) if gained + lost == np.count_nonzero(differences) else None
