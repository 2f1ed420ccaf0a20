from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from bench.datasets import archive
from bench.datasets.archive import extract
from bench.errors import IntegrityError

ROOT = "imagenette2-160"
Members = list[tuple[tarfile.TarInfo, bytes]]


def member(
    name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(data)
    return info, data


def honest() -> Members:
    folders = [
        member(f"{ROOT}{path}", kind=tarfile.DIRTYPE) for path in ("", "/train", "/train/n01", "/val", "/val/n01")
    ]
    images = [member(f"{ROOT}/train/n01/a.JPEG", b"a"), member(f"{ROOT}/val/n01/b.JPEG", b"b")]
    return folders + images


def write(path: Path, members: Members, form: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w:gz", format=form) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return path


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Everything under a folder, with its content: the canary for writes to where nothing should be written."""
    paths = sorted(folder.rglob("*"))
    return {str(path): path.read_bytes() if path.is_file() and not path.is_symlink() else None for path in paths}


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a file that must survive; the working directory is another one."""
    for name in ("cache", "elsewhere", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "outside/canary").write_text("alive")
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path


def test_an_honest_archive_is_unpacked_without_what_is_no_image(box: Path) -> None:
    extras = [member(f"{ROOT}/noisy_imagenette.csv", b"x"), member(f"{ROOT}/train/n01/._a.JPEG", b"x")]
    extract(write(box / "x.tgz", honest() + extras), ROOT, box / "cache" / ROOT)
    found = {path.relative_to(box / "cache").as_posix() for path in (box / "cache").rglob("*") if path.is_file()}
    assert found == {f"{ROOT}/train/n01/a.JPEG", f"{ROOT}/val/n01/b.JPEG"}
    assert (box / "cache" / ROOT / "train/n01/a.JPEG").read_bytes() == b"a"
    assert [path.name for path in (box / "cache").iterdir()] == [ROOT]


def test_what_a_killed_process_left_is_cleared(box: Path) -> None:
    left = box / "cache" / f".{ROOT}.partial" / ROOT / "train/n01/half.JPEG"
    left.parent.mkdir(parents=True)
    left.touch()
    extract(write(box / "x.tgz", honest()), ROOT, box / "cache" / ROOT)
    assert [path.name for path in (box / "cache" / ROOT / "train/n01").iterdir()] == ["a.JPEG"]
    assert [path.name for path in (box / "cache").iterdir()] == [ROOT]


def test_relative_paths_are_taken_from_the_working_directory(box: Path) -> None:
    write(box / "x.tgz", honest())
    extract(Path("../x.tgz"), ROOT, Path("here"))
    assert (box / "elsewhere/here/val/n01/b.JPEG").read_bytes() == b"b"


def test_modes_are_not_taken_over(box: Path) -> None:
    members = honest()
    for info, _ in members:
        info.mode = 0o7777
    extract(write(box / "x.tgz", members), ROOT, box / "cache" / ROOT)
    for path in (box / "cache" / ROOT).rglob("*"):
        assert path.stat().st_mode & 0o7002 == 0
        assert path.is_dir() or path.stat().st_mode & 0o111 == 0


LINK = f"{ROOT}/train/n01/link.JPEG"


def hostile(box: Path) -> dict[str, Members]:
    return {
        "dot-dot": [member(f"{ROOT}/train/n01/../../../../outside/x.JPEG", b"x")],
        "leading dot-dot": [member("../outside/x.JPEG", b"x")],
        "absolute": [member(f"{box}/outside/x.JPEG", b"x")],
        "double slash": [member(f"{ROOT}//outside/x.JPEG", b"x")],
        "drive": [member("C:/outside/x.JPEG", b"x")],
        "backslashes": [member(f"{ROOT}\\..\\..\\outside\\x.JPEG", b"x")],
        "terminal escape": [member(f"{ROOT}/train/n01/\x1b[2Jx.JPEG", b"x")],
        "symlink": [member(LINK, kind=tarfile.SYMTYPE, link=str(box / "outside/canary"))],
        "symlink, then through it": [
            member(f"{ROOT}/train/n02", kind=tarfile.SYMTYPE, link=str(box / "outside")),
            member(f"{ROOT}/train/n02/x.JPEG", b"x"),
        ],
        "symlink, then over it": [
            member(LINK, kind=tarfile.SYMTYPE, link=str(box / "outside/canary")),
            member(LINK, b"dead"),
        ],
        "hardlink": [member(LINK, kind=tarfile.LNKTYPE, link=str(box / "outside/canary"))],
        "hardlink inside": [member(LINK, kind=tarfile.LNKTYPE, link=f"{ROOT}/train/n01/a.JPEG")],
        "character device": [member(LINK, kind=tarfile.CHRTYPE)],
        "block device": [member(LINK, kind=tarfile.BLKTYPE)],
        "fifo": [member(LINK, kind=tarfile.FIFOTYPE)],
        "sparse": [member(LINK, kind=tarfile.GNUTYPE_SPARSE)],
        "wrong root": [member("imagenette3/train/n01/x.JPEG", b"x")],
        "duplicate": [member(f"{ROOT}/train/n01/a.JPEG", b"other")],
        "duplicate in another case": [member(f"{ROOT}/train/n01/A.jpeg", b"other")],
        "too many": [member(f"{ROOT}/train/n01/{number}.JPEG") for number in range(100)],
        "too large": [member(f"{ROOT}/train/n01/x.JPEG", bytes(2**20 + 1))],
        "too large together": [member(f"{ROOT}/train/n01/{n}.JPEG", bytes(2**20)) for n in range(9)],
        "endless name": [member(f"{ROOT}/train/" + "x" * 2**21, b"x")],
    }


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT], ids=["pax", "gnu"])
@pytest.mark.parametrize("name", hostile(Path("/")))
def test_a_hostile_archive_writes_nothing(box: Path, monkeypatch: pytest.MonkeyPatch, name: str, form: int) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 50)
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 2**20)
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", 2**23)
    path = write(box / "x.tgz", honest() + hostile(box)[name], form)
    before = snapshot(box)
    with pytest.raises(IntegrityError, match="archive refused") as refusal:
        extract(path, ROOT, box / "cache" / ROOT)
    assert str(refusal.value).isprintable()
    assert snapshot(box) == before


