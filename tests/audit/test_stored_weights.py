"""Every format of weights that is taken, and what is refused of files that are damaged, hostile or of another network."""

from __future__ import annotations

import io
import pickle
import shutil
import warnings
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from foreign import NETS, SIZE, build, right_weights

from bench.audit import stored_weights
from bench.audit.stored_weights import restore
from bench.errors import BadInput
from bench.records.files import write_arrays
from bench.training.network import weights_of


def plain(name: str) -> str:
    return name.removesuffix(":0")


def named(model: Any) -> dict[str, Any]:
    """Return the weights by name, out of order where the names are the same in every network."""
    found = [(plain(weight.name), weight.numpy()) for weight in model.weights]
    return dict(found[::2] + found[1::2] if model.layers[-1].name == "logits" else found)


Saved = Callable[..., Path]
SAVES: dict[str, Callable[[Any, Path], Any]] = {
    "numbered.npz": lambda model, path: np.savez(path, *model.get_weights()),
    "named.npz": lambda model, path: np.savez(path, **named(model)),
    "suite.npz": lambda model, path: write_arrays(path, weights_of(model)),
    "double.npz": lambda model, path: np.savez_compressed(path, *map(np.float64, model.get_weights())),
    "w.weights.h5": lambda model, path: model.save_weights(path),
    "keras2.h5": lambda model, path: model.save_weights(path),
    "whole.h5": lambda model, path: model.save(path),
    "whole.keras": lambda model, path: model.save(path),
    "saved": lambda model, path: model.save(path, save_format="tf"),
    "exported": lambda model, path: model.export(path),
}


