"""A network in training: its weights, its optimiser and the compiled step that changes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from bench.datasets.base import Images, Labels
from bench.methods.base import OWN_RATE, Loss, Method
from bench.methods.kernels import kept_kernels, kernel_layers
from bench.records.files import Arrays
from bench.spec.run import Run
from bench.training.network import build


def learning_rates(run: Run, steps: int) -> Any:
    """Return the learning rate over ``steps`` steps: a linear rise to the peak, then half a cosine down to zero.

        lr_t = peak * t / w                                        for t < w
        lr_t = peak * (1 + cos(pi * (t - w) / (steps - w))) / 2    after

    where peak is ``run.learning_rate``, t counts from 0 and w is ``run.warmup`` * ``steps``, rounded.
    """
    rise = min(round(run.warmup * steps), steps - 1)
    if rise == 0:
        return keras.optimizers.schedules.CosineDecay(run.learning_rate, steps)
    return keras.optimizers.schedules.CosineDecay(0.0, steps - rise, warmup_target=run.learning_rate, warmup_steps=rise)


@dataclass
class TrainState:
    """A network in training: what a step changes and a checkpoint keeps.

    Args:
        model: the network as its methods prepared it.
        optimizer: SGD with Nesterov momentum, on the schedule of ``learning_rates``.
        plain: the variables of the network as the architecture built it, before a method wrapped it.
        own: the optimiser of the variables that methods train by themselves; None where there are none.
    """

    run: Run
    model: Any
    optimizer: Any
    methods: Sequence[Method]
    plain: Sequence[Any]
    own: Any = None

    @classmethod
    def fresh(cls, run: Run, classes: int, images: int, methods: Sequence[Method]) -> TrainState:
        """Build the network and its optimiser at step 0 of a training on ``images`` images."""
        model = build(run, classes, run.precision, methods)
        plain = list(model.weights)
        for method in methods:
            method.start(model)
        for method in methods:
            model = method.prepare(model)
        rates = learning_rates(run, run.steps(images))
        clip = run.clip_norm or None
        optimizer = keras.optimizers.SGD(rates, momentum=run.momentum, nesterov=True, global_clipnorm=clip)
        added = [variable for method in methods for variable in method.own_variables(model)]
        optimizer.build(_without(model.trainable_variables, added))
        model.compile(optimizer)  # where the pruning callback looks for the step counter
        own = keras.optimizers.Adam(OWN_RATE) if added else None
        if own:
            own.build(added)
        return cls(run, model, optimizer, methods, plain, own)

    def state(self) -> Arrays:
        """Return every array that the rest of the training depends on."""
        return {f"{index:04d}": variable.numpy() for index, variable in enumerate(self._variables())}

    def set_state(self, arrays: Arrays) -> None:
        """Set every array to what ``state`` returned."""
        _assign(self._variables(), arrays)

    def _variables(self) -> list[Any]:
        own = self.own.variables if self.own else []
        return [*self.model.weights, *self.optimizer.variables, *own]

    def warm_start(self, arrays: Arrays, steps: int) -> None:
        """Set the ``state`` of the unpruned control of this run after ``steps`` steps, before the first pruning."""
        _assign([*self.plain, *self.optimizer.variables], arrays)
        for method in self.methods:
            method.warm_start(self.model, steps)

    def fits(self, arrays: Arrays) -> bool:
        """Tell whether ``warm_start`` can use ``arrays``: no method of another package added variables."""
        variables = [*self.plain, *self.optimizer.variables]
        return [tuple(variable.shape) for variable in variables] == [array.shape for array in arrays.values()]

    def kernels(self) -> list[Any]:
        """Return the kernels: weight decay acts on them, and sparsity is counted over them."""
        return [layer.kernel for layer in kernel_layers(self.model)]

    def sparsity(self) -> float:
        """Return the fraction of zeros among all kernels, were the training to end now."""
        kernels = [kernel.numpy() for kernel in kept_kernels(self.model)]
        return float(1 - sum(np.count_nonzero(kernel) for kernel in kernels) / sum(kernel.size for kernel in kernels))

    def loss(self) -> Loss:
        """Return the loss that is trained on: cross-entropy, with what the methods make of it."""
        loss: Loss = cross_entropy
        for method in self.methods:
            loss = method.loss(loss)
        return loss

    def measure(self, images: Images, labels: Labels) -> dict[str, float]:
        """Return what the methods add to the row of an epoch."""
        found: dict[str, float] = {}
        for method in self.methods:
            found |= method.measure(self.model, images, labels, self.loss())
        return found

    def step_function(self) -> Callable[[Any, Any], tuple[Any, Any]]:
        """Return the compiled optimiser step: (images uint8, labels) -> (summed loss, number correct), before the update.

        The gradient is that of the mean loss (cross-entropy on logits, unless a method changes it) of the images, as the
        methods may change them, and the penalties of the methods, plus ``run.weight_decay`` times the kernel for each kernel.
        It is clipped to the norm ``run.clip_norm`` and goes to SGD with Nesterov momentum. Variables that a method trains by
        itself have the gradient of the same loss, and Adam.
        """
        model, optimizer, methods, decay = self.model, self.optimizer, self.methods, self.run.weight_decay
        own = self.own
        added = [variable for method in methods for variable in method.own_variables(model)]
        variables = _without(model.trainable_variables, added)
        decayed = {kernel.ref() for kernel in self.kernels()}
        loss_of = self.loss()

        def step(images: Any, labels: Any) -> tuple[Any, Any]:
            pixels, targets = tf.cast(images, tf.float32), labels
            for method in methods:
                targets = method.targets(pixels, targets)
            for method in methods:
                pixels = method.inputs(model, pixels, targets, loss_of, optimizer.iterations)
            with tf.GradientTape() as tape:
                logits = model(pixels, training=True)
                losses = loss_of(targets, logits)
                loss = tf.reduce_mean(losses)
                for method in methods:
                    penalty = method.penalty(model)
                    if penalty is not None:
                        loss += penalty
            gradients, of_added = tape.gradient(loss, [variables, added])
            penalised = [g + decay * v if v.ref() in decayed else g for g, v in zip(gradients, variables, strict=True)]
            optimizer.apply_gradients(zip(penalised, variables, strict=True))
            if own:
                own.apply_gradients(zip(of_added, added, strict=True))
            correct = tf.reduce_sum(tf.cast(tf.equal(tf.argmax(logits, axis=1), labels), tf.int64))
            return tf.reduce_sum(losses), correct

        compiled: Callable[[Any, Any], tuple[Any, Any]] = tf.function(step, reduce_retracing=True)
        return compiled


def cross_entropy(labels: Any, logits: Any) -> Any:
    """Return the cross-entropy of each image, (n,); ``labels`` are classes, int64 (n,), or probabilities (n, classes)."""
    if labels.shape.rank == 1:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return tf.nn.softmax_cross_entropy_with_logits(labels, logits)


def _without(variables: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    left_out = {each.ref() for each in others}
    return [each for each in variables if each.ref() not in left_out]


def _assign(variables: Sequence[Any], arrays: Arrays) -> None:
    for variable, array in zip(variables, arrays.values(), strict=True):
        variable.assign(array)
