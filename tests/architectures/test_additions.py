"""A new architecture or method needs a file and a line, or comes from the user's file or another package."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import tensorflow as tf
from tiny import tiny_run
from trainings import StopAt, train
from whole_runs import go

from bench.attacks import attack_named
from bench.attacks.spec import AttackSpec
from bench.datasets.base import Dataset
from bench.errors import BadInput, IntegrityError, Interrupted
from bench.methods.base import Method
from bench.methods.compose import methods_of
from bench.records.provenance import packages
from bench.spec.architectures import ARCHITECTURES, Architecture, architecture, source_of
from bench.spec.methods import METHODS
from bench.training.network import build

PERCEPTRON = """
import tf_keras as keras


def perceptron(input_shape, num_classes, *, conv, dense):
    pixels = keras.Input(input_shape)
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(pixels))
    return keras.Model(pixels, dense(num_classes, name="fc")(x))
"""


@pytest.mark.usefixtures("tiny_source")
def test_an_architecture_is_added_by_a_file_and_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "perceptron.py").write_text(PERCEPTRON)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(ARCHITECTURES.data, "perceptron", Architecture("perceptron:perceptron", learning_rate=0.01))
    run = tiny_run(arch="perceptron", sparsity=0.5, epochs=3)
    result = go(tmp_path / "results", run)
    assert result.training.measured.sparsity == pytest.approx(0.5, abs=1e-3)


@pytest.mark.usefixtures("tiny_source")
def test_a_network_of_the_users_file_belongs_to_what_the_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(PERCEPTRON)
    run = tiny_run(arch="net.py:perceptron", sparsity=0.5)
    result = go(tmp_path / "results", run)
    assert run.name.startswith("net-perceptron-s0.5-")
    assert result.training.source == source_of(run.arch)
    assert not go(tmp_path / "results", run).worked
    Path("net.py").write_text(PERCEPTRON + "# changed\n")
    changed = source_of(run.arch)
    assert changed != result.training.source
    more = AttackSpec(attack_named("fgsm"), (0.0, 2.0))
    monkeypatch.setattr("bench.training.runtime.prepare", lambda: pytest.fail("TensorFlow was started"))
    with pytest.raises(IntegrityError) as refusal:
        go(tmp_path / "results", run, more)
    assert str(changed)[:12] in str(refusal.value)
    assert str(result.training.source)[:12] in str(refusal.value)
    monkeypatch.undo()


@pytest.mark.usefixtures("tiny_source")
def test_an_unfinished_training_of_a_changed_file_is_not_gone_on_from(
    tmp_path: Path, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(PERCEPTRON)
    run = tiny_run(arch="net.py:perceptron")
    with pytest.raises(Interrupted):
        train(run, tiny, tmp_path / "results", StopAt(2))
    Path("net.py").write_text(PERCEPTRON + "# changed\n")
    with pytest.raises(IntegrityError, match="another architecture file"):
        train(run, tiny, tmp_path / "results")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot read"),
        ("def net(:\n", r"SyntaxError: .*line 1"),
        ("import no_such_module\n", "line 1: ModuleNotFoundError"),
        ("def nett(*_, **__): ...\n", "did you mean 'nett'?"),
        ("def net(*_, **__):\n    return 1 / 0\n", "line 2: ZeroDivisionError"),
        ("def net(shape, classes): ...\n", "TypeError"),
        ("def net(*_, **__): ...\n", "expected a functional or sequential model of tf_keras"),
        (
            PERCEPTRON.replace("perceptron", "net").replace("num_classes, name", "7, name"),
            r"expected logits, \(None, 4\)",
        ),
        (
            PERCEPTRON.replace("perceptron", "net").replace('name="fc"', 'activation="softmax"'),
            "applies softmax: expected logits",
        ),
        (
            PERCEPTRON.replace("perceptron", "net").replace("Input(input_shape)", "Input((32, 32, 1))"),
            r"takes \(None, 32, 32, 1\): expected one input of \(None, 32, 32, 3\)",
        ),
        (
            PERCEPTRON.replace("perceptron", "net").replace('name="fc"', 'dtype="float16"'),
            "computes in float16: expected float32",
        ),
        (
            PERCEPTRON.replace("perceptron", "net").replace(
                'dense(num_classes, name="fc")', "keras.layers.Lambda(lambda x: x[:, :4])"
            ),
            "has no kernel to train",
        ),
        (
            PERCEPTRON.replace("perceptron", "net").replace("Rescaling(1 / 255)", "DepthwiseConv2D(3, name='inner')"),
            "weights in inner, a layer of type DepthwiseConv2D, that no method would see",
        ),
        (
            PERCEPTRON.replace("perceptron", "net").replace(
                'dense(num_classes, name="fc")', "keras.Sequential([keras.layers.Dense(num_classes)], name='inner')"
            ),
            "weights in inner, a layer of type Sequential, that no method would see",
        ),
    ],
)
def test_a_file_that_makes_no_network_is_refused_by_name(
    text: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("net.py").write_text(text)
    with pytest.raises(BadInput, match=said) as refusal:
        build(tiny_run(arch="net.py:net"), 4, "float32")
    assert "net.py" in str(refusal.value)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("dense(num_classes)", r"a dense layer of 4 units has no name: expected one, as in dense\(4, name='fc'\)"),
        ("keras.layers.Dense(num_classes)", "dropout would do nothing"),
    ],
)
def test_dropout_is_refused_where_it_cannot_come_before_a_dense_layer(
    layer: str, said: str, tmp_path: Path, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(PERCEPTRON.replace('dense(num_classes, name="fc")', layer))
    with pytest.raises(BadInput, match=said):
        train(tiny_run(arch="net.py:perceptron", dropout=0.5), tiny, tmp_path)


class Point:
    """Stand in for an entry point."""

    group = "bench.architectures"
    dist = None

    def __init__(self, name: str, found: Any) -> None:
        self.name, self.value, self.found = name, "their:net", found

    def load(self) -> Any:
        return self.found


def test_a_package_offers_a_function_or_a_row_with_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bench import plugins
    from bench.spec.architectures import _row

    (tmp_path / "their_net.py").write_text(PERCEPTRON)
    monkeypatch.syspath_prepend(tmp_path)
    import their_net

    row = Architecture("their_net:perceptron", learning_rate=0.3)
    offers = [Point("bare", their_net.perceptron), Point("row", row), Point("wrong", 3)]
    monkeypatch.setattr(plugins, "entry_points", lambda **_: offers)
    table = plugins.Plugins("bench.architectures", {}, _row)
    assert table["row"] is row
    assert table["bare"].function() is their_net.perceptron
    assert table["bare"].learning_rate == architecture("a.py:b").learning_rate == 0.05
    with pytest.raises(BadInput, match="expected an Architecture or a function"):
        table["wrong"]


@dataclass(frozen=True)
class Shrink(Method):
    """Pull every kernel to zero by a penalty, and make dense layers without bias."""

    kind: ClassVar[str] = "shrink"
    strength: float = 0.01
    widths: ClassVar[list[int]] = []

    def dense(self, dense: Any) -> Any:
        return lambda units, **options: self.widths.append(units) or dense(units, **{**options, "use_bias": False})

    def penalty(self, model: Any) -> Any:
        return self.strength * tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in model.trainable_variables])


def test_a_method_of_another_package_makes_layers_and_adds_to_the_loss(
    tmp_path: Path, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METHODS.data, "shrink", Shrink)
    settings = {"learning_rate": 1e-3, "weight_decay": 0.0, "epochs": 1}
    norms = []
    for strength in (0.0, 5.0):
        run = tiny_run(**settings, method=f"shrink(strength={strength})")
        assert methods_of(run, 3)[-1] == Shrink(strength=strength)
        weights, _ = train(run, tiny, tmp_path / str(strength))
        assert not any("bias" in name for name in weights)
        norms.append(sum(float((array**2).sum()) for array in weights.values()))
    assert Shrink.widths[:5] == [1344, 672, 588, 294, 4]
    assert norms[1] < 0.99 * norms[0]


def test_a_method_is_refused_by_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS.data, "shrink", Shrink)
    with pytest.raises(BadInput, match="unknown setting of shrink 'strngth'"):
        methods_of(tiny_run(method="shrink(strngth=1)"), 3)


@dataclass(frozen=True)
class Dist:
    """Stand in for an installed package."""

    name: str
    version: str


@pytest.mark.usefixtures("tiny_source", "small_network")
def test_a_checkpoint_and_the_record_belong_to_the_versions_of_the_packages_behind_them(
    tmp_path: Path, tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = Point("shrink", Shrink)
    monkeypatch.setitem(METHODS.data, "shrink", Shrink)
    monkeypatch.setitem(METHODS._offers, "shrink", [point])
    monkeypatch.setattr(point, "dist", Dist("their-methods", "1.0"))
    run = tiny_run(arch="small", method="shrink(strength=0)")
    assert packages(run) == {"their-methods": "1.0"}
    assert packages(tiny_run(arch="small")) == {}
    with pytest.raises(Interrupted):
        train(run, tiny, tmp_path, StopAt(2))
    monkeypatch.setattr(point, "dist", Dist("their-methods", "2.0"))
    with pytest.raises(IntegrityError, match="another versions"):
        train(run, tiny, tmp_path)
    shutil.rmtree(tmp_path)
    assert go(tmp_path, run).training.environment.versions["their-methods"] == "2.0"
