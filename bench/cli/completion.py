"""Types of options and arguments whose values the shell completes. Nothing is imported or read before a shell asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from bench.errors import BenchError
from bench.imagenet.networks import NETWORKS
from bench.records.store import keys
from bench.runs.grid import PRESETS


class Text(click.types.StringParamType):
    """A text as it is. What ``names`` returns is offered to a shell; the code that uses the text checks it.

    Args:
        names: maps the options that the command line has so far, and the word to complete, to the names to offer.
        files: whether the text can also be a file, which is offered where no name fits.
    """

    def __init__(self, names: Callable[[dict[str, Any], str], Iterable[str]], files: bool = False) -> None:
        self._names = names
        self._files = files

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the names that begin with ``incomplete``."""
        del param
        found = [name for name in self._names(ctx.params, incomplete) if name.startswith(incomplete)]
        if self._files and not found:
            return [CompletionItem(incomplete, type="file")]
        return [CompletionItem(name) for name in found]


def one_of(names: Iterable[str], files: bool = False) -> Text:
    """Return the type of a name of a table."""
    return Text(lambda *_: sorted(names), files)


def _runs(options: dict[str, Any], word: str) -> list[str]:
    """Return the names of the runs in --results-dir; after a slash, each with its seeds."""
    try:
        found = keys(Path(options.get("results_dir") or "results"))
    except BenchError:  # a shell has no use for a message
        return []
    return found if "/" in word else list(dict.fromkeys(key.partition("/")[0] for key in found))


RUN = Text(_runs)


def _trained(options: dict[str, Any], word: str) -> list[str]:
    return [*_runs(options, word), *NETWORKS]


TRAINED = Text(_trained)  # a run, or a network trained on ImageNet
NETWORK = Text(_trained, files=True)  # either, or FILE.py:FUNCTION
GRID = one_of(PRESETS, files=True)
