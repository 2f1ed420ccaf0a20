from __future__ import annotations

import contextlib
import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.datasets.decoding import BrokenImage, decode, remarks

MakeImage = Callable[..., bytes]


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def jpeg_header(data: bytes, width: int, height: int) -> bytes:
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 :]


@pytest.mark.parametrize("size", [(100, 50), (50, 100), (51, 50), (50, 50), (9, 400)])
def test_the_shape_is_square_whatever_the_aspect(make_image: MakeImage, size: tuple[int, int]) -> None:
    pixels = decode(make_image(size=size), 32)
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8


def test_the_crop_is_the_centre() -> None:
    image = np.zeros((40, 120, 3), np.uint8)
    image[:, 40:80] = (200, 100, 50)
    assert (decode(encode(Image.fromarray(image), "PNG"), 40) == (200, 100, 50)).all()


def test_shrinking_averages_instead_of_picking() -> None:
    checks = np.indices((256, 256)).sum(0) % 2 * 255
    pixels = decode(encode(Image.fromarray(checks.astype(np.uint8)), "PNG"), 32)
    assert np.abs(pixels[2:-2, 2:-2].astype(int) - 127).max() <= 2


def test_draft_mode_changes_no_colour() -> None:
    photograph = Image.new("RGB", (1024, 768), (180, 90, 30))
    pixels = decode(encode(photograph, "JPEG", quality=95), 64)
    assert np.abs(pixels.astype(int) - (180, 90, 30)).max() <= 2


def test_draft_mode_loses_no_detail() -> None:
    blocks = (np.indices((512, 512)) // 8).sum(0) % 2 * 255
    image = Image.fromarray(blocks.astype(np.uint8)).convert("RGB")
    difference = decode(encode(image, "JPEG", quality=95), 128).astype(int) - decode(encode(image, "PNG"), 128)
    assert np.abs(difference).mean() < 8


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_jpeg_modes_become_rgb(mode: str) -> None:
    grey = Image.new("RGB", (20, 20), (120, 120, 120)).convert(mode)
    assert np.abs(decode(encode(grey, "JPEG"), 8).astype(int) - 120).max() <= 2


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_other_png_modes_become_rgb(mode: str) -> None:
    white = Image.new("RGB", (20, 20), "white").convert(mode)
    assert (decode(encode(white, "PNG"), 8) == 255).all()


def test_a_transparent_palette_becomes_rgb_without_a_warning() -> None:
    palette = Image.new("RGB", (20, 20), (10, 20, 30)).convert("P")
    transparent = encode(palette, "PNG", transparency=bytes(range(256)))
    assert (decode(transparent, 8) == decode(encode(palette, "PNG"), 8)).all()


def test_exif_orientation_is_ignored(make_image: MakeImage) -> None:
    image = Image.open(io.BytesIO(make_image(kind="PNG")))
    exif = Image.Exif()
    exif[274] = 6
    assert (decode(encode(image, "JPEG", exif=exif), 16) == decode(encode(image, "JPEG"), 16)).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_a_truncated_file_is_broken(make_image: MakeImage, kind: str, part: float) -> None:
    data = make_image(kind=kind, size=(200, 200))
    with pytest.raises(BrokenImage, match=r"^truncated$"):
        decode(data[: int(len(data) * part)], 16)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"just some text\n" * 100, "not a JPEG or PNG image"),
        (b"\xff\xd8\xff", "truncated"),
        (png_header(20_000, 20_000), "larger than"),
        (png_header(9_000, 8_000), "larger than"),
        (png_header(16, 16), "truncated"),
    ],
)
def test_what_is_no_image_is_broken(data: bytes, reason: str) -> None:
    with pytest.raises(BrokenImage, match=reason):
        decode(data, 16)


def test_other_formats_are_not_even_tried(make_image: MakeImage) -> None:
    with pytest.raises(BrokenImage, match="not a JPEG or PNG"):
        decode(make_image(kind="TIFF"), 16)


@pytest.mark.parametrize("size", [(1, 1), (7, 100)])
def test_a_tiny_image_is_broken(make_image: MakeImage, size: tuple[int, int]) -> None:
    with pytest.raises(BrokenImage, match="smaller than 8 px a side"):
        decode(make_image(size=size), 16)


def test_sixteen_bit_grey_is_broken_rather_than_white() -> None:
    with pytest.raises(BrokenImage, match="more than 8 bits"):
        decode(encode(Image.new("I;16", (20, 20), 30_000), "PNG"), 16)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_damage_ends_as_pixels_or_as_broken(make_image: MakeImage, kind: str) -> None:
    rng = np.random.default_rng(0)
    whole = make_image(kind=kind)
    for _ in range(100):
        data = bytearray(whole)
        for position in rng.integers(0, len(data), 8):
            data[position] = rng.integers(256)
        with contextlib.suppress(BrokenImage):
            assert decode(bytes(data), 16).shape == (16, 16, 3)


def test_a_giant_header_costs_no_memory(make_image: MakeImage, tmp_path: Path) -> None:
    (tmp_path / "giant.png").write_bytes(png_header(20_000, 20_000))
    (tmp_path / "giant.jpg").write_bytes(jpeg_header(make_image(), 20_000, 20_000))
    script = """
import pathlib, resource, sys
from bench.datasets.decoding import BrokenImage, decode
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()  # not zero: Linux hands the peak of the parent on
for path in map(pathlib.Path, sys.argv[1:]):
    try:
        decode(path.read_bytes(), 64)
    except BrokenImage as broken:
        print(broken)
print(peak() - before)
"""
    command = [sys.executable, "-c", script, str(tmp_path / "giant.png"), str(tmp_path / "giant.jpg")]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert ["larger than" in line for line in lines[:2]] == [True, True]
    assert int(lines[2]) < 200_000  # kilobytes


@pytest.mark.parametrize(
    ("mode", "kind", "name", "expected"),
    [
        ("RGB", "JPEG", "x.JPEG", []),
        ("RGB", "PNG", "x.png", []),
        ("L", "JPEG", "x.jpg", ["greyscale"]),
        ("CMYK", "JPEG", "x.jpg", ["CMYK"]),
        ("P", "PNG", "x.png", ["palette"]),
        ("RGBA", "PNG", "x.jpg", ["alpha", "PNG named .jpg"]),
        ("RGB", "JPEG", "x.PNG", ["JPEG named .PNG"]),
    ],
)
def test_remarks_name_what_is_odd(make_image: MakeImage, mode: str, kind: str, name: str, expected: list[str]) -> None:
    assert remarks(make_image(mode=mode, kind=kind), name) == expected


def test_a_tail_of_zeros_is_remarked_but_padding_is_not(make_image: MakeImage) -> None:
    data = make_image(size=(200, 200))
    assert remarks(data + bytes(100), "x.jpg") == []
    assert remarks(data[:-500] + bytes(500), "x.jpg") == ["no JPEG end marker: its lower part may be lost"]
