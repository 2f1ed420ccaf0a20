"""TensorBoard curves of a training: loss, accuracy, learning rate and sparsity by epoch."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf


class Scalars:
    """An event file of the whole history. A resumed training writes it again, so that no epoch is there twice."""

    def __init__(self, folder: Path, history: Iterable[dict[str, float]]) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._writer = tf.summary.create_file_writer(str(folder))
        for row in history:
            self.write(row)

    def __enter__(self) -> Scalars:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write(self, row: dict[str, float]) -> None:
        """Write the values of one row of the history at its epoch."""
        with self._writer.as_default(step=int(row["epoch"])):
            for name, value in row.items():
                if name != "epoch":
                    tf.summary.scalar(name, value)
        self._writer.flush()
