"""Reads a network as the layers that the bounds know, and refuses every other one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tf_keras as keras

from bench.errors import BadInput

if TYPE_CHECKING:  # the folder in the checkout, whose types mypy can read
    from architectures.dropout import StatelessDropout
else:  # the package that is installed
    from bench.architectures.dropout import StatelessDropout

Settings = dict[str, object]
LINEAR: Settings = {"activation": "linear"}
PLACED: Settings = {"data_format": "channels_last"}
# The settings at which a layer computes what its bound assumes.
KNOWN: dict[type, Settings] = {
    StatelessDropout: {},
    keras.layers.Activation: LINEAR,
    keras.layers.Add: {},
    keras.layers.BatchNormalization: {},
    keras.layers.Conv2D: {**LINEAR, **PLACED, "groups": 1},
    keras.layers.Dense: LINEAR,
    keras.layers.Dropout: {},
    keras.layers.Flatten: PLACED,
    keras.layers.GlobalAveragePooling2D: {**PLACED, "keepdims": False},
    keras.layers.MaxPooling2D: PLACED,
    keras.layers.ReLU: {"max_value": None, "negative_slope": 0, "threshold": 0},
    keras.layers.Rescaling: {},
    keras.layers.ZeroPadding2D: PLACED,
}
# In inference.
IDENTITIES = (StatelessDropout, keras.layers.Dropout, keras.layers.Activation)


@dataclass(frozen=True)
class Step:
    """One layer of a network and the names of the layers whose outputs it takes."""

    layer: Any
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Network:
    """A network as a list of steps and a last dense layer that gives the logits.

    Args:
        pixels: the name of the input.
        steps: the layers before the last dense one, each behind those that it takes.
        last: the dense layer of the logits.
    """

    pixels: str
    steps: tuple[Step, ...]
    last: Step


def read(model: Any) -> Network:
    """Return the layers of a functional tf_keras ``model`` from one image to logits.

    Raises:
        BadInput: the model is not functional, a layer or one of its settings is not known, a layer is used twice, or no
            dense layer gives the logits.
    """
    if not isinstance(model, keras.Model) or isinstance(model, keras.Sequential) or not model.inputs:
        raise BadInput(
            f"bounds of a {type(model).__name__}: expected a functional tf_keras model; build it with keras.Model"
        )
    for layer in model.layers[1:]:
        _check(layer)
    # The configuration and not the layers: a layer that was wrapped for pruning remembers its place in two networks.
    pixels, *described = model.get_config()["layers"]
    steps = []
    for layer, description in zip(model.layers[1:], described, strict=True):
        if len(description["inbound_nodes"]) != 1:
            raise BadInput(f"bounds: layer {layer.name} is used more than once; expected one use; build it twice")
        steps.append(Step(layer, tuple(source[0] for source in description["inbound_nodes"][0])))
    while type(steps[-1].layer) in IDENTITIES:
        steps.pop()
    if type(steps[-1].layer) is not keras.layers.Dense:
        raise BadInput(
            f"bounds: the logits come from {steps[-1].layer.name}; expected a dense layer; end the network with one"
        )
    return Network(pixels["name"], tuple(steps[:-1]), steps[-1])


def _check(layer: Any) -> None:
    # Not isinstance: a subclass may compute something else.
    if type(layer) not in KNOWN:
        names = ", ".join(sorted(kind.__name__ for kind in KNOWN))
        raise BadInput(
            f"bounds: layer {layer.name} is a {type(layer).__name__}; expected one of {names}; "
            "attack the network without a bound"
        )
    expected, found = KNOWN[type(layer)], layer.get_config()
    if isinstance(layer, keras.layers.BatchNormalization):
        expected = {"axis": [layer.input_spec.ndim - 1]}
    for setting, value in expected.items():
        if found[setting] != value:
            raise BadInput(
                f"bounds: layer {layer.name} has {setting} {found[setting]!r}; expected {value!r}; "
                "attack the network without a bound"
            )
