from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from bench.errors import IntegrityError, TryLater
from bench.records import files
from bench.training import checkpoint
from bench.training.checkpoint import Position

BODY = {"accuracy": 0.5, "rows": [{"eps": 0.25, "n": 3}, {"eps": 1.0, "n": None}], "text": "é\n", "flag": True}


def test_a_record_reads_back_and_is_plain_json(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", "s/1", BODY)
    assert files.read_json(tmp_path / "a.json", "s/1") == BODY
    assert json.loads((tmp_path / "a.json").read_text())["record"] == BODY


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_never_written(tmp_path: Path, number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        files.write_json(tmp_path / "a.json", "s/1", {"accuracy": number})
    assert list(tmp_path.iterdir()) == []


def mutations(content: bytes, count: int) -> list[bytes]:
    """Return seeded damages of a record: flipped bits, cuts, doubled and dropped pieces, NaN in place of a number."""
    draw, found = np.random.default_rng(9), [b"", b"{}", b"null", b"[" * 100_000, b"\xff\xfe", content + b" "]
    found += [content.replace(b"0.5", b"NaN", 1), content.replace(b"s/1", b"s/2"), content.replace(b"true", b"false")]
    while len(found) < count:
        at, kind = int(draw.integers(len(content))), int(draw.integers(4))
        flipped = bytes([content[at] ^ (1 << int(draw.integers(8)))])
        piece = content[at : at + int(draw.integers(1, 20))]
        found.append(
            [
                content[:at] + flipped + content[at + 1 :],
                content[:at],
                content[:at] + content[at + len(piece) :],
                content[:at] + piece + content[at:],
            ][kind]
        )
    return found


def test_500_damages_of_a_record_are_all_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, "s/1", BODY)
    content = path.read_bytes()
    damaged = mutations(content, 500)
    for damage in damaged:
        assert damage != content
        path.write_bytes(damage)
        with pytest.raises(IntegrityError):
            files.read_json(path, "s/1")


def test_a_record_that_is_laid_out_otherwise_is_refused_and_its_own_layout_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    body = {
        "rows": [[1, -2.5e-07], [], [{}], {"a": {}}],
        "text": 'a, {"b": [\\ \u2028',
        "é": None,
        "": "]",
        "last": [[{"n": 1}]],
    }
    files.write_json(path, "s/1", body)
    content = path.read_text()
    assert files.read_json(path, "s/1") == body
    others = {
        content[:at] + space + content[at:] for at in range(len(content) + 1) for space in (" ", "\n", "\n ", "\t")
    }
    others |= {content[:at] + content[at + 1 :] for at in range(len(content)) if content[at].isspace()}
    others |= {content[:at] + "\n" + content[at + 1 :] for at in range(len(content)) if content[at] == " "}
    others |= {json.dumps(json.loads(content), indent=indent) for indent in (None, 0, 1, 2)}
    for other in others - {content}:
        path.write_text(other)
        with pytest.raises(IntegrityError):
            files.read_json(path, "s/1")


def test_arrays_read_back_and_their_bytes_depend_on_the_arrays_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = {"0 conv|kernel:0": np.arange(6, dtype=np.float32).reshape(2, 3), "state": np.array([1, 2], np.int32)}
    first = files.write_arrays(tmp_path / "a.npz", arrays)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert files.write_arrays(tmp_path / "b.npz", arrays) == first
    found = files.read_arrays(tmp_path / "a.npz", first, "")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_200_flipped_bits_of_the_weights_are_all_refused(tmp_path: Path) -> None:
    draw, path = np.random.default_rng(4), tmp_path / "weights.npz"
    sha256 = files.write_arrays(path, {"w": draw.standard_normal(1000).astype(np.float32)})
    content = path.read_bytes()
    for place in draw.choice(len(content) * 8, 200, replace=False):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises(IntegrityError, match="sha256"):
            files.read_arrays(path, sha256, "move it away")


class Canary:
    """Unpickled, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return (os.open, (str(self.path), os.O_CREAT))


def test_a_pickle_inside_an_array_file_is_not_run(tmp_path: Path) -> None:
    path, canary = tmp_path / "weights.npz", tmp_path / "canary"
    np.savez(path, w=np.array([Canary(canary)], dtype=object))
    import hashlib

    with pytest.raises((IntegrityError, ValueError)):
        files.read_arrays(path, hashlib.sha256(path.read_bytes()).hexdigest(), "")
    assert not canary.exists()


def test_a_record_is_as_readable_as_any_file_of_its_user(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    files.write_json(tmp_path / "a.json", "s/1", BODY)
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, "s/1", BODY)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TryLater, match="No space left"):
        files.write_json(path, "s/1", {**BODY, "accuracy": 0.75})
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def saved(folder: Path, steps: int) -> None:
    for step in range(steps):
        checkpoint.save(folder, {"code": "1"}, Position(epoch=step), {"w": np.full(3, step)})


def test_two_checkpoints_are_kept_and_the_newest_serves(tmp_path: Path) -> None:
    saved(tmp_path, 4)
    assert len(list(tmp_path.glob("*.npz"))) == len(list(tmp_path.glob("*.json"))) == 2
    found = checkpoint.newest(tmp_path, {"code": "1"}, print)
    assert found is not None
    assert (found[0].epoch, found[1]["w"][0]) == (3, 3)


@pytest.mark.parametrize("suffix", ["npz", "json"])
def test_a_broken_checkpoint_is_named_and_the_one_before_serves(tmp_path: Path, suffix: str) -> None:
    saved(tmp_path, 3)
    broken = sorted(tmp_path.glob(f"*.{suffix}"))[-1]
    broken.write_bytes(broken.read_bytes()[:-7])
    said: list[str] = []
    found = checkpoint.newest(tmp_path, {"code": "1"}, said.append)
    assert found is not None
    assert found[0].epoch == 1
    assert broken.stem in said[0]


def test_a_checkpoint_of_other_code_is_refused(tmp_path: Path) -> None:
    saved(tmp_path, 1)
    with pytest.raises(IntegrityError, match=r"another code.*--restart"):
        checkpoint.newest(tmp_path, {"code": "2"}, print)
