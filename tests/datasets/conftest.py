"""Images made on the spot, and a cache folder of its own for every test."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.datasets import imagenette_download
from bench.datasets.imagenette_download import Archive

MakeImage = Callable[..., bytes]
MakeFolder = Callable[..., Path]
Publish = Callable[[bytes], Archive]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the cache into ``tmp_path`` and forget any data folder of the environment."""
    monkeypatch.setenv("BENCH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("BENCH_DATA_DIR", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def make_image() -> MakeImage:
    """Return a function that encodes noise: ``make_image(seed, mode="RGB", kind="JPEG", size=(width, height))``."""

    def make(seed: int = 0, mode: str = "RGB", kind: str = "JPEG", size: tuple[int, int] = (40, 30)) -> bytes:
        noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
        file = io.BytesIO()
        Image.fromarray(noise).convert(mode).save(file, kind)
        return file.getvalue()

    return make


@pytest.fixture
def make_folder(tmp_path: Path, make_image: MakeImage) -> MakeFolder:
    """Return a function that writes a class folder of different images: ``make_folder(*classes, images=2)``."""

    def make(*classes: str, images: int = 2) -> Path:
        seed = 0
        for split in ("train", "val"):
            for label in classes or ("a", "b"):
                folder = tmp_path / "data" / split / label
                folder.mkdir(parents=True)
                for number in range(images):
                    (folder / f"{number}.jpg").write_bytes(make_image(seed))
                    seed += 1
        return tmp_path / "data"

    return make


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens at the base address, so that a test that should not download cannot; nothing waits."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(imagenette_download, "BASE", "http://127.0.0.1:9")
    monkeypatch.setattr(imagenette_download, "PAUSES", ())


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Return a function that makes these bytes the only published archive."""

    def write(data: bytes) -> Archive:
        archive = Archive("imagenette2-160", 160, len(data), hashlib.sha256(data).hexdigest())
        monkeypatch.setattr(imagenette_download, "ARCHIVES", (archive,))
        return archive

    return write
