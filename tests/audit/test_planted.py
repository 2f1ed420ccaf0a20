from __future__ import annotations

import numpy as np
import pytest
import tf_keras as keras

from bench.audit.battery import FULL
from bench.audit.fakes import FAKES
from bench.audit.planted import planted
from bench.audit.probes import probes_of
from bench.evaluation.classifier import Classifier


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 128, offset=-1)(pixels))
    x = keras.layers.ReLU()(keras.layers.Dense(64)(x))
    return keras.Model(pixels, keras.layers.Dense(4)(x))


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).uniform(20, 230, (16, 8, 8, 3)).astype(np.float32)


def test_what_is_planted_in_an_honest_network_is_found(model: keras.Model, images: np.ndarray) -> None:
    found = planted(model, images, 8.0, 0)
    assert found is not None
    assert np.isfinite(found).all()
    assert found.mean() >= 0.95
    np.testing.assert_array_equal(found, planted(model, images, 8.0, 0))


@pytest.mark.parametrize("name", ["no gradient", "gradient reversed", "quantised image"])
def test_what_is_planted_behind_a_hidden_gradient_is_not_found(
    name: str, model: keras.Model, images: np.ndarray
) -> None:
    (fake,) = [each for each in FAKES if each.name == name]
    found = planted(fake.wrap(model), images, 8.0, 0)
    assert found is not None
    assert np.nanmean(found) < 0.5


def test_a_head_that_hides_its_gradient_is_not_seen_because_it_is_replaced(
    model: keras.Model, images: np.ndarray
) -> None:
    (fake,) = [each for each in FAKES if each.name == "logits times 1000"]
    np.testing.assert_array_equal(planted(fake.wrap(model), images, 8.0, 0), planted(model, images, 8.0, 0))


def test_a_network_whose_last_layer_is_not_dense_has_no_features_to_plant_in(images: np.ndarray) -> None:
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(pixels))
    assert planted(keras.Model(pixels, x), images, 8.0, 0) is None


def test_nothing_is_planted_where_the_features_do_not_change(images: np.ndarray) -> None:
    pixels = keras.Input((8, 8, 3))
    dead = keras.layers.ReLU()(keras.layers.Dense(6, "relu", bias_initializer="ones")(keras.layers.Flatten()(pixels)))
    model = keras.Model(pixels, keras.layers.Dense(4)(keras.layers.Rescaling(0.0)(dead)))
    found = planted(model, images, 8.0, 0)
    assert found is not None
    assert np.isnan(found).all()


@pytest.mark.parametrize("right", [True, False])
def test_the_full_battery_takes_its_probes_where_no_image_is_left(
    right: bool, model: keras.Model, images: np.ndarray
) -> None:
    network = Classifier(model)
    predictions = network.logits(images).argmax(axis=1)
    labels = predictions if right else (predictions + 1) % 4
    left = np.zeros((2, len(images)), bool)
    found = probes_of(network, images, labels, predictions, (2.0, 4.0), left, FULL, 0)
    assert np.isnan(found["longer"]).all()
    assert np.isfinite(found["planted"]).all() == right
    assert (found["certified"] >= 0).all() == right
