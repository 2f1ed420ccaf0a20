"""A sweep that is told to stop has its runs leave a checkpoint first, whoever else the signal was sent to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from kill_sweep import command, processes
from tiny import small_file

GRID = """
[settings]
dataset = "synthetic"
image_size = 32
epochs = 2000

[figures.a]
arch = "ARCH"
sparsity = [0.0, 0.5, 0.9]
"""


def test_runs_at_work_leave_their_checkpoint_at_ctrl_c_and_none_begins_any_more(tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_text(GRID.replace("ARCH", small_file(tmp_path)))
    words = ["sweep", str(tmp_path / "long.toml"), "--results-dir", str(tmp_path / "r"), "--workers", "1"]
    driver = subprocess.Popen(
        [sys.executable, "-m", "bench", *words], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("r/*/seed-0/checkpoints/*.json")) and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(driver.pid, signal.SIGINT)  # as a terminal does
    try:
        said = driver.communicate(timeout=120)[1]
    finally:
        driver.kill()
    assert driver.returncode == 130
    assert "interrupted: the runs at work have left their checkpoints; run the same command again" in said
    assert "Traceback" not in said
    (folder,) = tmp_path.glob("r/*/seed-0")
    assert json.loads((folder / "exit.json").read_text())["code"] == 143
    assert "interrupted: " in (folder / "log.txt").read_text()
    assert not [pid for pid in processes() if str(tmp_path) in command(pid)]
