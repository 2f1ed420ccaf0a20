"""An attack as text, ``name`` or ``name(setting=value, ...)``, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from bench.errors import BadInput, BenchError, unknown

FORM = re.compile(r"([a-z0-9-]+)(?:\((.*)\))?")
Named = TypeVar("Named")


def named(value: Any) -> str:
    """Return the text of ``value``, a dataclass with a ``kind``; settings at their default are left out."""
    settings = [(each.name, getattr(value, each.name), each.default) for each in fields(value)]
    given = [f"{name}={_text(setting)}" for name, setting, default in settings if setting != default]
    return f"{value.kind}({','.join(given)})" if given else str(value.kind)


def parse(text: str, table: Mapping[str, Callable[..., Named]], what: str = "attack") -> Named:
    """Return the row of ``table`` that ``text`` names, made with the settings in ``text``.

    Raises:
        BadInput: the name or a setting does not exist, or a setting has a wrong value.
    """
    found = FORM.fullmatch(text.replace(" ", "").replace('"', "").replace("'", ""))
    if not found:
        raise BadInput(f"{what} {text!r}: expected NAME or NAME(SETTING=VALUE,...), as in fgsm(knowledge=none)")
    name, inside = found.groups()
    if name not in table:
        raise unknown(what, name, table)
    known = [each.name for each in fields(table[name])]  # type: ignore[arg-type]  # everything named is a dataclass
    settings: dict[str, str | float] = {}
    for pair in inside.split(",") if inside else []:
        setting, sign, value = pair.partition("=")
        if setting not in known or not sign:
            raise unknown(f"setting of {name}", setting, known)
        if setting in settings:
            raise BadInput(f"{what} {text!r} sets {setting} twice: expected it once")
        settings[setting] = _value(value)
    try:
        return table[name](**settings)
    except BenchError:
        raise
    except Exception as error:  # the constructor can be a user's, and raise anything
        raise BadInput(
            f"{what} {text!r}: {type(error).__name__}: {error}; expected settings of {name}: {', '.join(known)}"
        ) from error


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def _value(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
