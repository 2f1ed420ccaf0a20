"""Low-rank networks: their ranks and costs, and their start from a trained network by singular value decomposition.

Factors of the large architectures' kernels are made without a decomposition, which takes most of the time there: those tests
check that each factor and each other weight reaches its place. AlexNet and a small network are decomposed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import tf_keras as keras
from factored import recompose

from bench.errors import BadInput
from bench.evaluation.metrics import low_rank_rows
from bench.methods.compose import methods_of
from bench.methods.low_rank import LowRank
from bench.methods.separable import HORIZONTAL, VERTICAL, factor, pairs
from bench.methods.svd_init import start_by_svd
from bench.spec.architectures import ARCHITECTURES
from bench.spec.ranks import RankList, parse_ranks
from bench.spec.run import Run
from bench.training.network import build

SMALL = "small"
CONVOLUTIONAL = [name for name, row in ARCHITECTURES.items() if row.lr1]


def network(arch: str, ranks: str, seed: int = 0) -> Any:
    run = Run.of(arch=arch, image_size=32, low_rank=ranks, seed=seed)
    return build(run, 10, "float32", methods_of(run, 100))


@pytest.fixture(scope="module", autouse=True)
def small_architecture() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        place = "small_network:two_convolutions"
        monkeypatch.setitem(ARCHITECTURES, SMALL, replace(ARCHITECTURES["alexnet"], place=place, lr1=None))
        yield


@cache
def built(arch: str, ranks: str) -> Any:
    """Return a network that no test may change."""
    return network(arch, ranks)


@cache
def rows_of(arch: str, ranks: str) -> Any:
    return low_rank_rows(built(arch, ranks))


def images(count: int = 16) -> Any:
    return np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3)).astype(np.float32)


@cache
def trained(arch: str) -> Any:
    """Return a full-rank network, with biases and batch-norm statistics that are not those of the start.

    No test may change it.
    """
    model, draw = network(arch, "full"), np.random.default_rng(1)
    for variable in model.weights:
        if variable.dtype.is_floating and len(variable.shape) == 1:
            variable.assign(variable + np.abs(0.1 * draw.standard_normal(variable.shape)).astype(np.float32))
    return model


def exact(kernel: Any, rank: int) -> tuple[Any, Any]:
    """Factor ``kernel`` without a decomposition: M = I M or M I, cut to ``rank`` channels."""
    size, _, channels, out = kernel.shape
    matrix = kernel.transpose(2, 0, 1, 3).reshape(channels * size, size * out)
    full = min(matrix.shape)
    first, second = (np.eye(full), matrix) if len(matrix) == full else (matrix, np.eye(full))
    kept = min(rank, full)
    vertical, horizontal = np.zeros((size, 1, channels, rank), np.float32), np.zeros((1, size, rank, out), np.float32)
    vertical[:, 0, :, :kept] = first[:, :kept].reshape(channels, size, kept).transpose(1, 0, 2)
    horizontal[0, :, :kept] = second[:kept].reshape(kept, size, out).transpose(1, 0, 2)
    return vertical, horizontal


ALEXNET = (8, 40, 60, 100, 200)
RESNET18 = (8, 5, 24, 24, 24, 48, 48, 48, 48, 64, 128, 160, 160, 192, 192, 256, 256)
HALVED = (4, 2, 12, 12, 12, 24, 24, 24, 24, 32, 64, 80, 80, 96, 96, 128, 128)
A_QUARTER = (9, 120, 192, 288, 192)  # of k * min(C, N) = 33, 480, 768, 1152, 768, rounded up


@pytest.mark.parametrize(
    ("arch", "ranks", "expected"),
    [
        ("alexnet", "lr1", ALEXNET),
        ("alexnet-bn", "lr1", ALEXNET),
        ("alexnet", "lr2", (4, 20, 30, 50, 100)),
        ("alexnet", "0.25", A_QUARTER),
        ("resnet18", "lr1", RESNET18),
        ("resnet18", "lr2", HALVED),
    ],
)
def test_a_low_rank_network_has_the_ranks_asked_for_and_the_shapes_of_the_full_one(
    arch: str, ranks: str, expected: tuple[int, ...]
) -> None:
    low, full, rows = built(arch, ranks), built(arch, "full"), rows_of(arch, ranks)
    assert len(rows) == len(ARCHITECTURES[arch].lr1 or ())
    for index, row in enumerate(rows):
        convolution = full.get_layer(row.layer)
        assert row.rank == expected[index]
        assert row.rank_found <= min(row.rank, row.rank_largest)
        assert row.weights_before == np.prod(convolution.kernel.shape)
        assert row.macs_before == np.prod(convolution.kernel.shape) * np.prod(convolution.output_shape[1:3])
        assert low.get_layer(row.layer + HORIZONTAL).output_shape == convolution.output_shape
    assert low(images(2)).shape == (2, 10)


def test_what_a_pair_costs_by_hand() -> None:
    rows = {row.layer: row for row in rows_of("resnet18", "lr1")}
    # 7 x 7, 3 to 64 channels, 32 px at stride 2 behind a border of 3: 38 wide, 16 high after the rows
    first = rows["conv1"]
    assert first.weights == 7 * 3 * 8 + 7 * 8 * 64
    assert first.macs == 16 * 38 * 7 * 3 * 8 + 16 * 16 * 7 * 8 * 64
    assert first.macs_before == 16 * 16 * 49 * 3 * 64
    assert all(row.smaller for row in rows.values())


def test_a_rank_that_saves_nothing_is_built_and_noted() -> None:
    rows = low_rank_rows(network("alexnet", "500,40,60,100,200"))
    assert [row.smaller for row in rows] == [False, True, True, True, True]
    assert rows[0].rank == 500
    assert rows[0].rank_found <= 33  # 11 * min(3, 96)


@pytest.mark.parametrize("arch", [SMALL, *CONVOLUTIONAL])
def test_a_start_by_svd_at_full_rank_is_the_full_rank_network(arch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if arch not in (SMALL, "alexnet"):
        monkeypatch.setattr("bench.methods.svd_init.factor", exact)
    full = trained(arch)
    model = network(arch, "1.0", seed=5)
    start_by_svd(model, full, images())
    expected = full(images()).numpy()
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(model(images()).numpy(), expected, atol=1e-3 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize(("arch", "ranks"), [(SMALL, "0.5"), *[(arch, "lr1") for arch in CONVOLUTIONAL]])
def test_a_start_by_svd_at_low_rank_has_the_nearest_kernels_and_the_statistics_of_the_images(
    arch: str, ranks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nearest = factor if arch == SMALL else exact
    monkeypatch.setattr("bench.methods.svd_init.factor", nearest)
    full = trained(arch)
    model = network(arch, ranks, seed=5)
    start_by_svd(model, full, images())
    norms = [model.get_layer(f"{name}{VERTICAL}_bn") for name in pairs(model)]
    received = keras.Model(model.input, [norm.input for norm in norms]).predict(images(), verbose=0)
    for name, norm, sent in zip(pairs(model), norms, received, strict=True):
        factors = [model.get_layer(name + each).kernel.numpy() for each in (VERTICAL, HORIZONTAL)]
        kernel = full.get_layer(name).kernel.numpy()
        expected = recompose(*nearest(kernel, factors[0].shape[3]))
        np.testing.assert_allclose(recompose(*factors), expected, atol=1e-5)
        np.testing.assert_allclose(norm.moving_mean.numpy(), sent.mean(axis=(0, 1, 2)), rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(norm(sent).numpy(), sent, rtol=1e-3, atol=1e-3 * np.abs(sent).max())


def test_channels_beyond_the_rank_can_still_learn() -> None:
    model = network(SMALL, "12,8", seed=5)
    start_by_svd(model, trained(SMALL), images())
    vertical, horizontal = (model.get_layer("conv1" + each).kernel.numpy() for each in (VERTICAL, HORIZONTAL))
    assert not horizontal[:, :, 9:].any()
    assert vertical[..., 9:].any(axis=(0, 1, 2)).all()


@pytest.mark.parametrize(
    ("arch", "ranks", "said"),
    [
        ("fc5", "lr1", "the internship gives no ranks for fc5: expected full"),
        ("fc5", "0.5", "fc5 has no convolution larger than 1x1"),
        ("alexnet", "8,40", "alexnet has 5 convolutions"),
        ("resnet18", "8,", "resnet18 has 17 convolutions larger than 1x1; expected a rank for each, or a fraction"),
        ("alexnet", "8,0,1,1,1", r"a rank in \[1, 65536\]"),
        ("alexnet", "1.5", r"a fraction of the largest useful rank in \(0, 1\]"),
        ("alexnet", "0", r"a fraction of the largest useful rank in \(0, 1\]"),
        ("alexnet", "lr3", "full, lr1, lr2, a fraction"),
        ("alexnet", "8,40,x,1,1", "full, lr1, lr2, a fraction"),
    ],
)
def test_wrong_ranks_are_refused_before_anything_is_built(arch: str, ranks: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Run.of(arch=arch, low_rank=ranks)


@pytest.mark.parametrize("ranks", [(4,), (4, 4, 4)])
def test_a_list_that_does_not_fit_an_architecture_without_known_ranks_is_refused_at_the_build(ranks: Any) -> None:
    method, pixels = LowRank("mine", RankList(ranks)), keras.Input((8, 8, 3))
    conv = method.conv(keras.layers.Conv2D)
    with pytest.raises(BadInput, match="low_rank lists"):
        method.prepare(keras.Model(pixels, conv(4, 3, name="b")(conv(4, 3, name="a")(pixels))))


@pytest.mark.parametrize("text", ["full", "lr1", "lr2", "0.5", "1.0", "0.3333333333333333", "8,40,60", "8,"])
def test_ranks_read_back_what_they_print(text: str) -> None:
    assert str(parse_ranks(text)) == text
