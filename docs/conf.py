"""The settings of Sphinx. Build the pages with ``python -m sphinx -W docs docs/_build``."""

from sphinx.application import Sphinx

from bench.version import __version__

project = "bench"
author = "The bench authors"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"bench {__version__}"
html_copy_source = False
html_show_copyright = False
smartquotes = False  # they would make one dash of the two of an option
myst_heading_anchors = 3
autodoc_member_order = "bysource"
# The types stand in the signatures. Those of other libraries have no page here to link to.
nitpick_ignore_regex = [("py:.*", ".*")]


def _link_files(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Let a link to a file outside of this folder be one to the file. In the checkout it works as it is written."""
    source[0] = source[0].replace("](../", "](path:../")


def _escape(_app: Sphinx, _context: object, lines: list[str]) -> None:
    """Keep the stars of a command's help, as in *.jpg, from being read as markup."""
    lines[:] = [line.replace("*", "\\*") for line in lines]


def setup(app: Sphinx) -> None:
    """Connect the two changes to what Sphinx reads."""
    app.connect("source-read", _link_files)
    app.connect("sphinx-click-process-description", _escape)
