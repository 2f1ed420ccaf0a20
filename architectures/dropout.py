"""Dropout that keeps its random state in a weight, so that a checkpoint has it and a resumed training draws the same.

The stock layer keeps its seed in the traced function, where a resumed training starts its sequence again.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras


class StatelessDropout(keras.layers.Layer):  # type: ignore[misc]  # tf_keras has no types
    """Zero each unit with probability ``rate`` in training and scale the others by 1 / (1 - rate).

    The mask of the t-th training call is drawn by the stateless generator from the key (layer seed, t); both numbers
    are one non-trainable int32 weight of shape (2,). Inference is the identity.
    Source: Krizhevsky et al. 2012, section 4.2, in the inverted form, which scales in training and not at test.
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def build(self, input_shape: Any) -> None:
        """Draw the layer's seed from Keras's seeded generator, and start the count of calls at zero."""
        self.state = self.add_weight(
            name="state", shape=(2,), dtype=tf.int32, initializer=_first_state, trainable=False
        )
        super().build(input_shape)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return ``inputs`` with dropout when ``training``, unchanged otherwise; same shape and dtype."""
        if not training:
            return inputs
        self.state.assign_add([0, 1])
        kept = tf.random.stateless_uniform(tf.shape(inputs), seed=self.state) >= self.rate
        return tf.where(kept, inputs / (1 - self.rate), tf.zeros_like(inputs))

    def get_config(self) -> dict[str, Any]:
        """Return what rebuilds the layer; its state is a weight."""
        return {**super().get_config(), "rate": self.rate}


def _first_state(_shape: Any, dtype: Any, **_: Any) -> Any:
    seed = keras.initializers.RandomUniform(0, 2**31 - 1)((1,), dtype=dtype)
    return tf.concat([seed, tf.zeros((1,), dtype)], axis=0)
