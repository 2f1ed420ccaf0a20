"""The runs that a run is compared with or starts from: its control, and itself without one method."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, fields, replace
from typing import Any

from bench.spec.run import SELF, Run


def control_of(run: Run) -> Run:
    """Return the control of ``run``: the same network, dense, of full rank, at temperature 1, on images as they are.

    Every setting that asks for a method is without effect, and so are its parts.
    """
    return _without(run, [each.name for each in fields(run) if each.metadata["acts"]])


def with_itself_named(run: Run) -> Run:
    """Return ``run`` with a name in place of "self" in each setting that names a run.

    It is the name of the same run without the method that the setting belongs to: of the dense run for a rewound one, of the
    run that learns from the labels for a distilled one.
    """
    asked = [setting for setting, _, name in run.named_runs() if name == SELF]
    named: dict[str, Any] = {each: with_itself_named(_without(run, [_method(run, each)])).name for each in asked}
    return replace(run, **named) if named else run


def _without(run: Run, settings: Iterable[str]) -> Run:
    """Return ``run`` with these settings, and their parts, at their defaults."""
    left = set(settings)
    while parts := {each.name for each in fields(run) if each.metadata["part_of"] in left} - left:
        left |= parts
    plain: dict[str, Any] = {each.name: each.default for each in fields(run) if each.name in left}
    return replace(run, **plain)


def _method(run: Run, setting: str) -> str:
    """Return the setting that asks for the method that ``setting`` is a part of."""
    by_name: dict[str, Field[Any]] = {each.name: each for each in fields(run)}
    while parent := by_name[setting].metadata["part_of"]:
        setting = parent
    return setting
