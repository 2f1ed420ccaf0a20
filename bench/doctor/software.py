"""Versions of the suite, of Python and of the libraries, and which extras are installed."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version

from packaging.requirements import Requirement

from bench.doctor.finding import Finding, State
from bench.records.provenance import LIBRARIES
from bench.version import __version__

PACKAGE = "bench-robustness"
INSTALL = "pip install -c constraints.txt -e"  # and what to install
SHOWN = 3  # packages named of those that an extra lacks


def software() -> Iterator[Finding]:
    """Yield a finding for the suite, Python and each library that can change a number, then for wrong ones and extras."""
    yield Finding("bench", __version__)
    yield Finding("python", f"{platform.python_version()} on {platform.platform()}")
    for name in LIBRARIES:
        if found := installed(name):
            yield Finding(name, found)
    try:
        package = distribution(PACKAGE)
    except PackageNotFoundError:
        text = "this suite runs from a folder and is not installed, so its requirements are not known"
        yield Finding("requirements", text, State.NOTE, f"to install it: {INSTALL} . in the checkout")
        return
    needed = [Requirement(text) for text in package.requires or []]
    yield required([each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})])
    for extra in package.metadata.get_all("Provides-Extra") or []:
        plain = [each for each in needed if each.marker and not each.marker.evaluate({"extra": ""})]
        yield extra_of(extra, [each for each in plain if each.marker and each.marker.evaluate({"extra": extra})])


def required(needed: list[Requirement]) -> Finding:
    """Return whether every package that the suite needs is there, in a version that it allows."""
    wrong = unmet(needed)
    if wrong:
        return Finding("requirements", "; ".join(wrong), State.ERROR, f"install them: {INSTALL} . in the checkout")
    return Finding("requirements", f"all {len(needed)} packages are here, in versions that the suite allows")


def extra_of(name: str, needed: list[Requirement]) -> Finding:
    """Return whether the extra ``name`` is installed."""
    wrong = unmet(needed)
    if not wrong:
        return Finding(f"extra {name}", "installed")
    more = [f"{len(wrong) - SHOWN} more"] * (len(wrong) > SHOWN)
    text = f"not installed: {'; '.join(wrong[:SHOWN] + more)}"
    return Finding(f"extra {name}", text, State.NOTE, f"to use it: {INSTALL} '.[{name}]' in the checkout")


def unmet(needed: list[Requirement]) -> list[str]:
    """Return in words each of ``needed`` that is missing or of a version that is not allowed."""
    found = [(each, installed(each.name)) for each in needed]
    return [
        f"{each.name} {has or 'is missing'}, expected {each.specifier}"
        for each, has in found
        if has is None or not each.specifier.contains(has, prereleases=True)
    ]


def installed(name: str) -> str | None:
    """Return the version of the package ``name``; None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
