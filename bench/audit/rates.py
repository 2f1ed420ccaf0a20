"""The error rates of the verdict, computed from the evidence of a calibration."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import numpy as np

from bench.audit.evidence import Bools, Evidence
from bench.audit.record import evidence_of
from bench.audit.verdict import Kind, Verdict, judge
from bench.records.cases import cases
from bench.spec.architectures import title_of
from bench.spec.control import control_of
from bench.spec.run import Run
from bench.spec.seeds import SEEDS

HARM = 0.05  # a case deceives where FGSM overstates its accuracy by this much more than that of an honest network
# Probes of a calibration alone.
REPLAY = "replay at "  # and the radius: the plain network's attacked images are shown to a fake
SECURITY_CURVE = "pgd at the whole range"  # 1 where the network is correct after PGD within the whole range of pixels
PROBABILITIES = "probabilities"  # 1 where the output is a probability distribution


@dataclass(frozen=True)
class Case:
    """One case of a calibration.

    Args:
        run: the network's run.
        fake: the name of the fake; empty for the network itself.
        evidence: of the case.
        plain: the evidence of the network itself.
        control: the evidence of the dense network of another seed; None where there is none.
    """

    run: Run
    fake: str
    same_class: bool
    evidence: Evidence
    plain: Evidence
    control: Evidence | None

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict."""
        return judge(self.evidence, self.control)

    @cached_property
    def truth(self) -> Bools:
        """Where the case is known to stay correct at most, (k, n).

        The images that fool the plain network fool a fake of the same classes. One that changes the image is asked with
        these images.
        """
        if self.same_class:
            return self.plain.worst_case
        replays = [self.evidence.probes.get(f"{REPLAY}{radius:g}") for radius in self.evidence.eps]
        kept = [np.ones(len(self.evidence.labels)) if each is None else each for each in replays]
        fooled = np.logical_or.accumulate(np.stack(kept) == 0, axis=0)
        return np.asarray(self.evidence.worst_case & ~fooled)

    @property
    def overstated(self) -> float:
        """How much FGSM overstates the accuracy of the case, less the same of an honest network, at the worst radius.

        The honest one is the network that a fake is made of, or else the control.
        """
        honest = self.plain if self.fake else self.control
        own = self.evidence.naive.mean(axis=1) - self.truth.mean(axis=1)
        usual = 0.0 if honest is None else honest.naive.mean(axis=1) - honest.worst_case.mean(axis=1)
        return float((own - usual).max())

    @property
    def honest(self) -> bool:
        """Whether nothing is planted: a network itself, trained at T = 1, not on images one step from the clean ones.

        One that is trained on those learns to fool the step.
        """
        return not self.fake and self.run.temperature == 1 and self.run.adversarial_start != "image"

    @property
    def deceives(self) -> bool:
        """Whether something is planted that deceives FGSM. One that does not is no fault to be found."""
        return not self.honest and self.overstated > HARM

    @property
    def recovered(self) -> float:
        """How far the accuracy that the audit leaves is above what is known, in [0, 1], at the worst radius."""
        return float((self.evidence.worst_case.mean(axis=1) - self.truth.mean(axis=1)).max())


@dataclass(frozen=True)
class Rate:
    """Errors among cases, with one-sided upper 95 % bounds after Clopper and Pearson.

    Fakes of one network resemble one another. ``upper`` counts them as if they did not; ``upper_by_network`` counts networks.

    Args:
        networks: how many trained networks the cases come from.
        networks_wrong: of how many of them at least one case is an error.
    """

    errors: int
    cases: int
    networks: int
    networks_wrong: int = 0

    @property
    def upper(self) -> float:
        """The bound of the share of cases that are errors; 1 without cases."""
        return _upper(self.errors, self.cases)

    @property
    def upper_by_network(self) -> float:
        """The bound of the share of networks with an error among their cases; 1 without networks."""
        return _upper(self.networks_wrong, self.networks)


def _upper(errors: int, cases: int) -> float:
    from scipy.stats import beta  # here, because the command line starts without it

    return 1.0 if errors >= cases else float(beta.ppf(0.95, errors + 1, cases - errors))


