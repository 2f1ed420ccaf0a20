"""The audit's batteries against the standard AutoAttack, paired on the same images of a trained run, at the audited radii.

Prints what the screen, the full battery, PGD-20 and AutoAttack leave, how much either leaves that the other fools, and the
seconds an image and radius of each. AutoAttack is the code of its authors for PyTorch, repackaged; it asks the TensorFlow
network for logits and gradients. It is for this comparison alone:

    pip install torch pyautoattack
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from pyautoattack import AutoAttack

from bench.training import runtime

runtime.prepare()

import tensorflow as tf  # noqa: E402

from bench.attacks.pgd import Pgd  # noqa: E402
from bench.audit.battery import FULL, SCREEN, Battery  # noqa: E402
from bench.audit.collect import collect  # noqa: E402
from bench.audit.evaluation import audited_images  # noqa: E402
from bench.datasets import DATASETS  # noqa: E402
from bench.evaluation.classifier import Classifier  # noqa: E402
from bench.evaluation.restored import restored  # noqa: E402
from bench.records.outcomes import wilson  # noqa: E402
from bench.records.store import Folder, folders  # noqa: E402
from bench.spec.architectures import architecture  # noqa: E402


@click.command()
@click.argument("run")
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--images", default=785, show_default=True, help="the first of those that the full battery takes")
@click.option("--eps", "wanted", default="", help="one radius alone")
def main(run: str, results: Path, data_dir: Path | None, images: int, wanted: str) -> None:
    """Attack RUN, as fc5-b512-imagenette64-4a8fafe8/seed-0, by all four."""
    (folder,) = (each for each in folders(results) if isinstance(each, Folder) and each.run.key == run)
    data = DATASETS[folder.run.dataset].load(folder.run.image_size, data_dir, False, lambda _: None, lambda *_: None)
    network = restored(folder, folder.trained())
    indices = np.sort(np.random.default_rng(0).permutation(audited_images(FULL, len(data.val)))[:images])
    part = data.val.part(indices)
    eps = architecture(folder.run.arch).audit_eps
    eps = (float(wanted),) if wanted else eps
    pixels, labels = part.images.astype(np.float32), part.labels
    attacks = {
        "screen": lambda radius: left(SCREEN, network, part, indices, radius),
        "full": lambda radius: left(FULL, network, part, indices, radius),
        "pgd-20": lambda radius: by_pgd(network, pixels, labels, radius),
        "AutoAttack": lambda radius: standard(network, pixels, labels, radius),
    }
    for radius in eps:
        found: dict[str, Any] = {}
        for name, attack in attacks.items():
            began = time.monotonic()
            found[name] = attack(radius)
            seconds = (time.monotonic() - began) / len(labels)
            low, high = wilson(int(found[name].sum()), len(labels))
            click.echo(
                f"{run}  eps {radius:g}  {name:<11}{found[name].mean():.4f} left ({low:.3f} to {high:.3f}) of {len(labels)}  "
                f"{seconds:.3f} s an image"
            )
        other = found.pop("AutoAttack")
        for name, mine in found.items():
            click.echo(
                f"{run}  eps {radius:g}  {name}: AutoAttack fools {int((mine & ~other).sum())} of what is left, and misses "
                f"{int((other & ~mine).sum())} that it fools"
            )


def left(battery: Battery, network: Classifier, part: Any, indices: Any, radius: float) -> Any:
    few = replace(battery.alone, longer=False, probed=1)
    return collect(few, network, part, indices, (radius,), 10, 0, lambda *_: None).worst_case[0]


def by_pgd(network: Classifier, pixels: Any, labels: Any, radius: float) -> Any:
    (moved,) = Pgd(steps=20)(network, pixels, labels, (radius,), 0)
    return network.logits(moved).argmax(axis=1) == labels


def standard(network: Classifier, pixels: Any, labels: Any, radius: float) -> Any:
    """Return where the network stays correct under the standard AutoAttack, (n,)."""
    model = Bridge(network)
    clean = torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2) / 255))
    attack = AutoAttack(model, norm="Linf", eps=radius / 255, version="standard", device="cpu", seed=0)
    moved, *_ = attack.run_standard_evaluation(clean, torch.from_numpy(labels.astype(np.int64)), batch_size=128)
    back = model.pixels(moved)
    assert np.abs(back - pixels).max() <= radius * (1 + 1e-4)
    return network.logits(back).argmax(axis=1) == labels


class Bridge(torch.nn.Module):
    """A TensorFlow network as a PyTorch module: (n, 3, height, width) in [0, 1] to logits."""

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        model = network.model
        spec = [tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)]

        @tf.function(input_signature=[*spec, tf.TensorSpec((None, None), tf.float32)])
        def pulled(images: Any, upstream: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(images)
                logits = model(images, training=False)
            return tape.gradient(logits, images, upstream)

        self.logits, self.pulled = network.logits, pulled

    @staticmethod
    def pixels(images: Any) -> Any:
        return np.ascontiguousarray(images.detach().numpy().transpose(0, 2, 3, 1) * 255).astype(np.float32)

    def forward(self, images: Any) -> Any:
        return _Call.apply(images, self)


class _Call(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, images: Any, bridge: Bridge) -> Any:
        context.pixels, context.bridge = bridge.pixels(images), bridge
        return torch.from_numpy(bridge.logits(context.pixels))

    @staticmethod
    def backward(context: Any, upstream: Any) -> Any:
        gradient = context.bridge.pulled(context.pixels, upstream.numpy()).numpy()
        return torch.from_numpy(np.ascontiguousarray(gradient.transpose(0, 3, 1, 2)) * 255), None


if __name__ == "__main__":
    main()
