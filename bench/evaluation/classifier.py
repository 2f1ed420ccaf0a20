"""A TensorFlow network as a target: compiled, in float32, with counts of its zero gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from bench.attacks.base import Target
from bench.attacks.losses import CrossEntropy, Dlr, Logit, Loss, Margin, TargetedMargin, UnitGap
from bench.datasets.base import Images, Labels
from bench.errors import BadInput, BenchError

BATCH = 256


class Classifier(Target):
    """A float32 network that maps pixel levels to logits, in inference mode.

    ``zero_images``, ``zero_pixels`` and ``broken`` count over the gradients since the last ``forget``.

    Args:
        model: the tf_keras network.
        temperature: the T of its training.
        others: maps the name of another run to its network, as ``other`` does.

    Attributes:
        broken: the number of gradient values that were NaN or infinite.
        gradients: the number of images that a gradient was taken of.
        queries: the number of images that were classified without a gradient.

    Raises:
        BenchError: the network computes in another type than float32, or returns probabilities.
    """

    def __init__(self, model: Any, temperature: float = 1.0, others: Callable[[str], Target] | None = None) -> None:
        if model.dtype_policy.compute_dtype != "float32":
            raise BenchError(
                f"an attack needs a float32 network: received one in {model.dtype_policy.compute_dtype}; build it in float32"
            )
        last = model.layers[-1]
        if getattr(last, "activation", None) is not None and last.activation.__name__ != "linear":
            raise BenchError(
                f"an attack needs logits: expected a linear last layer, received one with {last.activation.__name__}; remove it"
            )
        self.model, self.temperature = model, temperature
        self._others = others
        pixels = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
        classes, temperatures = tf.TensorSpec((None,), tf.int64), tf.TensorSpec((), tf.float32)
        # One trace for every number of images: tracing a deep network takes longer than a few of its steps. Of a partial
        # TensorFlow counts the traces apart: of one function it would warn when a few networks are at work.
        self._logits = tf.function(partial(model, training=False), [pixels])
        signature = [pixels, classes, classes, temperatures]
        self._losses = {kind: tf.function(partial(_step, model, loss), signature) for kind, loss in LOSSES.items()}
        self.forget()

    def forget(self) -> None:
        """Start the counts again."""
        self._gradients_zero: list[NDArray[np.bool_]] = []
        self._values_zero = self._values = self.broken = self.gradients = self.queries = 0

    def logits(self, images: Images) -> NDArray[np.float32]:
        """Return the logits (n, classes) of ``images`` (n, height, width, 3), float32 pixel levels."""
        self.queries += len(images)
        return _joined([self._logits(chunk) for chunk in _chunks(images)], self.model.output_shape[1:])

    def step(
        self, images: Images, labels: Labels, loss: Loss, others: Labels
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], Images]:
        """Return logits (n, classes), losses (n,) and gradients, of the shape of ``images``, from one pass.

        NaN in a gradient becomes 0 and infinity the largest float32; both are counted in ``broken``.

        ``others``, int64 (n,): the classes that a targeted loss goes for.

        Raises:
            BadInput: the loss is DLR, and the network has two classes or one.
        """
        classes = self.model.output_shape[-1]
        if isinstance(loss, Dlr) and classes < 3:
            raise BadInput(f"loss=dlr needs three classes, received {classes}: attack with loss=margin")
        temperature = tf.constant(loss.temperature if isinstance(loss, CrossEntropy) else 1.0, tf.float32)
        compiled = self._losses[type(loss)]
        chunks = zip(_chunks(images), _chunks(labels), _chunks(others), strict=True)
        parts = [compiled(*chunk, temperature) for chunk in chunks]
        shapes = (self.model.output_shape[1:], (), images.shape[1:])
        logits, values, gradient = (_joined([part[place] for part in parts], each) for place, each in enumerate(shapes))
        self.gradients += len(images)
        zero = gradient == 0
        self._gradients_zero.append(zero.all(axis=(1, 2, 3)))
        self._values_zero += int(np.count_nonzero(zero))
        self._values += gradient.size
        self.broken += int(gradient.size - np.count_nonzero(np.isfinite(gradient)))
        return logits, values, np.nan_to_num(gradient, copy=False)

    def other(self, name: str) -> Target:
        """Return the network of another run; "" is the control. BenchError where no other networks were given."""
        if self._others is None:
            raise BenchError(
                f"the network of {name or 'the control'} was asked for: expected an attack on a recorded run"
            )
        return self._others(name)

    @property
    def zero_images(self) -> float:
        """The fraction of the gradients that are zero in every value; 0 if there was none."""
        flags = np.concatenate(self._gradients_zero) if self._gradients_zero else np.zeros(0, bool)
        return float(flags.mean()) if flags.size else 0.0

    @property
    def zero_pixels(self) -> float:
        """The fraction of the gradient values that are zero; 0 if there was none."""
        return self._values_zero / self._values if self._values else 0.0


def _chunks(array: NDArray[Any]) -> list[NDArray[Any]]:
    return [array[start : start + BATCH] for start in range(0, len(array), BATCH)]


def _joined(parts: Sequence[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the rows of ``parts``, each of ``shape``, as one array: of no rows where there is no part."""
    return np.concatenate([np.zeros((0, *shape), np.float32), *(each.numpy() for each in parts)])


def _cross_entropy(labels: Any, logits: Any, _others: Any, temperature: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits / temperature)


def _margin(labels: Any, logits: Any, _others: Any, _temperature: Any) -> Any:
    true = tf.one_hot(labels, logits.shape[-1], on_value=True, off_value=False)
    rest = tf.where(true, tf.fill(tf.shape(logits), -np.inf), logits)
    return tf.reduce_max(rest, axis=1) - tf.gather(logits, labels, batch_dims=1)


def _dlr(labels: Any, logits: Any, _others: Any, _temperature: Any) -> Any:
    largest = tf.math.top_k(logits, min(3, logits.shape[-1])).values
    return _margin(labels, logits, None, None) / (largest[:, 0] - largest[:, -1] + 1e-12)


def _unit_gap(labels: Any, logits: Any, _others: Any, _temperature: Any) -> Any:
    largest = tf.math.top_k(logits, 2).values
    gap = tf.stop_gradient(largest[:, 0] - largest[:, 1])
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits / tf.maximum(gap, 1e-12)[:, None])


def _targeted_margin(labels: Any, logits: Any, others: Any, _temperature: Any) -> Any:
    return tf.gather(logits, others, batch_dims=1) - tf.gather(logits, labels, batch_dims=1)


def _logit(_labels: Any, logits: Any, others: Any, _temperature: Any) -> Any:
    return tf.gather(logits, others, batch_dims=1)


LOSSES = {
    CrossEntropy: _cross_entropy,
    Margin: _margin,
    Dlr: _dlr,
    UnitGap: _unit_gap,
    TargetedMargin: _targeted_margin,
    Logit: _logit,
}


def _step(model: Any, loss: Any, images: Any, labels: Any, others: Any, temperature: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = model(images, training=False)
        losses = loss(labels, logits, others, temperature)
    return logits, losses, tape.gradient(losses, images, unconnected_gradients="zero")