def read_cases(calibration: Path) -> list[Case]:
    """Return every case below the folder ``calibration``.

    The control of a network is the dense network of the same architecture, settings and next seed.

    Raises:
        IntegrityError: a case is damaged.
    """
    found = {(record.run, record.fake): (record, evidence_of(record, arrays)) for record, arrays in cases(calibration)}
    plain = {text: evidence for (text, fake), (_, evidence) in found.items() if not fake}
    by_text = {text: Run.parse(text) for text in plain}
    return [
        Case(by_text[text], fake, record.same_class, evidence, plain[text], _control(by_text[text], by_text, plain))
        for (text, fake), (record, evidence) in sorted(found.items())
        if text in plain
    ]


def _control(run: Run, runs: Mapping[str, Run], plain: Mapping[str, Evidence]) -> Evidence | None:
    texts = {str(each) for each in runs.values()}
    for step in range(1, SEEDS):
        text = str(next_seed(control_of(run), step))
        if text in texts:
            return plain[text]
    return None


def next_seed(run: Run, step: int = 1) -> Run:
    """Return ``run`` at another one of the seeds of a calibration: 0, 1, 2."""
    return replace(run, seed=(run.seed + step) % SEEDS)


Called = Callable[[Case], bool]


def missed(found: Iterable[Case], masked: Called | None = None) -> Rate:
    """Return how often a case that deceives FGSM is not called masked.

    Args:
        masked: the rule that calls a case masked; None for the verdict of this suite.
    """
    rule = masked or (lambda each: each.verdict.kind is Kind.MASKED)
    return _rate([each for each in found if each.deceives], lambda each: not rule(each))


def accused(found: Iterable[Case], masked: Called | None = None) -> Rate:
    """Return how often an honest network is called masked, or resists although nothing defends it.

    Args:
        masked: as for ``missed``.
    """
    rule = masked or (lambda each: each.verdict.kind in _wrong(each.run))
    return _rate([each for each in found if each.honest], rule)


def _wrong(run: Run) -> tuple[Kind, ...]:
    return (Kind.MASKED,) if defended(run) else (Kind.MASKED, Kind.RESISTS)


def defended(run: Run) -> bool:
    """Tell whether ``run`` is trained on attacked images."""
    return run.adversarial_eps > 0


def _rate(chosen: Sequence[Case], wrong: Called) -> Rate:
    errors = [each for each in chosen if wrong(each)]
    networks, networks_wrong = (len({each.run for each in part}) for part in (chosen, errors))
    return Rate(len(errors), len(chosen), networks, networks_wrong)


@dataclass(frozen=True)
class Shipped:
    """The rates that every verdict is printed with.

    Args:
        by_arch: the rates ``missed`` and ``accused`` on the networks of each architecture alone.
    """

    missed: Rate
    accused: Rate
    by_arch: Mapping[str, tuple[Rate, Rate]]

    @property
    def sentence(self) -> str:
        """The rates in a sentence, or that there are none."""
        if not (self.missed.cases and self.accused.cases):
            return "error rates: not known, because no calibration comes with this version"
        return (
            f"error rates of the calibration ({', '.join(self.by_arch)}): {self.missed.errors} of {self.missed.cases} masked "
            f"networks missed (below {100 * self.missed.upper:.1f} %, one-sided 95 %), {self.accused.errors} of "
            f"{self.accused.cases} honest networks accused (below {100 * self.accused.upper:.1f} %), screen audit with a control"
        )


def shipped() -> Shipped:
    """Return the rates of the calibration that comes with the suite."""
    body = json.loads((files("bench.audit") / "rates.json").read_text(encoding="utf-8"))
    by_arch = {arch: (Rate(**both["missed"]), Rate(**both["accused"])) for arch, both in body["by_arch"].items()}
    return Shipped(Rate(**body["missed"]), Rate(**body["accused"]), by_arch)


def as_json(found: Sequence[Case]) -> str:
    """Return the rates of ``found`` as ``shipped`` reads them."""

    def both(part: Sequence[Case]) -> dict[str, object]:
        return {"missed": asdict(missed(part)), "accused": asdict(accused(part))}

    by_arch: dict[str, list[Case]] = defaultdict(list)
    for each in found:
        by_arch[title_of(each.run.arch)].append(each)
    body = {**both(found), "by_arch": {arch: both(by_arch[arch]) for arch in sorted(by_arch)}}
    return json.dumps(body, indent=1) + "\n"
