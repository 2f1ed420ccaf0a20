"""A trained network is restored with the code that made it, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import trained
from tiny import SMALL_PERCEPTRON, tiny_run

from bench.errors import IntegrityError
from bench.evaluation.restored import restored


def test_weights_do_not_go_into_code_that_has_changed_since(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    code = Path(SMALL_PERCEPTRON.partition(":")[0]).read_text()
    file.write_text(code)
    folder = trained(tmp_path / "results", tiny_run(arch=f"{file}:perceptron"), 0.8)
    file.write_text(f"{code}# changed\n")
    with pytest.raises(IntegrityError, match=rf"{folder.run.key} was trained .*: restore the file"):
        restored(folder, folder.trained())
