"""A network of somebody else's file: what its function may look like and return, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tf_keras as keras
from click.testing import CliRunner
from foreign import FUNCTIONAL, HEAD, NETS, bands, right_weights, write_net
from tiny import tiny_run
from trainings import train

from bench.audit import foreign
from bench.cli.main import main
from bench.datasets.base import Dataset
from bench.errors import BadInput
from bench.evaluation.classifier import Classifier
from bench.records.files import write_arrays
from bench.training.network import restore


def load(place: str, folder: Path, said: list[str] | None = None, classes: int = 4) -> Any:
    """Load the network of ``place`` with the right weights on the bands."""
    np.savez(folder / "w.npz", *right_weights(classes))
    report = (said if said is not None else []).append
    return foreign.load(place, folder / "w.npz", bands(classes=classes), report)


@pytest.mark.parametrize("net", NETS)
def test_a_network_is_loaded_and_computes_what_it_did(tmp_path: Path, net: str) -> None:
    said: list[str] = []
    model = load(write_net(tmp_path, NETS[net]), tmp_path, said)
    assert model.output_shape == (None, 4)
    assert said == []
    images = bands().val.images.astype(np.float32)
    assert (Classifier(model).logits(images).argmax(axis=1) == bands().val.labels).all()


def test_a_network_of_this_suite_is_the_same_to_the_bit_through_this_door(tmp_path: Path, tiny: Dataset) -> None:
    run = tiny_run(epochs=6, learning_rate=0.02)
    weights = train(run, tiny, tmp_path).weights
    write_arrays(tmp_path / "weights.npz", weights)
    images = tiny.val.images.astype(np.float32)
    logits = Classifier(restore(run, 4, weights)).logits(images)
    for place in ("fc5", write_net(tmp_path, "from bench.architectures.fc5 import fc5 as net\n")):
        loaded = foreign.load(place, tmp_path / "weights.npz", tiny, print)
        assert np.array_equal(Classifier(loaded).logits(images), logits)


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("net(input_shape, num_classes)", "input_shape, num_classes"),
        ("net(shape, outputs)", "shape, outputs"),
        ("net(input_shape, outputs)", "input_shape, outputs"),
        ("net(shape, outputs, *, conv, dense)", "shape, outputs"),
        ("net(shape, outputs, conv=None, dense=None, width=3)", "shape, outputs"),
        ("net(*, num_classes, input_shape)", "input_shape, num_classes"),
        ("net(num_classes=7, width=3)", "(20, 20, 3), num_classes"),
        ("net(width=3)", "(20, 20, 3), 4"),
        ("net()", "(20, 20, 3), 4"),
        ("net(*rest, **options)", "(20, 20, 3), 4"),
    ],
)
def test_a_function_is_called_with_what_it_takes(tmp_path: Path, head: str, names: str) -> None:
    text = FUNCTIONAL.replace("net(", "inner(") + f"\n\ndef {head}:\n    return inner({names})\n"
    if "conv" in head:
        text = text.replace(
            "return inner", "assert conv is keras.layers.Conv2D and dense is keras.layers.Dense; return inner"
        )
    assert load(write_net(tmp_path, text), tmp_path).output_shape == (None, 4)


SUBCLASS = """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.flatten, self.dense = keras.layers.Flatten(), keras.layers.Dense(4)

    def call(self, x):
        return self.dense(self.flatten(x))


