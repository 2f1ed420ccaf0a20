from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write without waiting for the disk: these files need not outlive a power cut."""
    monkeypatch.setattr("os.fsync", lambda _: None)
