"""The output of ``bench fool``: what was found, in a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.fooling.confidence import percent
from bench.records.schema import FooledRecord, FoolingCell, FoolingMatrixRecord, GuessRow

COLUMN = 22


def image(record: FooledRecord, paths: Sequence[Path]) -> str:
    """Return what the network says before and after, and how far apart the images are."""
    lines = [f"{record.network}: {_outcome(record)}", f"  {record.threat.norm}, {record.threat.knowledge}"]
    temperature = record.threat.trained_temperature
    if temperature != 1:
        lines.append(f"  confidence     softmax of the logits / {temperature:g}, the temperature of the training")
    lines.append(f"  image          {_answers(record.before)}")
    lines.append(f"  {'fooled' if record.fooled else 'not fooled':<14} {_answers(record.after)}")
    if record.fooled:
        kept = "still fooled" if record.fooled_in_whole_levels else "no longer fooled"
        lines.append(f"  whole levels   {_answers(record.in_whole_levels)}")
        lines.append(f"  {kept} when the image is rounded to whole levels, as a file holds it")
    return "\n".join([*lines, *(f"  {path}" for path in paths)])


def _outcome(record: FooledRecord) -> str:
    goal = "another class" if record.target is None else repr(record.target_name)
    if not record.fooled:
        return f"{goal} was not reached within eps {record.failed:g}"
    where = f"eps {record.eps:.4g}, {record.steps} gradient steps, {100 * record.changed:.0f} % of the pixels changed"
    if record.eps_asked is not None:
        return f"{goal} reached at {where}"
    failed = f"; not reached at {record.failed:.4g}" if record.failed else ""
    return f"smallest change found to {goal}: {where}{failed}"


def _answers(rows: Sequence[GuessRow]) -> str:
    return ", ".join(f"{row.name} {percent(row.confidence)}" for row in rows)


def matrix(record: FoolingMatrixRecord, paths: Sequence[Path]) -> str:
    """Return the matrix as a table: percent fooled, the 95 % interval and the number of images in each cell, noise below."""
    names = [each.name for each in record.networks]
    cells = {(each.source, each.target): each for each in record.cells}
    letters = [f"[{place}]" for place in range(1, len(names) + 1)]
    lines = [
        f"fooled at eps {record.eps:g}, {record.threat.norm}, {record.threat.knowledge}",
        *(f"  {letter} {each.name}: {each.right} of {record.images} images right" for letter, each in
          zip(letters, record.networks, strict=True)),
        f"{'made on':<8}" + "".join(f"{'shown to ' + letter:>{COLUMN}}" for letter in letters),
    ]  # fmt: skip
    for letter, source in zip(letters, names, strict=True):
        row = [cells[source, target] for target in names]
        lines.append(f"{letter:<8}" + "".join(f"{_fooled(each):>{COLUMN}}" for each in row))
        lines.append(f"{'  noise':<8}" + "".join(f"{_noise(each):>{COLUMN}}" for each in row))
    lines += [
        "Off the diagonal: of the images that both classify correctly and that fool the network they were made on.",
        "On the diagonal: of the images that the network classifies correctly. Wilson, 95 %.",
        "noise: random noise of the same size, on the images of the cell above it. Each cell has images of its own.",
    ]
    return "\n".join([*lines, *map(str, paths)])


def _fooled(cell: FoolingCell) -> str:
    return f"{_share(cell.fooled, cell.low, cell.high, cell.images)} n {cell.images}" if cell.images else "no images"


def _noise(cell: FoolingCell) -> str:
    return _share(cell.noise, cell.noise_low, cell.noise_high, cell.images) if cell.images else ""


def _share(count: int, low: float, high: float, images: int) -> str:
    return f"{100 * count / images:.0f} % ({100 * low:.0f}..{100 * high:.0f})"
