"""Words that tables and figures share: the threat model, the seeds, chance."""

from __future__ import annotations

from bench.attacks.norms import PIXEL_LEVELS, Norm
from bench.comparison.group import ComparisonGroup
from bench.records.networks import seeds_text

SHOWN_ONLY = "This attack is shown only: no network is called more robust for it, and the worst case leaves it out."
UNEVEN = "some networks have more seeds than others, and their intervals cannot be compared"
TWO = "two seeds say too little of how seeds differ"
SEEDS_SHOWN = 10  # with more seeds than this their points would be a blur
FEW = 8  # networks whose seeds are named one by one


def eps_unit(norm: Norm) -> str:
    """Return the norm and the unit of eps, for a caption."""
    return f"{norm}, eps in {norm.unit}" + " of 0 to 255" * (norm.unit == PIXEL_LEVELS)


def threat_caption(group: ComparisonGroup) -> str:
    """Return the data set, the number of images and the threat model of ``group``."""
    run = group.runs[0]
    sizes = {len(each.outcomes.indices) for run in group.runs for each in group.attacked(run).values()}
    images = f"{' or '.join(f'{size:,}' for size in sorted(sizes))} validation images" if sizes else "not attacked yet"
    knowledge = list(dict.fromkeys(group.attack.threat(each.temperature).knowledge for each in group.runs))
    shown = "" if group.attack.counts else f" {SHOWN_ONLY}"
    model = f"{eps_unit(group.attack.norm)}; {either(knowledge)}"
    return f"{run.dataset} {run.image_size} px, {images}. Threat model: {model}.{shown}"


def either(texts: list[str]) -> str:
    """Join texts that differ in their last word alone: "at T = 1, 20 or 90"."""
    starts = {text.rpartition(" ")[0] for text in texts}
    if len(texts) == 1 or len(starts) > 1:
        return "; ".join(texts)
    *ends, last = [text.rpartition(" ")[2] for text in texts]
    return f"{starts.pop()} {', '.join(ends)} or {last}"


def seeds_in_words(group: ComparisonGroup, shown: str = "") -> str:
    """Return the seeds of ``group``, and what the intervals cover that are ``shown`` in some way, as "Bars".

    Where no interval is drawn it says why.
    """
    seeds = {run: tuple(group.attacked(run)) for run in group.runs}
    found = {run: each for run, each in seeds.items() if each}
    counts = [len(each) for each in found.values()] or [0]
    if len(set(found.values())) <= 1:
        which = "".join(seeds_text(each) for each in set(found.values()))
    elif len(found) <= FEW:
        which = "; ".join(f"{group.label(run)}: {seeds_text(each)}" for run, each in found.items())
    else:
        which = f"{min(counts)} to {max(counts)} for each network"
    if max(counts) > 1:
        intervals = f"{shown}: 95 % interval over seeds and images."
        if not intervals_shown(group):
            intervals = f"No intervals: {UNEVEN if len(set(counts)) > 1 else TWO}."
        points = " Small points: each seed." * (max(counts) <= SEEDS_SHOWN)
        return f"Mean over seeds ({which})." + f"{points} {intervals}" * bool(shown)
    over = f" {shown}: 95 % interval over images alone, which does not cover other seeds." * bool(shown)
    return f"One seed ({which}).{over}"


def intervals_shown(group: ComparisonGroup) -> bool:
    """Tell whether the intervals of the networks of ``group`` can be compared: all have as many seeds, and not two."""
    counts = {len(group.attacked(run)) for run in group.runs} - {0}
    return len(counts) <= 1 and counts != {2}


def chances(group: ComparisonGroup) -> dict[str, float]:
    """Return the accuracy of a guess in percent by its label."""
    return {f"chance, {count} classes": 100 / count for count in group.classes}
