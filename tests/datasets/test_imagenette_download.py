from __future__ import annotations

import errno
import io
import math
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pooch
import pytest
from faulty_server import (
    Answer,
    Server,
    cut,
    cut_without_length,
    endless,
    html,
    html_without_length,
    not_found,
    other_content,
    server_error,
    silence,
    slow,
    stall,
    whole,
)

from bench.datasets import imagenette_download as module
from bench.datasets.imagenette import locate
from bench.datasets.imagenette_download import ARCHIVES, Archive, fetch, install
from bench.errors import BadInput, TryLater

Publish = Callable[[bytes], Archive]
NAME = "imagenette2-160"
IMAGE = np.random.default_rng(0).bytes(300_000)
PAUSES = module.PAUSES
pytestmark = pytest.mark.usefixtures("no_network")


def tgz() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for split in ("train", "val"):
            info = tarfile.TarInfo(f"{NAME}/{split}/n01440764/x.JPEG")
            info.size = len(IMAGE)
            tar.addfile(info, io.BytesIO(IMAGE))
    return file.getvalue()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, publish: Publish) -> Iterator[Server]:
    """A server that has the only published archive; pauses are noted and not slept."""
    body = tgz()
    publish(body)
    with Server(body) as server:
        monkeypatch.setattr(module, "BASE", server.address)
        monkeypatch.setattr(module, "PAUSES", PAUSES)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that a download asked for."""
    asked: list[float] = []
    monkeypatch.setattr(module, "sleep", asked.append)
    return asked


def left(cache: Path) -> list[str]:
    """What stands in the cache, but for the lock."""
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith(".lock"))


def test_the_archives_are_listed_from_small_to_large() -> None:
    assert [archive.side for archive in ARCHIVES] == [160, 320, math.inf]
    assert [archive.size for archive in ARCHIVES] == sorted(archive.size for archive in ARCHIVES)
    assert {len(archive.sha256) for archive in ARCHIVES} == {64}


def test_a_sound_server_is_asked_once_and_progress_counts_bytes_to_the_end(
    server: Server, own_cache: Path, pauses: list[float], capfd: pytest.CaptureFixture[str]
) -> None:
    counts: list[tuple[int, int]] = []
    folder = fetch(64, lambda _: None, lambda done, total: counts.append((done, total)))
    assert folder == own_cache / NAME
    assert (folder / "val/n01440764/x.JPEG").read_bytes() == IMAGE
    assert left(own_cache) == [NAME]
    assert (server.paths, pauses) == ([f"/{NAME}.tgz"], [])
    assert counts == sorted(counts)
    assert counts[-1] == (len(server.body), len(server.body))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (other_content, "does not match the known hash"),
        (cut, "IncompleteRead"),
        (cut_without_length, "does not match the known hash"),
        (endless, "received more than the expected"),
        (html, "bytes, received 26: another file, or a proxy's page"),
        (html_without_length, "does not match the known hash"),
        (not_found, "404"),
        (server_error, "500"),
        (silence, "timed out"),
        (stall, "timed out"),
    ],
)
def test_a_fault_is_reported_and_the_next_attempt_succeeds(
    server: Server,
    own_cache: Path,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    reason: str,
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.2 if answer in (silence, stall) else 5.0)
    server.answers = [answer, whole]
    said: list[str] = []
    assert (fetch(64, said.append) / "val/n01440764/x.JPEG").read_bytes() == IMAGE
    assert reason in said[1]
    assert "trying again in 1 s" in said[1]
    assert (len(said), len(server.paths), pauses) == (2, 2, [1.0])
    assert left(own_cache) == [NAME]
    assert not server.drained


@pytest.mark.parametrize("answer", [other_content, html, not_found, server_error])
def test_after_four_attempts_the_ways_on_are_named_and_nothing_is_kept(
    server: Server, own_cache: Path, pauses: list[float], answer: Answer
) -> None:
    server.answers = [answer]
    with pytest.raises(TryLater, match=r"--data-dir DIR.*bench data fetch --archive FILE.*--dataset synthetic"):
        fetch(64, lambda _: None)
    assert len(server.paths) == 4
    assert pauses == list(PAUSES)
    assert left(own_cache) == []


def test_without_a_network_the_ways_on_are_named(own_cache: Path) -> None:
    with pytest.raises(TryLater, match=r"Connection refused.*--data-dir DIR.*--archive FILE.*--dataset synthetic"):
        locate(64, None, print)
    assert left(own_cache) == []


def test_a_full_disk_is_not_taken_for_the_network(
    own_cache: Path, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", full)
    monkeypatch.setattr(module, "PAUSES", PAUSES)
    with pytest.raises(TryLater, match=r"cannot keep Imagenette in .*No space left"):
        fetch(64, print)
    assert (pauses, left(own_cache)) == ([], [])


def test_a_cache_that_cannot_be_written_is_try_later(own_cache: Path) -> None:
    own_cache.write_text("a file where the folder should be")
    with pytest.raises(TryLater, match="cannot keep Imagenette in"):
        locate(64, None, print)


def test_larger_images_in_the_cache_are_good_enough_and_smaller_are_not(own_cache: Path) -> None:
    (own_cache / "imagenette2-320").mkdir(parents=True)
    assert fetch(64, print) == own_cache / "imagenette2-320"
    with pytest.raises(TryLater, match=r"imagenette2\.tgz"):
        fetch(321, print)


def test_a_copied_archive_is_known_by_its_hash(tmp_path: Path, own_cache: Path, publish: Publish) -> None:
    data = tgz()
    publish(data)
    (tmp_path / "renamed.bin").write_bytes(data)
    folder = install(tmp_path / "renamed.bin", print)
    assert folder == own_cache / NAME
    assert (folder / "val/n01440764/x.JPEG").read_bytes() == IMAGE
    assert (tmp_path / "renamed.bin").exists()
    assert locate(64, None, print) == folder


def test_another_archive_is_refused_before_it_is_opened(tmp_path: Path, own_cache: Path) -> None:
    (tmp_path / f"{NAME}.tgz").write_bytes(tgz())
    with pytest.raises(BadInput, match=r"expected one of imagenette2-160\.tgz \(99,003,388 bytes\)"):
        install(tmp_path / f"{NAME}.tgz", print)
    assert not own_cache.exists()


def test_a_missing_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot read the archive"):
        install(tmp_path / "typo.tgz", print)


def test_two_processes_download_once(server: Server, own_cache: Path) -> None:
    server.answers = [slow]
    script = """
import sys
from bench.datasets import imagenette_download as module
module.BASE = sys.argv[1]
module.ARCHIVES = (module.Archive("imagenette2-160", 160, int(sys.argv[2]), sys.argv[3]),)
print(module.fetch(64, lambda line: None))
"""
    command = [sys.executable, "-c", script, server.address, str(len(server.body)), module.ARCHIVES[0].sha256]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=30)[0].strip() for process in both]
    assert answers == [str(own_cache / NAME)] * 2
    assert server.paths == [f"/{NAME}.tgz"]
    assert left(own_cache) == [NAME]
