from __future__ import annotations

from typing import Any

import pytest

from bench.evaluation.masking import masking


def record(attack: str, accuracies: dict[float, float], temperature: float | None = 1.0, fraction: float = 1.0) -> Any:
    rows = [{"eps": eps, "accuracy": accuracy} for eps, accuracy in accuracies.items()]
    threat = {"label": attack.upper(), "temperature": temperature}
    return {"attack": attack, "rows": rows, "fraction": fraction, "threat": threat}


MARGIN = record("fgsm(loss=margin)", {0: 0.8, 1: 0.4, 2: 0.1}, None)


@pytest.mark.parametrize(("at_two", "masked"), [(0.10, False), (0.149, False), (0.151, True), (0.7, True)])
def test_more_than_five_points_at_some_eps_is_masking(at_two: float, masked: bool) -> None:
    (finding,) = masking([record("fgsm", {0: 0.8, 1: 0.4, 2: at_two}), MARGIN])
    assert finding["masked"] is masked
    assert finding["gap"] == pytest.approx(at_two - 0.1)
    assert ("the gradient is masked" in finding["words"]) is masked
    assert "robust" not in finding["words"]


def test_the_sentence_has_the_numbers_of_the_largest_gap() -> None:
    (finding,) = masking([record("fgsm", {0: 0.8, 1: 0.75, 2: 0.2}), MARGIN])
    assert finding["eps"] == 1
    assert "At eps 1 accuracy is 0.750 under it and 0.400 under one" in finding["words"]


def test_only_what_can_be_compared_is_compared() -> None:
    assert masking([MARGIN]) == []
    assert masking([record("fgsm", {0: 0.8, 2: 0.7}, fraction=0.2), MARGIN]) == []
    assert masking([record("fgsm", {0: 0.8, 3: 0.7}), MARGIN]) == []
    (finding,) = masking([record("fgsm", {0: 0.8, 2: 0.7, 3: 0.7}), MARGIN])
    assert finding["eps"] == 2


def test_each_attack_on_the_cross_entropy_has_its_own_finding() -> None:
    known, unknown = record("fgsm", {0: 0.8, 1: 0.41}), record("fgsm(knowledge=none)", {0: 0.8, 1: 0.8})
    assert [finding["masked"] for finding in masking([known, unknown, MARGIN])] == [False, True]