def save(name: str, model: Any, folder: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        SAVES[name](model, folder / name)
    return folder / name


@pytest.fixture(scope="module")
def saves(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Return what saves a network of ``NETS`` in a format once, for all tests."""

    @cache
    def once(name: str, net: str = "functional") -> Path:
        return save(name, build(NETS[net]), tmp_path_factory.mktemp("saves"))

    return once


@pytest.fixture
def saved(saves: Saved, tmp_path: Path) -> Saved:
    """Return what gives a file or folder of a network of ``NETS`` in a format, a copy that may be damaged."""

    def copied(name: str, net: str = "functional") -> Path:
        path = saves(name, net)
        return Path((shutil.copytree if path.is_dir() else shutil.copyfile)(path, tmp_path / name))

    return copied


@pytest.fixture(scope="module")
def in_training() -> Any:
    """A network that was trained by a step, with its optimiser."""
    model = build()
    model.compile("adam", "mse", metrics=["mae"])
    keras.utils.set_random_seed(0)
    model.fit(np.zeros((2, SIZE, SIZE, 3)), np.zeros((2, 4)), verbose=0)
    return model


def same(model: Any, arrays: list[Any]) -> bool:
    return all(np.array_equal(ours, theirs) for ours, theirs in zip(model.get_weights(), arrays, strict=True))


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("name", SAVES)
def test_weights_of_every_format_are_found_again(saved: Saved, name: str, net: str) -> None:
    path = saved(name, net)
    model = build(NETS[net])
    model.set_weights([0 * array for array in model.get_weights()])
    if net == "nested" and name == "saved":  # a nested model is saved as a list beside objects
        with pytest.raises(BadInput, match=r"np\.savez"):
            restore(model, path)
    else:
        restore(model, path)
        assert same(model, right_weights())


@pytest.mark.parametrize("name", [name for name in SAVES if not name.endswith(".npz")])
def test_the_state_of_a_training_is_left_aside(tmp_path: Path, in_training: Any, name: str) -> None:
    restored = build()
    restore(restored, save(name, in_training, tmp_path))
    assert same(restored, in_training.get_weights())
    assert not same(restored, right_weights())


def test_a_network_of_keras_3_is_taken(tmp_path: Path) -> None:
    import keras as keras3

    layers = keras3.layers
    pixels = keras3.Input((SIZE, SIZE, 3))
    x = layers.Flatten()(layers.Dropout(0.5)(layers.BatchNormalization()(layers.Conv2D(3, 1)(pixels))))
    model = keras3.Model(pixels, layers.Dense(4)(x))
    model.set_weights(right_weights())
    paths = [save(name, model, tmp_path) for name in ("w.weights.h5", "whole.keras")]
    with h5py.File(paths[0], "a") as file:  # as earlier versions of it write
        file["layers/dropout/seed_generator/vars/0"] = np.zeros(2, np.uint32)
    for path in paths:
        restored = build()
        restored.set_weights([0 * array for array in right_weights()])
        restore(restored, path)
        assert same(restored, right_weights())


def sorted_by_name(model: Any) -> dict[str, Any]:
    return {f"x_{plain(weight.name)}": weight.numpy() for weight in sorted(model.weights, key=lambda each: each.name)}


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (
            lambda path, arrays: np.savez(path, *arrays[:6], np.zeros((5, 4)), arrays[7]),
            r"expected 'logits/kernel' of shape \(1200, 4\), received 'arr_6' of shape \(5, 4\)",
        ),
        (
            lambda path, arrays: np.savez(path, *arrays[:-1]),
            r"expected 'logits/bias' of shape \(4,\), received none \(8 weights in the network, 7 in the file\)",
        ),
        (lambda path, arrays: np.savez(path, *arrays, arrays[0]), r"expected no more, received 'arr_8'"),
        # In another order, where all shapes fit, another network would come out.
        (
            lambda path, _: np.savez(path, **sorted_by_name(build())),
            r"expected 'conv/kernel' of shape .*, received 'x_bn/beta'",
        ),
        (
            lambda path, arrays: np.savez(path, **{f"w{n}": array for n, array in enumerate(arrays)}),
            r"expected 'conv/kernel' .*, received 'w0' of shape \(1, 1, 3, 3\)",
        ),
        (
            lambda path, arrays: np.savez(path, *[array.astype(np.int8) for array in arrays]),
            "in int8: expected float32",
        ),
        (lambda path, arrays: np.savez(path, *arrays[:-1], arrays[-1] * np.nan), "has NaN or infinity in 'arr_7'"),
        (lambda path, arrays: np.savez(path, *arrays[:-1], np.full(4, 1e300)), "has NaN or infinity in 'arr_7'"),
        (lambda path, _: np.savez(path), "received none"),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_the_first_that_differs(
    tmp_path: Path, write: Callable[..., Any], said: str
) -> None:
    write(tmp_path / "w.npz", right_weights())
    with pytest.raises(BadInput, match=said):
        restore(build(), tmp_path / "w.npz")


@pytest.mark.parametrize("name", SAVES)
def test_weights_of_another_network_are_refused(tmp_path: Path, saves: Saved, name: str) -> None:
    wider = NETS["functional"].replace(
        "keras.layers.Flatten()(x)", "keras.layers.Flatten()(keras.layers.Conv2D(3, 1)(x))"
    )
    names: dict[str, Any] = {}
    exec(wider, names)
    longer = names["net"]((SIZE, SIZE, 3), 4)
    theirs = save(name, longer, tmp_path)
    with pytest.raises(BadInput, match=r"does not fit the network: expected .*10 in the file\).*np\.savez"):
        restore(build(), theirs)
    with pytest.raises(
        BadInput, match=r"does not fit the network: expected .*10 weights in the network, 8 in the file"
    ):
        restore(longer, saves(name))


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "w.pkl", "saved_model.pb", "w.npy", "w", "w.ckpt"])
def test_other_formats_are_refused_unread_with_the_way_out(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(pickle.dumps(Canary(tmp_path / "canary")))
    with pytest.raises(BadInput, match=r"cannot take weights from .*np\.savez\('weights\.npz', \*model\.get_weights"):
        restore(build(), tmp_path / name)
    assert not (tmp_path / "canary").exists()


def test_a_missing_file_and_a_folder_of_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist; check its path"):
        restore(build(), tmp_path / "w.npz")
    with pytest.raises(BadInput, match="cannot take weights"):
        restore(build(), tmp_path)
    with pytest.raises(BadInput, match="File name too long"):
        restore(build(), tmp_path / ("w" * 300))


class Canary:
    """Unpickled, it would make a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.mkdir, (self.path,)  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["w.npz", "w.h5", "w.weights.h5", "w.keras"])
def test_a_pickle_under_another_name_is_not_run(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(pickle.dumps(Canary(tmp_path / "canary")))
    with pytest.raises(BadInput, match="expected a whole file of the format that its name says; copy it again"):
        restore(build(), tmp_path / name)
    assert not (tmp_path / "canary").exists()


def test_a_pickle_inside_an_npz_is_not_run(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", *right_weights()[:-1], np.array([Canary(tmp_path / "canary")], dtype=object))
    with pytest.raises(BadInput, match=r"has Python objects in 'arr_7\.npy', and to read them would run code"):
        restore(build(), tmp_path / "w.npz")
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("name", ["whole.h5", "whole.keras", "saved"])
def test_code_in_a_whole_model_is_not_run(tmp_path: Path, name: str) -> None:
    canary = tmp_path / "canary"

    def trap(x: Any, path: str = str(canary)) -> Any:
        import pathlib

        pathlib.Path(path).touch()
        return x

    model = build()
    trapped = keras.Model(model.input, keras.layers.Lambda(trap)(model.output))
    path = save(name, trapped, tmp_path)
    canary.unlink()
    restored = build()
    restored.set_weights([0 * array for array in right_weights()])
    restore(restored, path)
    assert same(restored, right_weights())
    assert not canary.exists()
    if name == "whole.h5":  # Keras itself walks into the trap
        keras.models.load_model(path, compile=False)
        assert canary.exists()


@pytest.mark.parametrize("name", SAVES)
@pytest.mark.parametrize("part", [0.0, 0.5, 0.98])
def test_a_truncated_file_is_refused(saved: Saved, name: str, part: float) -> None:
    path = saved(name)
    for file in [path] if path.is_file() else path.glob("variables/*"):
        file.write_bytes(file.read_bytes()[: int(part * file.stat().st_size)])
    with pytest.raises(BadInput, match="copy it again"):
        restore(build(), path)


@pytest.mark.parametrize("name", ["numbered.npz", "double.npz", "saved"])
def test_a_flipped_bit_is_refused_or_changes_nothing(saved: Saved, name: str) -> None:
    path = saved(name)
    file = path if path.is_file() else path / "variables/variables.data-00000-of-00001"
    content = file.read_bytes()
    model = build()
    draw = np.random.default_rng(0)
    refused = 0
    for place in draw.choice(len(content) * 8, 50, replace=False):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << (place % 8)
        file.write_bytes(damaged)
        try:
            restore(model, path)
        except BadInput:
            refused += 1
        else:
            assert same(model, right_weights())
    assert refused > 40


def test_a_file_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_weights, "ALWAYS_READ", 1000)
    np.savez_compressed(tmp_path / "w.npz", *right_weights(), np.zeros(10**6))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(10**6))
    (tmp_path / "w.keras").write_bytes(content.getvalue())
    for name in ("w.npz", "w.keras"):
        with pytest.raises(BadInput, match=r"unpacks to .* bytes: expected at most"):
            restore(build(), tmp_path / name)


def test_an_array_that_claims_more_than_memory_is_refused_unread(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**15,)})
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        archive.writestr("arr_0.npy", header.getvalue())
    with h5py.File(tmp_path / "w.weights.h5", "w") as file:
        file.create_dataset("layers/conv2d/vars/0", (10**15,), "f4")
    for name in ("w.npz", "w.weights.h5"):
        with pytest.raises(BadInput, match=r"received .* of shape \(1000000000000000,\)"):
            restore(build(), tmp_path / name)


