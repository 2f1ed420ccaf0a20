"""A figure's SVG in a quarter of its bytes, for a page that carries its pictures in itself: what is drawn stays the same."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import groupby

from bench.report.pages.compact_path import compact_path, rounded

SVG = "http://www.w3.org/2000/svg"
LINK = "{http://www.w3.org/1999/xlink}href"
UPRIGHT = re.compile(r"rotate\(-?0 [^)]*\)")
DROPPED = {"metadata", "title", "desc", "style"}
FONT = re.compile(r"font-family:[^;]*;?")
SHEET = "*{stroke-linejoin:round;stroke-linecap:butt}text{font-family:DejaVu Sans,Verdana,sans-serif;white-space:pre}"
# Where a coordinate may be rounded to a tenth of a point.
PLACED = ("x", "y", "width", "height", "transform", "viewBox")


def compact(svg: bytes) -> bytes:
    """Return ``svg``, as matplotlib writes it, without metadata and groups, in short numbers, names and styles.

    Coordinates are rounded to 0.1 pt; each style is written once, as a class, and so is each row of equal markers. Text
    is in the reader's DejaVu Sans or, where there is none, in Verdana, which is as wide. ParseError where it is not XML.
    """
    root = ET.fromstring(svg)
    styles: dict[str, str] = {}
    size = {name: rounded(root.get(name, "").removesuffix("pt")) for name in ("width", "height")}
    short = ET.Element("svg", {"xmlns": SVG, "viewBox": rounded(root.get("viewBox", "")), **size})
    sheet = ET.SubElement(short, "style")
    short.extend(_kept(root, styles))
    sheet.text = SHEET + "".join(f".{name}{{{style}}}" for style, name in styles.items())
    _mark(short, sheet)
    return _renamed(ET.tostring(short, encoding="unicode")).replace(" />", "/>").encode()


def _kept(element: ET.Element, styles: dict[str, str]) -> Iterator[ET.Element]:
    """Yield the children of ``element`` in short; those of a group that says nothing in its place."""
    for child in element:
        name = child.tag.rpartition("}")[2]
        if name in DROPPED:
            continue
        attributes = _attributes(child, name, styles)
        inner = list(_kept(child, styles))
        if name == "g" and not attributes:
            yield from inner
        elif inner or name not in ("g", "defs"):
            found = ET.Element(name, attributes)
            found.text = (child.text or "") if name == "text" else None
            found.extend(inner)
            yield found


def _attributes(element: ET.Element, name: str, styles: dict[str, str]) -> dict[str, str]:
    kept = {}
    for key, value in element.attrib.items():
        if key == "style":
            style = re.sub(r"\s*([:;,])\s*", r"\1", FONT.sub("", value)).rstrip(";")
            kept["class"] = styles.setdefault(style, f"s{len(styles)}")
        elif key == "id":
            kept |= {} if name in ("g", "image") else {key: value}
        elif key == LINK:
            kept["href"] = re.sub(r"\s", "", value)
        elif key == "d":
            kept[key] = compact_path(value)
        elif not UPRIGHT.fullmatch(value):
            kept[key] = rounded(value) if key in PLACED else value
    return kept


def _mark(parent: ET.Element, sheet: ET.Element) -> None:
    """Turn each row of equal symbols in ``parent`` into a path through their places with a marker at each."""
    children: list[ET.Element] = []
    for (href, style), row in groupby(parent, lambda each: (each.get("href", ""), each.get("class", ""))):
        alike = list(row)
        if len(alike) < 2 or alike[0].tag != "use":
            children += alike
            continue
        name = f"m{sum(1 for _ in parent.iter())}-{len(sheet.text or '')}"
        marker = ET.Element("marker", {"id": name, "markerUnits": "userSpaceOnUse", "overflow": "visible"})
        ET.SubElement(marker, "use", {"href": href, "class": style})
        sheet.text = f"{sheet.text}.{name}{{fill:none;marker:url(#{name})}}"
        places = compact_path("M" + " L".join(f"{each.get('x')} {each.get('y')}" for each in alike))
        children += [marker, ET.Element("path", {"d": places, "class": name})]
    parent[:] = children
    for child in parent:
        if child.tag == "g":
            _mark(child, sheet)


def _renamed(text: str) -> str:
    """Give every id a short name."""
    for place, name in enumerate(dict.fromkeys(re.findall(r' id="([^"]+)"', text))):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", f"i{place}", text)
    return text
