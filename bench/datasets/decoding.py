"""Decodes image files to arrays.

A change here that alters any pixel must raise ``DECODER_VERSION``, so that cached images of the old version are not used.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

DECODER_VERSION = 1
MIN_SIDE = 8
# Pillow takes up to eight bytes a pixel, so one file takes at most 512 MB of memory.
MAX_PIXELS = 2**26
MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
REMARKABLE_MODES = {
    "1": "black and white",
    "L": "greyscale",
    "LA": "greyscale with alpha",
    "P": "palette",
    "RGBA": "alpha",
    "CMYK": "CMYK",
}


class BrokenImage(ValueError):
    """The file is not an image that can be used for training. The message is the reason."""


def decode(data: bytes, size: int) -> NDArray[np.uint8]:
    """Decode a JPEG or PNG file, scale its shortest side to ``size`` pixels and crop the centre square.

    Scaling is bilinear with antialiasing. A large JPEG is first shrunk in the frequency domain (Pillow's draft mode), to
    at least twice ``size``. All colour modes become RGB, alpha is dropped, and EXIF orientation is ignored.

    Returns: uint8, shape (size, size, 3), pixel levels 0 to 255.
    Raises: ``BrokenImage``.
    """
    try:
        with _open(data) as image:
            image.draft(None, (2 * size, 2 * size))
            return _centre(_to_rgb(image), size)
    except (BrokenImage, MemoryError):
        raise
    except Exception as error:  # Pillow raises a dozen unrelated types on damaged files
        damage = "truncated" if "truncated" in str(error).lower() else f"damaged ({error})"
        raise BrokenImage(damage) from error


def remarks(data: bytes, name: str) -> list[str]:
    """Return what is unusual about a file that decodes: its colour mode, its suffix, a missing end marker."""
    with _open(data) as image:
        mode, received = image.mode, "PNG" if image.format == "PNG" else "JPEG"
    found = [REMARKABLE_MODES[mode]] if mode in REMARKABLE_MODES else []
    suffix = Path(name).suffix
    if received != ("PNG" if suffix.lower() == ".png" else "JPEG"):
        found.append(f"{received} named {suffix}")
    # libjpeg fills a missing end with grey without an error. Zeros after the marker are common and harmless.
    if received == "JPEG" and not data.rstrip(b"\0").endswith(b"\xff\xd9"):
        found.append("no JPEG end marker: its lower part may be lost")
    return found


def _open(data: bytes) -> ImageFile.ImageFile:
    if not data:
        raise BrokenImage("empty")
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
    except UnidentifiedImageError as error:
        raise BrokenImage("truncated" if data.startswith(MAGIC) else "not a JPEG or PNG image") from error
    except Image.DecompressionBombError as error:
        raise BrokenImage(f"larger than {MAX_PIXELS:,} pixels") from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise BrokenImage(f"larger than {MAX_PIXELS:,} pixels ({width} x {height})")
    if min(width, height) < MIN_SIDE:
        raise BrokenImage(f"smaller than {MIN_SIDE} px a side ({width} x {height})")
    if image.mode.startswith(("I", "F")):
        raise BrokenImage("more than 8 bits a channel")  # Pillow would clip the image to white
    return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if "transparency" in image.info:
        image = image.convert("RGBA")  # Pillow warns when a transparent palette goes to RGB directly
    return image.convert("RGB")


def _centre(image: Image.Image, size: int) -> NDArray[np.uint8]:
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    square = image.resize((size, size), Image.Resampling.BILINEAR, box=(left, top, left + side, top + side))
    return np.asarray(square)
