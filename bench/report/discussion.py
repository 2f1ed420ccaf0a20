"""The discussion of the records that was written by hand. The report shows it, and says if it is of other records."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from bench.errors import BadInput
from bench.records.collection import Collection
from bench.report.escaping import cleaned

NAME = "discussion.md"
WRITTEN_FOR = re.compile(r"<!-- records: (\S+) -->\n")


@dataclass(frozen=True)
class Discussion:
    """A text in Markdown with headings from the third level down, and a sentence on its origin."""

    text: str
    origin: str

    @property
    def markdown(self) -> str:
        """The text for REPORT.md."""
        return f"{self.origin}\n\n{self.text}"

    @property
    def html(self) -> Markup:
        """The text as HTML. HTML and pictures in it are shown as they were written."""
        return Markup(MarkdownIt("commonmark", {"html": False}).disable(["image"]).render(self.markdown))


def discussion(results: Path, records: Collection) -> Discussion | None:
    """Return what ``results``/discussion.md says. None where there is none. BadInput where it is no text.

    Its first line, ``<!-- records: DIGEST -->``, has the ``digest`` of the records that it was written for.
    """
    try:
        text = cleaned((results / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {results / NAME}: {error}; expected Markdown in UTF-8") from error
    first = WRITTEN_FOR.match(text)
    theirs, ours = first.group(1) if first else "no records by name", digest(records)
    origin = f"Written by hand, in `{NAME}` beside the records, for these records ({ours})."
    if theirs != ours:
        origin = f"Written by hand, in `{NAME}` beside the records, for other records than these ({theirs}; these are {ours})."
        origin += " Its figures may no longer be those of the tables."
    return Discussion(text[first.end() if first else 0 :].strip() + "\n", origin)


def digest(records: Collection) -> str:
    """Return the first 12 hex digits of a sha256 over the weights, outcomes and audits in ``records``.

    It is taken over their recorded hashes, so that it depends on nothing else.
    """
    found = hashlib.sha256()
    for name, seeds in sorted(records.networks.items()):
        for seed, network in seeds.items():
            made = [network.record, *[each.record for each in network.attacks.values()], *network.audits.values()]
            hashes = sorted(f"{file} {kept.sha256}" for each in made for file, kept in each.artefacts.items())
            found.update("\n".join([name, str(seed), *hashes, ""]).encode())
    return found.hexdigest()[:12]
