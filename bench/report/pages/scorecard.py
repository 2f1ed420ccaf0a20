"""The scorecard as a reader meets it: the verdict in a word and a colour, the effect as a mark on a scale, the sentence."""

from __future__ import annotations

import math
from collections import Counter

from bench.comparison.findings.score import Verdict
from bench.comparison.verdict import DASH
from bench.report.tables.html_table import box, html_table
from bench.report.tables.markup import Html, tag
from bench.report.tables.table import Cell, Table

SIGNS = {Verdict.REPRODUCED: "✓", Verdict.CONTRADICTED: "✗", Verdict.INCONCLUSIVE: "?", Verdict.NOT_RUN: DASH}
HEADS = ("figure", "verdict", "the internship says", "effect, points", "in a sentence")
WIDTH, HEIGHT = 176, 18


def tally(findings: Table) -> Html:
    """Return how many findings have which verdict."""
    counts = Counter(cell.text for cell in findings.column("verdict"))
    items = [
        tag("li", tag("b", str(counts[verdict])), " ", _verdict(verdict)) for verdict in Verdict if counts[verdict]
    ]
    heading = tag("li", f"Of the internship's {len(findings.rows)} findings:")
    return tag("ul", heading, *items, class_="tally")


def score_table(findings: Table) -> Html:
    """Return the scorecard as a table of five columns; setting and numbers stand small under what they belong to."""
    reach = _reach(findings.column("effect"))
    head = tag("thead", tag("tr", *[tag("th", name, scope="col") for name in HEADS]))
    names = ("figure", "setting", "the internship says", "verdict", "effect", "gradient masked", "in a sentence")
    rows = []
    for figure, setting, claim, verdict, effect, masked, sentence in zip(*map(findings.column, names), strict=True):
        number = None if effect.number is None else f"{effect.number:.9g}"
        rows.append(
            tag(
                "tr",
                tag("th", figure.text, scope="row", class_="figure"),
                tag("td", _verdict(verdict.text)),
                tag("td", claim.text, tag("small", setting.text)),
                tag("td", *_effect(effect, reach), data_sort=number, title=effect.command or None),
                tag("td", sentence.text, tag("small", f"gradient masked: {masked.text}")),
            )
        )
    return box(tag("table", head, tag("tbody", *rows), class_="card"), findings.title)


def rules(findings: Table) -> Html:
    """Return by which statistic and rule each verdict is reached."""
    table = findings.named("figure", "statistic", "rule")
    return tag("details", tag("summary", "How each verdict is reached"), box(html_table(table), "statistics and rules"))


def _verdict(text: str) -> Html:
    return tag("span", f"{SIGNS.get(Verdict(text), '')} {text}", class_=f"verdict {text.replace(' ', '-')}")


def _effect(cell: Cell, reach: int) -> list[str]:
    if cell.number is None or cell.low is None or cell.high is None:
        return [cell.text]
    number, _, rest = cell.text.partition(" points")
    return [_mark(cell.number, cell.low, cell.high, reach), tag("b", number), tag("small", rest.strip(" ()"))]


def _mark(effect: float, low: float, high: float, reach: int) -> Html:
    """Return the effect as a dot and its interval as a line, on a scale of ``reach`` points to either side of zero."""
    middle = f"{HEIGHT / 2:g}"

    def at(share: float) -> str:
        return f"{WIDTH / 2 * (1 + 100 * share / reach):.1f}"

    parts = [
        tag("line", class_="zero", x1=at(0), x2=at(0), y1="0", y2=str(HEIGHT)),
        tag("line", x1=at(low), x2=at(high), y1=middle, y2=middle),
        tag("circle", cx=at(effect), cy=middle, r="4"),
    ]
    return tag("svg", *parts, class_="forest", viewBox=f"0 0 {WIDTH} {HEIGHT}", aria_hidden="true")


def _reach(cells: tuple[Cell, ...]) -> int:
    ends = [abs(100 * end) for cell in cells for end in (cell.low, cell.high, cell.number) if end is not None]
    return 5 * max(1, math.ceil(1.05 * max(ends, default=0) / 5))


def scale(findings: Table) -> str:
    """Return how to read the marks."""
    reach = _reach(findings.column("effect"))
    return f"A mark shows the effect with its 95 % interval, from -{reach} to +{reach} points around zero."