def damaged() -> dict[str, bytes]:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for info, data in honest():
            tar.addfile(info, io.BytesIO(data))
    whole = gzip.compress(file.getvalue())
    return {
        "no gzip": b"<html>please log in</html>",
        "empty": b"",
        "gzip of nothing": gzip.compress(b""),
        "gzip of text": gzip.compress(b"text" * 1000),
        "truncated": whole[:-40],
        "flipped": whole[:60] + bytes([whole[60] ^ 255]) + whole[61:],
        "no val": gzip.compress(file.getvalue()[: 512 * 5] + bytes(1024)),
    }


@pytest.mark.parametrize("name", damaged())
def test_a_damaged_archive_writes_nothing(box: Path, name: str) -> None:
    (box / "x.tgz").write_bytes(damaged()[name])
    before = snapshot(box)
    with pytest.raises(IntegrityError, match="archive refused"):
        extract(box / "x.tgz", ROOT, box / "cache" / ROOT)
    assert snapshot(box) == before


def test_a_header_that_promises_gigabytes_is_refused_before_they_are_read(box: Path) -> None:
    header, _ = member("x", kind=tarfile.XHDTYPE)
    header.size = 2**33
    with gzip.open(box / "x.tgz", "wb", compresslevel=1) as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        file.write(bytes(2**20))
    with pytest.raises(IntegrityError, match="received more"):
        extract(box / "x.tgz", ROOT, box / "cache" / ROOT)