def net():
    return Net()
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def net(:\n", r"net\.py: SyntaxError: .*line 1"),
        ("\nimport no_such_module\n", r"net\.py, line 2: ModuleNotFoundError: No module named 'no_such_module'"),
        ("def nett(): ...\n", "unknown function of .*did you mean 'nett'"),
        (
            "def net():\n    return 1 / 0\n",
            r"net\.py, line 2: ZeroDivisionError: division by zero; expected a function \(\) or",
        ),
        ("def net(a): ...\n", r"takes \(a\): expected a function \(\) or \(input_shape, num_classes\)"),
        ("def net(a, b, c): ...\n", r"takes \(a, b, c\): expected a function"),
        ("def net(): ...\n", "returned <class 'NoneType'>: expected a functional or sequential model of tf_keras"),
        (
            FUNCTIONAL.replace("tf_keras", "keras"),
            r"returned a model of Keras 3, <class 'keras\..*expected .* tf_keras \(import tf_keras as keras\)",
        ),
        ("import keras\n" + SUBCLASS, "returned a model of Keras 3"),
        (HEAD + SUBCLASS, "a model without a graph of layers: expected a functional or sequential model"),
        (
            FUNCTIONAL.replace("Input(input_shape)", "Input((32, 32, 1))"),
            r"takes \(None, 32, 32, 1\): expected one input of \(None, 20, 20, 3\).*--image-size",
        ),
        (FUNCTIONAL.replace("Input(input_shape)", "Input(input_shape, batch_size=8)"), r"takes \(8, 20, 20, 3\)"),
        (
            HEAD + "def net(s, c):\n    return keras.Sequential([keras.layers.Flatten(), keras.layers.Conv2D(3, 1)])\n",
            r"cannot take images of \(20, 20, 3\)",
        ),
        (
            FUNCTIONAL.replace("keras.Model(pixels", "keras.Model([pixels, keras.Input((2,))]"),
            r"takes \(None, 20, 20, 3\), \(None, 2\): expected one input",
        ),
        (
            FUNCTIONAL.replace("Input(input_shape)", "Input(input_shape, dtype='uint8')").replace(
                "(pixels)", "(keras.layers.Rescaling(1.0)(pixels))", 1
            ),
            r"takes uint8: expected float32 pixel levels.*write keras\.Input\(\(20, 20, 3\)\)",
        ),
        (
            FUNCTIONAL.replace("Dense(num_classes", "Dense(1000"),
            r"returns \(None, 1000\): expected logits, \(None, 4\), one for each of the 4 classes of the images",
        ),
        (
            FUNCTIONAL.replace("Flatten()", "Flatten(dtype='mixed_bfloat16')"),
            "'flatten.*' of .* computes in bfloat16: expected float32",
        ),
        (
            FUNCTIONAL.replace(
                "    pixels", "    keras.mixed_precision.set_global_policy('mixed_float16')\n    pixels"
            ),
            "computes in float16: expected float32",
        ),
    ],
)
def test_a_function_that_returns_no_such_network_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as refusal:
        load(write_net(tmp_path, text), tmp_path)
    assert "net.py" in str(refusal.value)
    assert "Traceback" not in str(refusal.value)
    assert keras.mixed_precision.global_policy().name == "float32"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("net.py", "expected FILE.py:FUNCTION"),
        ("fc6", "did you mean 'fc5'"),
        ("nowhere.py:net", "cannot read nowhere.py"),
    ],
)
def test_a_place_that_names_no_function_is_refused(tmp_path: Path, place: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        load(place, tmp_path)


def test_the_policy_of_the_file_is_not_that_of_the_network(tmp_path: Path) -> None:
    text = FUNCTIONAL.replace("\n\n\n", "\n\nkeras.mixed_precision.set_global_policy('mixed_bfloat16')\n", 1)
    assert load(write_net(tmp_path, text), tmp_path).compute_dtype == "float32"
    assert keras.mixed_precision.global_policy().name == "float32"


LAST = 'keras.layers.Dense(num_classes, name="logits")(x)'


@pytest.mark.parametrize(
    ("last", "line"),
    [
        (LAST.replace(")(x)", ", activation='softmax')(x)"), "keras.layers.Dense(..., activation=None, name='logits')"),
        (LAST.replace(")(x)", ", activation='sigmoid')(x)"), "keras.layers.Dense(..., activation=None, name='logits')"),
        (f"keras.layers.Softmax(name='p')({LAST})", "return keras.Model(model.input, model.get_layer('p').input)"),
        (
            f"keras.layers.Activation('softmax', name='p')({LAST})",
            "return keras.Model(model.input, model.get_layer('p').input)",
        ),
    ],
)
def test_probabilities_are_refused_with_a_line_that_mends_it(tmp_path: Path, last: str, line: str) -> None:
    text = FUNCTIONAL.replace(LAST, last)
    assert text != FUNCTIONAL
    with pytest.raises(
        BadInput, match=r"the last layer of .*net\.py:net, .* applies s.*: expected logits; write"
    ) as refusal:
        load(write_net(tmp_path, text), tmp_path)
    assert str(refusal.value).endswith(line)
    if line.startswith("return"):
        text = text.replace("return ", "model = ") + f"    {line}\n"
    else:
        text = text.replace(last, line.replace("...", "num_classes") + "(x)")
    assert load(write_net(tmp_path, text), tmp_path).output_shape == (None, 4)


def test_probabilities_of_a_nested_model_are_refused(tmp_path: Path) -> None:
    text = FUNCTIONAL.replace(LAST, "keras.Sequential([keras.layers.Dense(num_classes), keras.layers.Softmax()])(x)")
    with pytest.raises(BadInput, match="applies softmax: expected logits"):
        load(write_net(tmp_path, text), tmp_path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["OTHER"], "--control"),
        (["--quantise", "int8"], "--quantise has no effect"),
        (["--results-dir", "elsewhere"], "--results-dir has no effect"),
        (["--temperature", "0"], "temperature is 0.0: expected"),
        (["--image-size", "8"], "image_size is 8: expected pixels in [32, 512]"),
    ],
)
def test_what_an_audit_of_a_file_cannot_use_is_refused(words: list[str], expected: str, tmp_path: Path) -> None:
    usual = ["audit", "none.py:build", "--weights", "none.npz", "--data-dir", str(tmp_path)]
    found = CliRunner().invoke(main, [*usual, *words])
    assert (found.exit_code, expected in found.output) == (2, True), found.output


@pytest.mark.parametrize(("eps", "expected"), [("300", "[0, 255]"), ("4,2", "ascending"), ("0", "above 0")])
def test_radii_that_cannot_be_are_refused_before_the_network_is_built(eps: str, expected: str) -> None:
    found = CliRunner().invoke(main, ["audit", "none.py:build", "--weights", "none.npz", "--eps", eps])
    assert (found.exit_code, expected in found.output) == (2, True)
