"""Coordinates of an SVG in few characters: a tenth of a point, each step from the one before."""

from __future__ import annotations

import re

NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")
STEP = re.compile(r"([MLCQz])([^MLCQz]*)")


def rounded(text: str) -> str:
    """Return ``text`` with each of its decimal numbers rounded to a tenth."""
    return NUMBER.sub(lambda found: _tenths(round(10 * float(found.group()))), text)


def compact_path(text: str) -> str:
    """Return the path data ``text``, of absolute M, L, Q, C and z, as relative steps in tenths; other data only rounded.

    Every point is rounded by itself, so that errors do not add up.
    """
    if re.search(r"[A-KN-PR-Za-dg-y]", text):
        return rounded(text)
    x = y = first_x = first_y = 0
    before, parts = "", []
    for letter, numbers in STEP.findall(text):
        if letter == "z":
            x, y, before = first_x, first_y, "z"
            parts.append("z")
            continue
        tenths = [round(10 * float(each)) for each in numbers.split()]
        pairs = list(zip(tenths[::2], tenths[1::2], strict=True))
        if letter == "L" and pairs == [(x, y)] and before == "L":
            continue
        steps = "".join(f" {_tenths(across - x)} {_tenths(down - y)}" for across, down in pairs)
        x, y = pairs[-1]
        if letter == "M":
            first_x, first_y = x, y
        goes_on = letter == before != "M" or (letter, before) == ("L", "M")
        parts.append(steps if goes_on else letter.lower() + steps)
        before = letter
    return re.sub(r" (?=-)|(?<=[a-z]) ", "", "".join(parts))


def _tenths(number: int) -> str:
    whole, part = divmod(abs(number), 10)
    sign = "-" if number < 0 else ""
    return f"{sign}{whole}" if not part else f"{sign}{whole or ''}.{part}"
