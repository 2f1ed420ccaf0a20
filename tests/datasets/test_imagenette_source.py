from __future__ import annotations

import hashlib
import io
import math
import os
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.datasets import imagenette_download as imagenette_archives
from bench.datasets.imagenette import CLASSES, load, locate
from bench.datasets.imagenette_download import ARCHIVES, Archive, fetch, install
from bench.datasets.listing import list_images
from bench.errors import BadInput, TryLater

MakeFolder = Callable[..., Path]
REAL = os.environ.get("BENCH_DATA_DIR")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens at the base address, so that a test that should not download cannot."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(imagenette_archives, "BASE", "http://127.0.0.1:9")
    monkeypatch.setattr("bench.datasets.download.PAUSES", ())


def splits(folder: Path) -> Path:
    for split in ("train", "val"):
        (folder / split).mkdir(parents=True)
    return folder


def tgz(root: str) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for split in ("train", "val"):
            info = tarfile.TarInfo(f"{root}/{split}/n01440764/x.JPEG")
            info.size = 1
            tar.addfile(info, io.BytesIO(b"x"))
    return file.getvalue()


def test_the_archives_are_listed_from_small_to_large() -> None:
    assert [archive.side for archive in ARCHIVES] == [160, 320, math.inf]
    assert [archive.size for archive in ARCHIVES] == sorted(archive.size for archive in ARCHIVES)
    assert {len(archive.sha256) for archive in ARCHIVES} == {64}


def test_labels_follow_the_sorted_ids() -> None:
    assert list(CLASSES) == sorted(CLASSES)
    assert CLASSES[min(CLASSES)] == "tench"
    assert CLASSES[max(CLASSES)] == "parachute"


def test_a_named_folder_may_hold_the_splits_or_be_their_parent(tmp_path: Path) -> None:
    folder = splits(tmp_path / "parent/imagenette2-320")
    assert locate(64, folder, print) == folder
    assert locate(64, tmp_path / "parent", print) == folder


def test_a_named_folder_with_splits_is_taken_before_what_is_inside_it(tmp_path: Path) -> None:
    folder = splits(tmp_path / "images")
    splits(folder / "imagenette2-160")
    assert locate(64, folder, print) == folder


@pytest.mark.parametrize(
    ("image_size", "name"),
    [(64, "imagenette2-160"), (160, "imagenette2-160"), (161, "imagenette2-320"), (321, "imagenette2")],
)
def test_the_smallest_images_that_need_no_enlarging_are_taken(tmp_path: Path, image_size: int, name: str) -> None:
    for archive in ARCHIVES:
        splits(tmp_path / archive.name)
    said: list[str] = []
    assert locate(image_size, tmp_path, said.append).name == name
    assert said == []


def test_enlarging_is_reported(tmp_path: Path) -> None:
    splits(tmp_path / "imagenette2-160")
    said: list[str] = []
    assert locate(224, tmp_path, said.append).name == "imagenette2-160"
    assert "are 160 px: they are enlarged to 224 px" in said[0]