def test_a_keras_archive_without_weights_in_hdf5_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w.keras", "w") as archive:
        archive.writestr("model.weights.npz", b"")
    with pytest.raises(BadInput, match=r"has no model\.weights\.h5"):
        restore(build(), tmp_path / "w.keras")


@pytest.mark.parametrize(
    "kind", ["external dataset", "virtual dataset", "chunked dataset", "external link", "soft link"]
)
def test_hdf5_leads_to_no_other_file(tmp_path: Path, kind: str) -> None:
    bias = right_weights()[-1]
    (tmp_path / "secret").write_bytes(bias.tobytes())
    with h5py.File(tmp_path / "secret.h5", "w") as other:
        other["bias"] = bias
    path = save("w.weights.h5", build(), tmp_path)
    with h5py.File(path, "a") as file:
        group = file["layers/dense/vars"]
        del group["1"]
        if kind == "external dataset":
            group.create_dataset("1", (4,), "f4", external=[(str(tmp_path / "secret"), 0, 16)])
        elif kind == "virtual dataset":
            layout = h5py.VirtualLayout((4,), "f4")
            layout[:] = h5py.VirtualSource(tmp_path / "secret.h5", "bias", (4,))
            group.create_virtual_dataset("1", layout)
        elif kind == "chunked dataset":
            group.create_dataset("1", data=bias, compression="gzip")
        else:
            soft = kind == "soft link"
            group["1"] = (
                h5py.SoftLink("/layers/dense/vars/0") if soft else h5py.ExternalLink(tmp_path / "secret.h5", "bias")
            )
    said = "external, virtual or chunked dataset" if "dataset" in kind else r"expected 'logits/bias' .* received none"
    with pytest.raises(BadInput, match=said):
        restore(build(), path)


