"""What somebody wrote about the records by hand: shown in the report, and said to be of other records where it is."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from bench.errors import BadInput
from bench.records.collection import Collection
from bench.report.escaping import printable

NAME = "discussion.md"
WRITTEN_FOR = re.compile(r"<!-- records: (\S+) -->\n")


@dataclass(frozen=True)
class Discussion:
    """A text in Markdown, headings from the third level down, and the sentence that says whose it is."""

    text: str
    origin: str

    @property
    def markdown(self) -> str:
        """The text as REPORT.md has it."""
        return f"{self.origin}\n\n{self.text}"

    @property
    def html(self) -> Markup:
        """The text as markup: what is HTML or a picture in it is shown as it was written."""
        return Markup(MarkdownIt("commonmark", {"html": False}).disable(["image"]).render(self.markdown))


def discussion(results: Path, records: Collection) -> Discussion | None:
    """Return what ``results``/discussion.md says; None where there is none. BadInput where it is no text.

    Its first line, ``<!-- records: DIGEST -->``, names the records that it was written for, by their ``digest``.
    """
    try:
        text = printable((results / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {results / NAME}: {error}; expected Markdown in UTF-8") from error
    first = WRITTEN_FOR.match(text)
    theirs, ours = first.group(1) if first else "no records by name", digest(records)
    origin = f"Written by hand, in `{NAME}` beside the records, for these records ({ours})."
    if theirs != ours:
        origin = f"Written by hand, in `{NAME}` beside the records, for others than these ({theirs}; these are {ours})."
        origin += " Its figures may no longer be those of the tables."
    return Discussion(text[first.end() if first else 0 :].strip() + "\n", origin)


def digest(records: Collection) -> str:
    """Return the first 12 hex digits of a sha256 over what ``records`` says was trained and what each attack did.

    The weights of each network and the outcomes of each attack on it, by their hashes: the same wherever the same records
    are read, whatever else a report is made with.
    """
    found = hashlib.sha256()
    for name, seeds in sorted(records.networks.items()):
        for seed, network in seeds.items():
            parts = [network.record.artefacts, *[each.record.artefacts for each in network.attacks.values()]]
            hashes = sorted(f"{file} {kept.sha256}" for part in parts for file, kept in part.items())
            found.update("\n".join([name, str(seed), *hashes, ""]).encode())
    return found.hexdigest()[:12]
