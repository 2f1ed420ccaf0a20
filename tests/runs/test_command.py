from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from test_spec import runs

from bench.attacks import attack_named
from bench.attacks.spec import EPS, AttackSpec, attack_specs
from bench.cli.main import main
from bench.runs.command import attack_options, run_options
from bench.spec.run import Run


def asked_for(words: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what the command line would do with ``words``: the run and the specs."""
    found: list[Any] = []
    monkeypatch.setattr("bench.runs.pipeline.execute", lambda run, specs, *_: found.extend([run, specs]) or 1 / 0)
    CliRunner().invoke(main, ["run", *words])
    return found


@given(runs)
def test_the_words_of_a_run_make_that_run(run: Run) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        found, _ = asked_for(run_options(run), monkeypatch)
    assert found == run


@pytest.mark.parametrize("temperature", [1.0, 20.0])
@pytest.mark.parametrize("attacks", [[], ["fgsm(knowledge=5)"], ["fgsm", "fgsm(loss=margin)"]])
@pytest.mark.parametrize(("eps", "fraction"), [(EPS, 1.0), ((0.0, 0.25, 8.0), 0.2)])
def test_the_words_of_trials_make_those_trials(
    temperature: float, attacks: list[str], eps: Any, fraction: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.of(arch="fc5", temperature=temperature)
    specs: list[AttackSpec] = attack_specs(run, [attack_named(text) for text in attacks], eps, fraction)
    _, found = asked_for([*run_options(run), *attack_options(run, specs)], monkeypatch)
    assert found == specs


def test_a_default_run_needs_no_words() -> None:
    run = Run.of(arch="resnet18")
    assert run_options(run) == ["--arch", "resnet18"]
    assert attack_options(run, attack_specs(run, [], EPS, 1.0)) == []
