from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import BadInput
from bench.plugins import Plugins, require

Install = Callable[..., None]
GROUP = "bench.tests"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a package of one module: ``install(name, code, entry_point="name:object")``."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(package: str, code: str, **points: str) -> None:
        (tmp_path / f"{package}.py").write_text(code)
        info = tmp_path / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name.replace('_', '-')} = {value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))
        monkeypatch.delitem(sys.modules, package, raising=False)

    return write


def number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"expected a whole number, received {value!r}")
    return value


def table() -> Plugins[int]:
    return Plugins(GROUP, {"one": 1}, number)


def test_without_packages_the_table_is_the_built_in_one() -> None:
    assert dict(table()) == {"one": 1}


def test_a_package_adds_a_row_that_is_imported_when_it_is_used(install: Install) -> None:
    install("sevens", "SEVEN = 7", seven="sevens:SEVEN", late_one="sevens:SEVEN")
    found = table()
    assert sorted(found) == ["late-one", "one", "seven"]
    assert "sevens" not in sys.modules
    assert found["seven"] == 7
    assert dict(found.items()) == {"one": 1, "seven": 7, "late-one": 7}


@pytest.mark.parametrize(
    ("code", "points", "name", "reason"),
    [
        ("import no_such_module", {"bad": "others:X"}, "bad", "No module named 'no_such_module'"),
        ("X = 1 / 0", {"bad": "others:X"}, "bad", "ZeroDivisionError"),
        ("", {"bad": "others:X"}, "bad", "no attribute 'X'"),
        ("X = 'text'", {"bad": "others:X"}, "bad", "expected a whole number, received 'text'"),
        ("X = 2", {"one": "others:X"}, "one", "bench itself has this name"),
        ("X = 2", {"../x": "others:X"}, "../x", "expected a name of small letters"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_by_name_and_harms_no_other(
    install: Install, code: str, points: dict[str, str], name: str, reason: str
) -> None:
    install("others", code, **points)
    install("sevens", "SEVEN = 7", seven="sevens:SEVEN")
    found = table()
    for _ in range(2):
        with pytest.raises(BadInput) as refusal:
            found[name]
        assert reason in str(refusal.value)
        assert "package others" in str(refusal.value)
    assert found["seven"] == 7
    assert name not in dict(found.items())
    assert 7 in found.values()


def test_a_name_of_two_packages_is_refused(install: Install) -> None:
    install("first", "X = 2", two="first:X")
    install("second", "X = 2", two="second:X")
    with pytest.raises(BadInput, match=r"package (first, second|second, first): several packages have this name"):
        table()["two"]


def test_a_row_can_be_replaced(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("sevens", "SEVEN = 7", seven="sevens:SEVEN")
    found = table()
    monkeypatch.setitem(found, "seven", 8)
    assert found["seven"] == 8
    monkeypatch.undo()
    assert found["seven"] == 7


def test_libraries_that_are_not_installed_are_named_with_the_extra_that_has_them() -> None:
    require("this", "some", "sys", "json")
    with pytest.raises(BadInput, match=r"^this needs no_such and other_such, which are .* 'bench-robustness\[some\]'$"):
        require("this", "some", "no_such", "json", "other_such")
