"""An attack as text, ``name`` or ``name(setting=value, ...)``, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from bench.attacks.base import Attack
from bench.errors import BadInput, unknown

FORM = re.compile(r"([a-z0-9-]+)(?:\((.*)\))?")


def named(attack: Any) -> str:
    """Return the text of ``attack``, a dataclass with a ``kind``; settings at their default are left out."""
    settings = [(each.name, getattr(attack, each.name), each.default) for each in fields(attack)]
    given = [f"{name}={_text(value)}" for name, value, default in settings if value != default]
    return f"{attack.kind}({','.join(given)})" if given else str(attack.kind)


def parse(text: str, table: Mapping[str, Callable[..., Attack]]) -> Attack:
    """Return the attack that ``text`` names in ``table``; BadInput, with what is allowed, where it names none."""
    found = FORM.fullmatch(text.replace(" ", "").replace('"', "").replace("'", ""))
    if not found:
        raise BadInput(f"attack {text!r}: expected NAME or NAME(SETTING=VALUE,...), as in fgsm(knowledge=none)")
    name, inside = found.groups()
    if name not in table:
        raise unknown("attack", name, table)
    known = [each.name for each in fields(table[name])]  # type: ignore[arg-type]  # every attack is a dataclass
    settings = {}
    for pair in inside.split(",") if inside else []:
        setting, sign, value = pair.partition("=")
        if setting not in known or not sign:
            raise unknown(f"setting of {name}", setting, known)
        settings[setting] = _value(value)
    return table[name](**settings)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def _value(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
