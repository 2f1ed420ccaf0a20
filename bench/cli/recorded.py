"""Recorded runs as commands name them: by the name of a folder, with or without a seed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from bench.errors import BadInput, unknown
from bench.records.store import Folder, folder_of, folders, keys
from bench.spec.key import parts_of


def recorded(results: Path, text: str, imagenet: Collection[str] = ()) -> list[Folder]:
    """Return the folders of the run that ``text`` names, one a seed, or that of one seed.

    Args:
        imagenet: the networks trained on ImageNet that could be named in its place, for the error.

    Raises:
        BadInput: there is no such run.
        IntegrityError: the folder of one of them is damaged.
    """
    name, seed = parts_of(text.rstrip("/").removeprefix(f"{results}/"))
    found = []
    for key in keys(results):
        its_name, its_seed = parts_of(key)
        if its_name == name and seed in ("", its_seed) and its_seed.isdecimal():
            found += [each] if (each := folder_of(results, name, int(its_seed))) else []
    if not found:
        known = [each for each in folders(results) if isinstance(each, Folder)]
        names = {each.run.name for each in known}
        if not names:
            others = f"; networks trained on ImageNet are {', '.join(imagenet)}" if imagenet else ""
            raise BadInput(
                f"no run {text!r}: there is none under {results}; bench run trains one, or give --results-dir{others}"
            )
        if name in names:
            seeds = ", ".join(str(each.run.seed) for each in known if each.run.name == name)
            raise BadInput(f"{name} has no seed {seed} under {results}: expected one of {seeds}")
        what, listed_by = ("run or network trained on ImageNet", "") if imagenet else ("run", "bench status")
        raise unknown(what, name, {*names, *imagenet}, listed_by)
    return found


def with_networks(results: Path, texts: Sequence[str]) -> list[Folder]:
    """Return the folders of the runs that ``texts`` name, each once.

    Seeds of a run that have no network yet are left out, if another one has.

    Raises:
        BadInput: there is no such run.
        IntegrityError: the folder of one of them is damaged.
    """
    found: dict[Path, Folder] = {}
    for text in texts:
        seeds = recorded(results, text)
        found |= {each.path: each for each in [each for each in seeds if each.has_network] or seeds}
    return list(found.values())
