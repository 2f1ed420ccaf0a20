"""The pages build into a site without a warning."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pages import ROOT


def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-d", str(tmp_path / "trees")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, str(ROOT / "docs"), str(tmp_path / "site")], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    site = {path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "site").glob("*.html")}
    assert {page.stem for page in (ROOT / "docs").glob("*.md")} <= set(site)
    # What the extensions make of the code is there.
    assert "--attack-fraction" in site["commands"]
    assert "bench.notebook.judge_file" in site["python"]
