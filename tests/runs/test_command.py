from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bench.attacks import attack_named
from bench.attacks.norms import LINF
from bench.attacks.spec import AttackSpec, attack_specs
from bench.cli.main import main
from bench.runs.command import attack_options, run_options
from bench.spec.run import Run

runs = (
    st.builds(
        Run.of,
        arch=st.sampled_from(["alexnet", "resnet18"]),
        dataset=st.sampled_from(["imagenette", "synthetic"]),
        image_size=st.integers(32, 512),
        sparsity=st.sampled_from([0.0, 0.5]) | st.floats(0, 1, exclude_max=True),
        schedule=st.sampled_from(["steps:5,2,3", "shares:0.25,0.75,9"]),
        pruning=st.sampled_from(["magnitude", "random"]),
        low_rank=st.sampled_from(["full", "lr1", "0.5"]) | st.floats(0.01, 1).map(repr),
        temperature=st.sampled_from([1.0, 20, 0.5]),
        temperature_loss=st.sampled_from(["plain", "scaled"]),
        learning_rate=st.none() | st.floats(1e-6, 10),
        clip_norm=st.none() | st.sampled_from([0.0, 2.5]),
        weight_decay=st.sampled_from([0, 0.0, 5e-4]),
        seed=st.integers(0, 9),
    )
    | st.builds(
        Run.of,
        arch=st.just("fc5"),
        precision=st.just("bfloat16"),
        temperature=st.sampled_from([1.0, 20]),
    )
    | st.builds(
        Run.of,
        arch=st.just("fc5"),
        adversarial_eps=st.sampled_from([0.0, 2, 8.0]),
        adversarial_steps=st.integers(1, 9),
        adversarial_start=st.sampled_from(["image", "random"]),
    )
)


def asked_for(words: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what the command line would do with ``words``: the run and the specs."""
    found: list[Any] = []
    monkeypatch.setattr("bench.runs.pipeline.execute", lambda run, specs, *_: found.extend([run, specs]) or 1 / 0)
    CliRunner().invoke(main, ["run", *words])
    return found


@given(runs)
def test_the_options_of_a_run_make_that_run(run: Run) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        found, _ = asked_for(run_options(run), monkeypatch)
    assert found == run


@pytest.mark.parametrize("temperature", [1.0, 20.0])
@pytest.mark.parametrize("attacks", [[], ["fgsm(knowledge=5)"], ["fgsm", "fgsm(loss=margin)"], ["fgsm-l2"]])
@pytest.mark.parametrize(
    ("eps", "fraction"),
    [((), 1.0), (LINF.eps, 1.0), ((0.0, 0.25, 8.0), 0.2), ((0.0, 1.0, 1.0000001), 0.1234567)],
)
def test_the_options_of_attacks_make_those_attacks(
    temperature: float, attacks: list[str], eps: Any, fraction: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.of(arch="fc5", temperature=temperature)
    specs: list[AttackSpec] = attack_specs(run, [attack_named(text) for text in attacks], eps, fraction)
    _, found = asked_for([*run_options(run), *attack_options(run, specs)], monkeypatch)
    assert found == specs


def test_a_default_run_needs_no_options() -> None:
    run = Run.of(arch="resnet18")
    assert run_options(run) == ["--arch", "resnet18"]
    assert attack_options(run, attack_specs(run, [], LINF.eps, 1.0)) == []
