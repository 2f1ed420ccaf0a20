"""Imports the packages of the extra ``imagenet``, or says how to install them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from bench.errors import BadInput


def module(name: str, what: str) -> Any:
    """Import the package ``name``, which has ``what``; BadInput where it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise BadInput(
            f"{what} are in the package {name.replace('_', '-')}, which is not installed; "
            "install it: pip install 'bench-robustness[imagenet]'"
        ) from error
