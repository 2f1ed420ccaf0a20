"""The output of a look: a block for each network, a table over all of them, or one JSON object for a program."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.comparison.forgetting import Change, Forgotten
from bench.comparison.looking import Agreement, Mean, Seen
from bench.comparison.verdict import probability
from bench.datasets.class_names import name_of
from bench.looking.drawn import Drawn
from bench.records.schema import ControlRow

WIDTH = 110
LABEL, CELL = 30, 26
SHOWN = 10  # images that are named


def text(looks: Mapping[str, Seen], names: Mapping[str, str]) -> str:
    """Return a block for each of ``looks``, by the key of the run, and where there are several a table over all.

    ``names``: short ones, by key.
    """
    blocks = ["\n".join(_block(key, each)) for key, each in looks.items()]
    if len(looks) > 1:
        blocks.append("\n".join(_table(looks, names)))
    return "\n\n".join(blocks)


def _block(key: str, seen: Seen) -> list[str]:
    record = seen.record
    lines = [
        key,
        f"{record.images} validation images; control: {_name(record.control)}; its other seed: {_name(record.seeds)}",
        _line("rank correlation of maps", "with the control", "control, two seeds", "with shuffled weights"),
        *[_line(each.saliency, *map(_mean, (each.rank, each.seeds, each.shuffled))) for each in seen.agreements],
        _line("overlap of the top 5 %", "chance: 0.05"),
        *[
            _line(each.saliency, *map(_mean, (each.overlap, each.seeds_overlap, each.shuffled_overlap)))
            for each in seen.agreements
        ],
    ]
    said = [sentence for each in seen.agreements for sentence in _said(each)]
    if seen.outdated:
        said.append("what was compared with a network that is no longer here as it was is left out: look again.")
    if seen.coarse:
        said.append(
            f"integrated gradients are too coarse here: in the median their sum misses the logit's difference by "
            f"{100 * record.incompleteness:.1f} %."
        )
    said += (
        [_forgotten("forgotten", seen.forgotten)]
        if seen.forgotten
        else ["forgotten: there is no control to compare with."]
    )
    if seen.seeds_forgotten:
        said.append(_seeds(seen.seeds_forgotten))
    return [*lines, *[line for each in said for line in textwrap.wrap(each, WIDTH, subsequent_indent="  ")]]


def _said(each: Agreement) -> list[str]:
    if each.worthless:
        return [f"{each.saliency}: {each.fault}."]
    if each.beyond is None or each.p is None:
        return []
    found = "looks elsewhere than a second training of the control does" if each.elsewhere else "no such change shown"
    return [f"{each.saliency}: {found}: {_mean(each.beyond)} beyond two seeds, {probability(each.p)} after Holm."]


def _forgotten(word: str, found: Forgotten) -> str:
    whole = found.whole
    better = [each for each in found.classes if each.better]
    parts = [
        f"{word}: accuracy {whole.network:.3f}, of the control {whole.control:.3f}: {whole.points} points, "
        f"{probability(whole.p)} after Holm; {whole.lost:,} images lost, {whole.gained:,} gained."
    ]
    of = f"of {len(found.classes)} classes"
    parts.append(f"Shown to be worse: {len(found.worse)} {of}" + _listed(found.worse) + ".")
    if better:
        parts.append(f"Shown to be better: {len(better)} {of}" + _listed(better) + ".")
    if found.lost:
        more = f" and {len(found.lost) - SHOWN:,} more (--json has all)" * (len(found.lost) > SHOWN)
        parts.append(f"Lost: images {', '.join(map(str, found.lost[:SHOWN]))}{more}.")
    return " ".join(parts)


def _seeds(found: Forgotten) -> str:
    most = max(found.classes, key=lambda each: abs(each.difference))
    shown = sum(each.shown for each in found.classes)
    return (
        f"for comparison, the other seed of the control loses {len(found.lost):,} images of the control's and gains "
        f"{len(found.gained):,}. {shown} of {len(found.classes)} classes are shown to differ between the two seeds. The largest "
        f"change of a class is {most.points} points ({name_of(most.name)})."
    )


def _listed(changes: Sequence[Change]) -> str:
    ordered = sorted(changes, key=lambda each: each.difference)
    return f" ({'; '.join(f'{name_of(each.name)} {each.points} points' for each in ordered)})" if ordered else ""


def _table(looks: Mapping[str, Seen], names: Mapping[str, str]) -> list[str]:
    kinds = [each.saliency for each in next(iter(looks.values())).agreements]
    rows = [["", *kinds, "accuracy", "change, points", "what falls"]]
    for key, each in looks.items():
        agreements = [_mean(row.rank) + " !" * row.worthless for row in each.agreements]
        change = each.forgotten.whole.points if each.forgotten else "-"
        rows.append([names[key], *agreements, f"{each.record.accuracy:.3f}", change, each.falls or "-"])
    widths = [max(map(len, column)) + 2 for column in zip(*rows, strict=True)]
    lines = ["rank correlation with the control, and accuracy"]
    for first, *rest in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append(f"{first:<{widths[0]}}" + "".join(cells))
    lines += textwrap.wrap(
        "!: worthless, the maps of the network or of its control hardly change when the weights are shuffled, or are constant. "
        "What falls: what is shown to be below the control: "
        "agreement (below that of two seeds of the control) or accuracy; -: not tested. Accuracy is tested on all validation "
        "images and agreement on a few, so a small fall of agreement may be missed.",
        WIDTH,
    )
    return lines


def drawing(drawn: Drawn, name: str, names: Mapping[str, str]) -> str:
    """Return what came of the ascents on the class ``name``: a line for each network."""
    width = max(map(len, names.values())) + 2
    lines = [
        f"{name}: {'':<{max(0, width - len(name) - 2)}}{'logit, start to end':>24}{'confidence':>12}{'taken by others':>17}"
    ]
    for key, each in drawn.images.items():
        others = f"{len(drawn.takers[key])} of {len(drawn.images) - 1}" if len(drawn.images) > 1 else "-"
        way = f"{each.logits[0]:.2f} to {each.logits[-1]:.2f}"
        lines.append(f"{names[key]:<{width}}{way:>24}{each.confidences[-1]:>12.3f}{others:>17}")
    return "\n".join(lines)


def as_json(
    looks: Mapping[str, Seen], drawings: Mapping[str, Drawn], records: Sequence[Path], pictures: Sequence[Path]
) -> str:
    """Return everything as one JSON object, with the paths of the ``records`` of ``drawings`` and of the pictures."""
    body = {
        "networks": [_look_json(key, each) for key, each in looks.items()],
        "classes": [_drawn_json(name, each) for name, each in drawings.items()],
        "records": list(map(str, records)),
        "pictures": list(map(str, pictures)),
    }
    return json.dumps(body, allow_nan=False, ensure_ascii=False)


def _look_json(key: str, seen: Seen) -> dict[str, Any]:
    return {
        "run": key,
        "record": seen.record.model_dump(mode="json"),
        "agreement": [
            {
                "saliency": each.saliency,
                **{name: _mean_json(getattr(each, name)) for name in ("rank", "overlap", "seeds", "seeds_overlap")},
                **{name: _mean_json(getattr(each, name)) for name in ("shuffled", "shuffled_overlap")},
                **{name: _mean_json(getattr(each, name)) for name in ("control_shuffled", "beyond")},
                "p": each.p,
                "worthless": each.worthless,
                "elsewhere": each.elsewhere,
            }
            for each in seen.agreements
        ],
        "forgotten": _forgotten_json(seen.forgotten),
        "seeds_forgotten": _forgotten_json(seen.seeds_forgotten),
        "falls": seen.falls or None,
    }


def _drawn_json(name: str, drawn: Drawn) -> dict[str, Any]:
    return {
        "class": name,
        "networks": [
            {
                "run": key,
                "steps": list(each.steps),
                "logits": each.logits.tolist(),
                "confidences": each.confidences.tolist(),
                "taken_by": drawn.takers[key],
            }
            for key, each in drawn.images.items()
        ],
    }


def _forgotten_json(found: Forgotten | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "whole": _change_json(found.whole),
        "classes": [_change_json(each) for each in found.classes],
        "lost": list(found.lost),
        "gained": list(found.gained),
    }


def _change_json(each: Change) -> dict[str, Any]:
    return {**vars(each), "difference": each.difference}


def _mean_json(mean: Mean | None) -> dict[str, Any] | None:
    return None if mean is None else vars(mean)


def _name(row: ControlRow | None) -> str:
    return f"{row.run}, seed {row.seed}" if row else "none"


def _mean(mean: Mean | None) -> str:
    return mean.text if mean else "-"


def _line(label: str, *cells: str) -> str:
    return f"{label:<{LABEL}}" + "".join(f"{cell:>{CELL}}" for cell in cells)