def test_a_circle_of_groups_ends(tmp_path: Path) -> None:
    path = save("w.weights.h5", build(), tmp_path)
    with h5py.File(path, "a") as file:
        file["layers/conv2d/self"] = file["layers"]
    model = build()
    restore(model, path)
    assert same(model, right_weights())


def test_weights_that_keras_cannot_tell_apart_are_refused_where_there_is_no_order(tmp_path: Path) -> None:
    twin = keras.Sequential([keras.Input((SIZE, SIZE, 3)), keras.layers.Dense(3, name="one")])
    inner = keras.Sequential([keras.Input((SIZE, SIZE, 3)), keras.layers.Dense(3, name="one")])
    pixels = keras.Input((SIZE, SIZE, 3))
    body = keras.Model(pixels, twin(inner(pixels)))
    model = keras.Sequential([keras.Input((SIZE, SIZE, 3)), body])
    np.savez(tmp_path / "w.npz", *model.get_weights())
    restore(model, tmp_path / "w.npz")
    path = save("keras2.h5", build(), tmp_path)
    with pytest.raises(BadInput, match=r"cannot tell which array of .*np\.savez"):
        restore(model, path)


def test_names_that_would_control_a_terminal_are_shown_harmless(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", **{"\x1b[31mred": np.zeros(1)})
    with pytest.raises(BadInput) as refusal:
        restore(build(), tmp_path / "w.npz")
    assert str(refusal.value).isprintable()


def test_a_weight_that_is_no_float_is_restored_too(tmp_path: Path) -> None:
    class Counter(keras.layers.Layer):
        def build(self, _: Any) -> None:
            self.count = self.add_weight("count", (), tf.int64, "zeros", trainable=False)

        def call(self, x: Any) -> Any:
            return x

    def counted() -> Any:
        model = build()
        return keras.Model(model.input, Counter()(model.output))

    model = counted()
    model.set_weights([*right_weights(), np.int64(12)])
    for name in ("w.weights.h5", "keras2.h5", "numbered.npz", "saved"):
        restored = counted()
        restore(restored, save(name, model, tmp_path))
        assert restored.get_weights()[-1] == 12