def test_the_argument_goes_before_the_variable_and_the_variable_before_the_cache(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = splits(own_cache / "imagenette2-160")
    assert locate(64, None, print) == cached
    variable = splits(tmp_path / "variable")
    monkeypatch.setenv("BENCH_DATA_DIR", str(variable))
    assert locate(64, None, print) == variable
    argument = splits(tmp_path / "argument")
    assert locate(64, argument, print) == argument


@pytest.mark.parametrize("by", ["--data-dir", "$BENCH_DATA_DIR"])
def test_a_named_folder_without_data_never_falls_through(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    splits(own_cache / "imagenette2-160")
    if by == "$BENCH_DATA_DIR":
        monkeypatch.setenv("BENCH_DATA_DIR", str(tmp_path / "typo"))
    with pytest.raises(BadInput) as refusal:
        locate(64, tmp_path / "typo" if by == "--data-dir" else None, print)
    assert f"check {by}" in str(refusal.value)


def test_larger_images_in_the_cache_are_good_enough(own_cache: Path) -> None:
    cached = splits(own_cache / "imagenette2-320")
    assert fetch(64, print) == cached


def test_smaller_images_in_the_cache_are_not(own_cache: Path) -> None:
    splits(own_cache / "imagenette2-160")
    with pytest.raises(TryLater, match=r"imagenette2-320\.tgz"):
        fetch(224, print)


def test_other_classes_are_refused(make_folder: MakeFolder) -> None:
    with pytest.raises(BadInput, match=r"expected the ten classes of Imagenette .* received a, b; .* --dataset folder"):
        load(16, make_folder("a", "b"), False, print)


def test_a_part_of_imagenette_is_reported(make_folder: MakeFolder) -> None:
    said: list[str] = []
    dataset = load(16, make_folder(*reversed(CLASSES), images=1), False, said.append)
    assert dataset.classes == tuple(CLASSES)
    assert dataset.name == "imagenette"
    assert "expected 9,469 train and 3,925 val images, received 10 and 10" in said[0]


def test_without_a_network_the_ways_on_are_named(own_cache: Path) -> None:
    with pytest.raises(TryLater, match=r"--data-dir DIR.*--archive FILE.*--dataset synthetic"):
        locate(64, None, print)
    assert [path.name for path in own_cache.iterdir() if path.is_dir()] == []


def test_a_cache_that_cannot_be_written_is_try_later(own_cache: Path) -> None:
    own_cache.write_text("a file where the folder should be")
    with pytest.raises(TryLater, match="cannot keep Imagenette in"):
        locate(64, None, print)


def test_a_copied_archive_is_known_by_its_hash(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tgz("imagenette2-160")
    archive = Archive("imagenette2-160", 160, len(data), hashlib.sha256(data).hexdigest())
    monkeypatch.setattr(imagenette_archives, "ARCHIVES", (archive,))
    (tmp_path / "renamed.bin").write_bytes(data)
    folder = install(tmp_path / "renamed.bin", print)
    assert folder == own_cache / "imagenette2-160"
    assert (folder / "val/n01440764/x.JPEG").read_bytes() == b"x"
    assert (tmp_path / "renamed.bin").exists()
    assert locate(64, None, print) == folder


def test_another_archive_is_refused_before_it_is_opened(tmp_path: Path, own_cache: Path) -> None:
    (tmp_path / "imagenette2-160.tgz").write_bytes(tgz("imagenette2-160"))
    with pytest.raises(BadInput, match=r"expected one of imagenette2-160\.tgz \(99,003,388 bytes\)"):
        install(tmp_path / "imagenette2-160.tgz", print)
    assert not own_cache.exists()


def test_a_missing_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot read the archive"):
        install(tmp_path / "typo.tgz", print)


def test_two_processes_download_once(own_cache: Path) -> None:
    data = tgz("imagenette2-160")
    requests: list[str] = []

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            time.sleep(0.3)
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    script = f"""
import sys
from bench.datasets import imagenette_download as module
module.BASE = sys.argv[1]
module.ARCHIVES = (module.Archive("imagenette2-160", 160, {len(data)}, "{hashlib.sha256(data).hexdigest()}"),)
print(module.fetch(64, lambda line: None))
"""
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        command = [sys.executable, "-c", script, f"http://127.0.0.1:{server.server_port}"]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        answers = [process.communicate(timeout=15)[0].strip() for process in both]
        server.shutdown()
    assert answers == [str(own_cache / "imagenette2-160")] * 2
    assert requests == ["/imagenette2-160.tgz"]
    assert sorted(path.name for path in own_cache.iterdir() if not path.name.endswith(".lock")) == ["imagenette2-160"]


@pytest.mark.skipif(REAL is None, reason="needs Imagenette in $BENCH_DATA_DIR")
def test_imagenette_itself() -> None:
    said: list[str] = []
    listing = list_images(locate(64, Path(REAL or ""), said.append))
    assert listing.classes == tuple(CLASSES)
    assert (len(listing.train), len(listing.val)) == (9469, 3925)
    assert said == []
