"""A value as text, ``name`` or ``name(setting=value,...)``, and back. Attacks and methods of other packages use it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from bench.errors import BadInput, BenchError, unknown

FORM = re.compile(r"([a-z0-9-]+)(?:\((.*)\))?")
Named = TypeVar("Named")


def named(value: Any) -> str:
    """Return the text of ``value``, a dataclass with a ``kind``. Settings at their default are left out."""
    settings = {each.name: getattr(value, each.name) for each in fields(value)}
    usual = {each.name: each.default for each in fields(value)}
    return written(value.kind, {name: setting for name, setting in settings.items() if setting != usual[name]})


def written(name: str, settings: Mapping[str, Any]) -> str:
    """Return ``name(setting=value,...)``, or ``name`` where there are no ``settings``."""
    pairs = ",".join(f"{setting}={exactly(value)}" for setting, value in settings.items())
    return f"{name}({pairs})" if pairs else name


def read(text: str, what: str) -> tuple[str, dict[str, str | float]]:
    """Return the name and the settings that ``text`` gives; BadInput where it has another form. ``what`` is for the error."""
    found = FORM.fullmatch(text.replace(" ", "").replace('"', "").replace("'", ""))
    if not found:
        raise BadInput(f"{what} {text!r}: expected NAME or NAME(SETTING=VALUE,...), as in fgsm(knowledge=none)")
    name, inside = found.groups()
    settings: dict[str, str | float] = {}
    for pair in inside.split(",") if inside else []:
        setting, sign, value = pair.partition("=")
        if not sign:
            raise BadInput(f"{what} {text!r}: unknown setting of {name} {pair!r}, expected SETTING=VALUE")
        if setting in settings:
            raise BadInput(f"{what} {text!r} sets {setting} twice: expected it once")
        settings[setting] = _value(value)
    return name, settings


def parse(text: str, table: Mapping[str, Callable[..., Named]], what: str = "attack") -> Named:
    """Return what ``text`` names in ``table``; BadInput, with what is allowed, where it names nothing."""
    name, settings = read(text, what)
    if name not in table:
        raise unknown(what, name, table, "bench run --help")
    kind = table[name]
    known = {each.name: each.type for each in fields(kind)}  # type: ignore[arg-type]  # everything named is a dataclass
    for setting in settings:
        if setting not in known:
            raise unknown(f"setting of {name}", setting, known)
    try:
        return kind(**{setting: _of_type(value, known[setting]) for setting, value in settings.items()})
    except BenchError:
        raise
    except Exception as error:  # the constructor can be a user's, and raise anything
        raise BadInput(
            f"{what} {text!r}: {type(error).__name__}: {error}; expected settings of {name}: {', '.join(known)}"
        ) from error


def exactly(value: Any) -> str:
    """Return the text of ``value`` that reads back as the same value, as "2" for 2.0."""
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def _of_type(value: str | float, wanted: Any) -> str | float:
    """Return ``value`` as the type that a dataclass declares, itself or by name: a whole number as an int, text as text."""
    if wanted in (int, "int") and isinstance(value, float) and value.is_integer():
        return int(value)
    return exactly(value) if wanted in (str, "str") else value


def _value(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
