"""An HTML document that needs no other file and asks nothing of the network, by a policy that stands in it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

from bench.report.tables.markup import Html, joined, tag


@dataclass(frozen=True)
class Part:
    """A part of a document: where links find it, its heading and what it says."""

    place: str
    heading: str
    content: tuple[str, ...]


def html_document(title: str, header: Html, parts: Iterable[Part], footer: str) -> Html:
    """Return the whole document, with its style and script in it.

    Whatever a record might smuggle in, the policy allows no other script or style than these two, by their hashes, no
    image but those in the document, and no address at all.
    """
    style, script = (
        files("bench.report").joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js")
    )
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Html(style)),
    )
    found = list(parts)
    links = [tag("li", tag("a", each.heading, href=f"#{each.place}")) for each in found]
    body = tag(
        "body",
        tag("header", tag("h1", title), header),
        tag("nav", tag("ul", *links), aria_label="parts of this page"),
        tag("main", *[tag("section", tag("h2", each.heading), *each.content, id=each.place) for each in found]),
        tag("footer", tag("p", footer)),
        tag("script", Html(script)),
    )
    return joined([Html("<!doctype html>\n"), tag("html", head, body, lang="en")])


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
