"""Run the Python of the documents and the notebooks in one process, in small: ``python run_examples.py RESULT.json``.

It works in the current folder and writes the traceback of each page and notebook, or "" where it ran.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pages import NOTEBOOKS, PAGES, ROOT, blocks

HERE = Path.cwd()
# What the cell with the tag "parameters" sets, in small.
SMALL = {"EPOCHS": 1, "ARCH": "small_net.py:small_net", "RECORDS": str(ROOT / "results")}


def install() -> None:
    """Write the files that the pages show, and install those of the package that one of them describes."""
    for page in PAGES:
        for language in ("python", "toml"):
            for name, code in blocks(page, language):
                if name:
                    (HERE / name).write_text(code, encoding="utf-8")
    (HERE / "small_net.py").write_text((ROOT / "examples/small_net.py").read_text(encoding="utf-8"), encoding="utf-8")
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = HERE / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {place}" for name, place in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    sys.path.insert(0, str(HERE))


def shrink() -> None:
    """Let the computed images be fewer and drawn once, and an audit take fewer of them and fewer stages; measure no norm."""
    from bench import notebook
    from bench.audit.battery import SCREEN
    from bench.datasets import DATASETS, Source, synthetic
    from bench.evaluation import metrics

    synthetic.BATCHES = dict.fromkeys(synthetic.BATCHES, 1)
    every = synthetic.load(32, None, False, print)
    drawn = replace(every, val=every.val.spread(128))
    DATASETS["synthetic"] = Source(lambda *_: drawn, named=True)
    metrics.operator_norm = lambda _: 1.0
    short = tuple(each for each in SCREEN.stages if each.name in ("fgsm", "fgsm on margin"))
    notebook.SCREEN = replace(SCREEN, images=16, probed=4, stages=short)


def photos() -> None:
    """Write the images and the weights that the page on one's own network speaks of: the stripes, and a network of them."""
    import my_net
    import numpy as np
    import stripes
    import tf_keras as keras
    from PIL import Image

    keras.utils.set_random_seed(0)
    data = stripes.load(32, None, False, print, print)
    for image, label, name in zip(data.val.images, data.val.labels, data.val.names, strict=True):
        folder = HERE / "photos" / data.classes[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{name}.png")
    model = my_net.my_net((32, 32, 3), 2, conv=keras.layers.Conv2D, dense=keras.layers.Dense)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(data.train.images, data.train.labels, verbose=0)
    np.savez("defended.npz", *model.get_weights())


def page(path: Path) -> Callable[[dict[str, Any]], None]:
    def run(names: dict[str, Any]) -> None:
        for place, (name, code) in enumerate(blocks(path, "python"), 1):
            if not name:
                exec(compile(code, f"{path.name}, block {place}", "exec"), names)

    return run


def notebook(path: Path) -> Callable[[dict[str, Any]], None]:
    def run(names: dict[str, Any]) -> None:
        import nbformat

        found = nbformat.read(path, as_version=4)
        nbformat.validate(found)
        for place, cell in enumerate(found.cells, 1):
            if cell.cell_type == "code":
                exec(compile(cell.source, f"{path.name}, cell {place}", "exec"), names)
                if "parameters" in cell.metadata.get("tags", []):
                    names.update({name: value for name, value in SMALL.items() if name in names})

    return run


def main() -> None:
    install()
    # Before any import of TensorFlow.
    from bench.training import runtime

    runtime.prepare()
    import tensorflow as tf

    # To optimise a graph costs more than its few steps here.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    shrink()
    photos()
    outcome = {}
    work = {path.name: page(path) for path in PAGES if blocks(path, "python")}
    for name, run in (work | {path.name: notebook(path) for path in NOTEBOOKS}).items():
        try:
            run({"__name__": "__main__"})
            outcome[name] = ""
        except Exception:
            outcome[name] = traceback.format_exc()
    Path(sys.argv[1]).write_text(json.dumps(outcome))


if __name__ == "__main__":
    os.environ["MPLBACKEND"] = "agg"
    main()
