"""One fooling image from a file, its record and its picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from targets import Linear

from bench.cli import fool_output
from bench.datasets.class_names import names_of
from bench.errors import BadInput
from bench.fooling.confidence import percent
from bench.fooling.image import FooledImage, fool_image, opened
from bench.fooling.limits import STEPS
from bench.networks import LoadedNetwork
from bench.report.figures.fooled import fooled, title
from bench.report.figures.save import render

SIZE = 16


@pytest.fixture(scope="module")
def network() -> LoadedNetwork:
    draw = np.random.default_rng(5)
    target: Any = Linear(draw.normal(0, 0.002, (SIZE * SIZE * 3, 4)), np.zeros(4))
    return LoadedNetwork("linear", target, names_of(("n03445777", "b", "c", "d")), SIZE, "0" * 64)


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    levels = np.random.default_rng(6).integers(90, 160, (30, 40, 3)).astype(np.uint8)
    Image.fromarray(levels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def found(
    network: LoadedNetwork, photograph: Path, eps: float | None = None, target: str | None = None, steps: int = STEPS
) -> FooledImage:
    return fool_image(network, photograph, eps, target, steps)


def test_the_record_says_what_the_images_are(network: LoadedNetwork, photograph: Path) -> None:
    each = found(network, photograph)
    record = each.record
    change = np.abs(each.fooled - each.clean)
    assert record.fooled
    assert record.threat.model_fields_set == set(type(record.threat).model_fields)  # what is not set is not written
    assert record.eps == pytest.approx(float(change.max()))
    assert record.changed == pytest.approx(float((change > 0).any(axis=2).mean()))
    assert [row.id for row in record.before] != [row.id for row in record.after]
    logits = network.classifier.logits(each.fooled[None])[0]
    assert record.after[0].id == network.names.ids[int(logits.argmax())]
    assert record.after[0].confidence == pytest.approx(float(np.exp(logits.max()) / np.exp(logits).sum()), rel=1e-4)
    assert len(record.after) == 3


def test_a_class_is_reached_and_rounding_is_told(network: LoadedNetwork, photograph: Path) -> None:
    answer = found(network, photograph).record.before[0].id
    wanted = next(name for name in network.names.ids if name != answer)
    near, far = found(network, photograph, target=wanted), found(network, photograph, target=wanted, eps=20.0)
    assert near.record.after[0].id == far.record.after[0].id == wanted
    assert far.record.after[0].confidence > near.record.after[0].confidence
    for each in (near, far):
        stored = network.classifier.logits(np.rint(each.fooled)[None])[0]
        assert each.record.fooled_in_whole_levels == (network.names.ids[int(stored.argmax())] == wanted)
    assert far.record.fooled_in_whole_levels


def test_the_confidence_is_at_the_temperature_of_the_training(photograph: Path) -> None:
    draw = np.random.default_rng(5)
    cold: Any = Linear(draw.normal(0, 0.002, (SIZE * SIZE * 3, 4)), np.zeros(4))
    hot: Any = Linear(50 * cold.weights, np.zeros(4), temperature=50.0)
    first, second = (
        found(LoadedNetwork("linear", each, names_of("abcd"), SIZE, "0" * 64), photograph, eps=2.0)
        for each in (cold, hot)
    )
    for name in ("before", "after", "in_whole_levels"):
        for one, other in zip(getattr(first.record, name), getattr(second.record, name), strict=True):
            assert other.confidence == pytest.approx(one.confidence, rel=1e-3)
    assert "the temperature of the training" not in fool_output.image(first.record, [])
    assert "softmax of the logits / 50, the temperature of the training" in fool_output.image(second.record, [])
    assert "confidence at T = 50" in title(second.record)


def test_the_picture_of_a_failed_search_says_where_it_failed_and_no_change(
    network: LoadedNetwork, photograph: Path
) -> None:
    each = found(network, photograph, eps=1e-4)
    assert "not fooled within eps 0.0001" in title(each.record)
    picture = render(fooled(each.record, each.clean, each.fooled))["svg"].decode()
    assert "times as large" not in picture
    assert "Rounded to whole levels" not in picture
    deaf: Any = Linear(np.zeros((SIZE * SIZE * 3, 4)), np.arange(4.0))
    nothing = found(replace(network, classifier=deaf), photograph, steps=1)
    assert "not fooled within eps 255" in title(nothing.record)
    np.testing.assert_array_equal(nothing.fooled, nothing.clean)


def test_a_large_change_is_not_said_to_be_shown_as_it_is(network: LoadedNetwork, photograph: Path) -> None:
    each = found(network, photograph, eps=200.0)
    picture = render(fooled(each.record, each.clean, each.fooled))["svg"].decode()
    factor = 127.5 / float(np.abs(each.fooled - each.clean).max())
    assert factor < 0.95
    assert f"shown {factor:.2g} times as large" in picture


def test_too_small_a_radius_is_said_to_fail(network: LoadedNetwork, photograph: Path) -> None:
    record = found(network, photograph, eps=1e-4).record
    assert not record.fooled
    assert (record.eps, record.steps, record.failed) == (None, None, pytest.approx(1e-4))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"target": "golf bal"}, r"unknown class 'golf bal'.*near are golf ball \(n03445777\)"),
        ({"eps": 0}, "eps is 0: expected pixel levels"),
        ({"eps": 300.0}, "eps is 300.0: expected pixel levels"),
        ({"steps": 0}, "steps is 0"),
    ],
)
def test_what_cannot_be_is_refused(network: LoadedNetwork, photograph: Path, options: Any, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        found(network, photograph, **options)


def test_the_class_that_the_image_has_already_is_refused(network: LoadedNetwork, photograph: Path) -> None:
    answer = found(network, photograph).record.before[0].id
    with pytest.raises(BadInput, match="already: expected another class"):
        found(network, photograph, target=answer)


def test_a_file_that_is_no_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("text")
    (tmp_path / "half.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(BadInput, match="cannot read the image"):
        opened(tmp_path / "none.png", SIZE)
    with pytest.raises(BadInput, match="not a JPEG or PNG image; expected a JPEG or PNG image"):
        opened(tmp_path / "text.png", SIZE)
    with pytest.raises(BadInput, match="truncated"):
        opened(tmp_path / "half.jpg", SIZE)


def test_the_picture_has_both_answers_and_is_the_same_twice(network: LoadedNetwork, photograph: Path) -> None:
    each = found(network, photograph)
    first, second = (render(fooled(each.record, each.clean, each.fooled)) for _ in range(2))
    assert first == second
    text = first["svg"].decode()
    for row in (*each.record.before, *each.record.after):
        assert f"{row.name}  {percent(row.confidence)}".replace("<", "&lt;").replace(">", "&gt;") in text


def test_a_confidence_is_never_rounded_to_certainty() -> None:
    assert [percent(each) for each in (0.0, 0.9996, 1.0, 0.4567)] == ["< 0.1 %", "> 99.9 %", "> 99.9 %", "45.7 %"]
