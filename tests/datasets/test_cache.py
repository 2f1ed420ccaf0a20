from __future__ import annotations

import errno
import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from bench.datasets import cache

IMAGES = np.arange(3 * 8 * 8 * 3, dtype=np.uint8).reshape(3, 8, 8, 3)


class Hostile:
    """Pickled, it makes a folder when it is loaded."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.canary),)


def entry(own_cache: Path) -> Path:
    (path,) = (own_cache / "pixels").glob("*.npy")
    return path


def plant(path: Path, data: bytes) -> None:
    """Replace an entry and its checksum, as an attacker who can write both would."""
    path.write_bytes(data)
    path.with_name(f"{path.name}.sha256").write_text(f"{hashlib.sha256(data).hexdigest()}  {path.name}\n")


def test_what_was_written_is_read(own_cache: Path) -> None:
    said: list[str] = []
    assert not cache.holds(8)
    cache.write(IMAGES, "f", 8, said.append)
    read = cache.read("f", 8, 3, said.append)
    assert read is not None
    assert (read == IMAGES).all()
    assert cache.holds(8)
    assert said == []
    assert [path.name for path in (own_cache / "pixels").glob(".*")] == []


def test_other_data_another_size_or_another_decoder_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    cache.write(IMAGES, "f", 8, said.append)
    assert cache.read("g", 8, 3, said.append) is None
    assert cache.read("f", 9, 3, said.append) is None
    monkeypatch.setattr(cache, "DECODER_VERSION", 999)
    assert cache.read("f", 8, 3, said.append) is None
    assert not cache.holds(8)
    monkeypatch.undo()
    monkeypatch.setattr("PIL.__version__", "0.0.1")
    assert not cache.holds(8)
    assert said == []


@pytest.mark.parametrize("position", [0, 9, 60, 130, -1])
def test_a_flipped_bit_is_reported_and_counts_as_absent(own_cache: Path, position: int) -> None:
    said: list[str] = []
    cache.write(IMAGES, "f", 8, said.append)
    data = bytearray(entry(own_cache).read_bytes())
    data[position] ^= 1
    entry(own_cache).write_bytes(data)
    assert cache.read("f", 8, 3, said.append) is None
    assert len(said) == 1
    assert "sha256 differs" in said[0]
    assert "decoding the images again" in said[0]


def test_a_missing_checksum_is_reported_and_counts_as_absent(own_cache: Path) -> None:
    said: list[str] = []
    cache.write(IMAGES, "f", 8, said.append)
    entry(own_cache).with_name(f"{entry(own_cache).name}.sha256").unlink()
    assert cache.read("f", 8, 3, said.append) is None
    assert len(said) == 1


def test_an_entry_of_another_shape_counts_as_absent() -> None:
    said: list[str] = []
    cache.write(IMAGES, "f", 8, said.append)
    assert cache.read("f", 8, 4, said.append) is None
    assert "expected uint8 (4, 8, 8, 3)" in said[0]


@pytest.mark.parametrize("form", ["object array", "bare pickle"])
def test_a_hostile_pickle_is_never_run(own_cache: Path, tmp_path: Path, form: str) -> None:
    said: list[str] = []
    canary = tmp_path / "canary"
    cache.write(IMAGES, "f", 8, said.append)
    if form == "object array":
        np.save(tmp_path / "hostile.npy", np.array([Hostile(canary)], dtype=object), allow_pickle=True)
        plant(entry(own_cache), (tmp_path / "hostile.npy").read_bytes())
    else:
        plant(entry(own_cache), pickle.dumps(Hostile(canary)))
    assert cache.read("f", 8, 3, said.append) is None
    assert len(said) == 1
    assert not canary.exists()


def test_a_full_disk_is_reported_and_leaves_nothing(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    said: list[str] = []
    monkeypatch.setattr(np, "save", full)
    cache.write(IMAGES, "f", 8, said.append)
    assert "No space left on device" in said[0]
    assert list((own_cache / "pixels").iterdir()) == []


def test_a_cache_folder_that_cannot_be_made_is_reported(own_cache: Path) -> None:
    said: list[str] = []
    own_cache.write_text("a file where the folder should be")
    cache.write(IMAGES, "f", 8, said.append)
    assert "going on without" in said[0]
    assert not cache.holds(8)
    assert cache.read("f", 8, 3, said.append) is None


def test_without_the_variable_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BENCH_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert tmp_path in cache.directory().parents
    assert "bench-robustness" in str(cache.directory())
