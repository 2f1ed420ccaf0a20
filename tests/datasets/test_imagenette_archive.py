from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.datasets import imagenette_download as module
from bench.datasets.imagenette_download import Archive, install
from bench.errors import IntegrityError

Publish = Callable[[bytes], Archive]
ROOT = "imagenette2-160"
Members = list[tuple[tarfile.TarInfo, bytes]]
Unpack = Callable[[bytes], Path]


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


def pack(members: Members, form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", format=form, compresslevel=1) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Everything under a folder, with its content: the canary for writes to where nothing should be written."""
    paths = sorted(folder.rglob("*"))
    return {str(path): path.read_bytes() if path.is_file() and not path.is_symlink() else None for path in paths}


@pytest.fixture
def box(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a file that must survive; the working directory is another one."""
    own_cache.mkdir()
    for name in ("elsewhere", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "outside/canary").write_text("alive")
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path


@pytest.fixture
def unpack(box: Path, publish: Publish) -> Callable[[bytes], Path]:
    """Return a function that publishes an archive of this content and installs it."""

    def run(data: bytes) -> Path:
        publish(data)
        (box / "x.tgz").write_bytes(data)
        try:
            return install(Path("../x.tgz"), print)
        finally:
            (box / "x.tgz").unlink()
            (box / f"cache/{ROOT}.lock").unlink()

    return run


def test_an_honest_archive_is_installed_whole(box: Path, unpack: Unpack) -> None:
    left = box / f"cache/.{ROOT}.partial/{ROOT}/train/n01/half.JPEG"
    left.parent.mkdir(parents=True)  # by a process that was killed
    left.touch()
    members = [*honest(), member(f"{ROOT}/noisy_imagenette.csv", b"x")]
    for info, _ in members:
        info.mode, info.mtime = 0o7777, 0
    folder = unpack(pack(members))
    assert folder == box / "cache" / ROOT
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {"train/n01/a.JPEG", "val/n01/b.JPEG", "noisy_imagenette.csv"}
    assert (folder / "train/n01/a.JPEG").read_bytes() == b"a"
    assert [path.name for path in (box / "cache").iterdir()] == [ROOT]
    for path in folder.rglob("*"):  # modes and times are not taken over
        assert path.stat().st_mode & 0o7002 == 0
        assert path.is_dir() or path.stat().st_mode & 0o111 == 0
        assert path.stat().st_mtime > 0


LINK = f"{ROOT}/train/n01/link.JPEG"


def sparse() -> tuple[tarfile.TarInfo, bytes]:
    """A file of a gigabyte that takes a few bytes in the archive."""
    info, data = member(LINK, b"1\n0\n0\n".ljust(512, b"\0"))
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(2**30)}
    return info, data


def hostile(box: Path) -> dict[str, Members]:
    return {
        "dot-dot": [member(f"{ROOT}/train/n01/../../../../outside/x.JPEG", b"x")],
        "leading dot-dot": [member("../outside/x.JPEG", b"x")],
        "symlink": [member(LINK, kind=tarfile.SYMTYPE, link=str(box / "outside/canary"))],
        "symlink inside": [member(LINK, kind=tarfile.SYMTYPE, link="a.JPEG")],
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
        "sparse": [sparse()],
        "old sparse": [member(LINK, kind=tarfile.GNUTYPE_SPARSE)],
        "too many": [member(f"{ROOT}/train/n01/{number}.JPEG") for number in range(100)],
        "too large": [member(f"{ROOT}/train/n01/x.JPEG", bytes(2**22))],
        "too large together": [member(f"{ROOT}/train/n01/{n}.JPEG", bytes(2**19)) for n in range(8)],
        "endless name": [member(f"{ROOT}/train/" + "x" * 2**21, b"x")],
    }


def odd(box: Path) -> dict[str, Members]:
    """What is unpacked inside the target, or left out: it does no harm there."""
    return {
        "absolute": [member(f"{box}/outside/x.JPEG", b"x")],
        "absolute, over a file": [member(f"{box}/outside/canary", b"dead")],
        "double slash": [member(f"{ROOT}//outside/x.JPEG", b"x")],
        "drive": [member("C:/outside/x.JPEG", b"x")],
        "backslashes": [member(f"{ROOT}\\..\\..\\outside\\x.JPEG", b"x")],
        "terminal escape": [member(f"{ROOT}/train/n01/\x1b[2Jx.JPEG", b"x")],
        "wrong root": [member("imagenette3/train/n01/x.JPEG", b"x")],
        "the working folder": [member("./x.JPEG", b"x")],
        "duplicate": [member(f"{ROOT}/train/n01/a.JPEG", b"other")],
    }


FORMS = {"pax": tarfile.PAX_FORMAT, "gnu": tarfile.GNU_FORMAT}
# Only a pax header makes a file sparse.
HOSTILE = [(name, form) for name in hostile(Path("/")) for form in FORMS if (name, form) != ("sparse", "gnu")]


@pytest.mark.parametrize(("name", "form"), HOSTILE)
def test_a_hostile_archive_writes_nothing(
    box: Path, unpack: Unpack, monkeypatch: pytest.MonkeyPatch, name: str, form: str
) -> None:
    monkeypatch.setattr(module, "MAX_MEMBERS", 50)
    monkeypatch.setattr(module, "MAX_TOTAL_BYTES", 2**21)
    before = snapshot(box)
    with pytest.raises(IntegrityError, match="archive refused") as refusal:
        unpack(pack(honest() + hostile(box)[name], FORMS[form]))
    assert str(refusal.value).isprintable()
    assert snapshot(box) == before


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", odd(Path("/")))
def test_an_odd_archive_writes_nothing_outside_its_folder(box: Path, unpack: Unpack, name: str, form: str) -> None:
    before = snapshot(box)
    folder = unpack(pack(honest() + odd(box)[name], FORMS[form]))
    found = snapshot(box)
    assert {path: data for path, data in found.items() if not path.startswith(str(folder))} == before
    assert (folder / "val/n01/b.JPEG").read_bytes() == b"b"


def damaged() -> dict[str, bytes]:
    whole = pack(honest())
    plain = gzip.decompress(whole)
    return {
        "no gzip": b"<html>please log in</html>",
        "empty": b"",
        "gzip of nothing": gzip.compress(b""),
        "gzip of text": gzip.compress(b"text" * 1000),
        "truncated": whole[: len(whole) // 2],
        "flipped": whole[:60] + bytes([whole[60] ^ 255]) + whole[61:],
        "no val": gzip.compress(plain[: 512 * 3] + bytes(1024)),
        "a name with a zero": pack([*honest(), member("x\0y\u00e9", b"x")]),
    }


@pytest.mark.parametrize("name", damaged())
def test_a_damaged_archive_writes_nothing(box: Path, unpack: Unpack, name: str) -> None:
    before = snapshot(box)
    with pytest.raises(IntegrityError, match="archive refused"):
        unpack(damaged()[name])
    assert snapshot(box) == before


def test_a_header_that_promises_gigabytes_is_refused_before_they_are_read(unpack: Unpack) -> None:
    header, _ = member("x", kind=tarfile.XHDTYPE)
    header.size = 2**33
    with pytest.raises(IntegrityError, match="received more"):
        unpack(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(2**20)))
