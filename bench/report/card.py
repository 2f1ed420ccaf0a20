"""The model card of a run: what the network is, how it was made, what was measured, and what that does not show."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import fields

from bench.attacks import known_attack
from bench.attacks.spec import AttackSpec
from bench.audit.battery import BATTERIES, FULL, Battery
from bench.audit.rates import shipped
from bench.datasets import DATASETS
from bench.errors import BadInput
from bench.evaluation.learned import learned, shown_and_needed
from bench.evaluation.masking import masking
from bench.records.collection import Collection, network_of
from bench.records.networks import LeftOut, TrainedNetwork, comparable_networks, named_seeds
from bench.records.outcomes import Quantity, wilson
from bench.records.store import Folder
from bench.report.network_names import names_of
from bench.report.rendering import render
from bench.report.tables.audits import audit_table
from bench.report.tables.cells import measured, over_seeds, percent
from bench.report.tables.table import Cell, Table, columns
from bench.runs.command import attack_options, run_options
from bench.spec.architectures import written
from bench.spec.control import control_of
from bench.spec.run import Run
from bench.spec.seeds import SEEDS
from bench.spec.words import how_many

AUDIT = ("seed", "audit", "images", "verdict", "eps", "FGSM says", "really left", "illusion", "left of its control")


def card(folders: Sequence[Folder]) -> str:
    """Return the model card of a run in Markdown, from its records alone.

    Seeds of another version or of other images than most are left out, and the card says so.

    Args:
        folders: of one run, one a seed.

    Raises:
        BadInput: the run has no trained network.
        IntegrityError: a record is damaged.
    """
    found = {each.run.seed: network_of(each) for each in folders}
    networks, left_out = comparable_networks([each for each in found.values() if each])
    if not networks:
        name = folders[0].run.name
        raise BadInput(
            f"{name} has no trained network: expected one; bench run trains it, bench status says how far it is"
        )
    networks.sort(key=lambda each: each.run.seed)
    first = networks[0]
    audits = audit_table(Collection({first.run.name: {each.run.seed: each for each in networks}}))
    return render(
        "card.md",
        title=names_of([first.run])[first.run],
        run=first.run,
        architecture=written(first.run.arch),
        seeds=named_seeds(each.run.seed for each in networks),
        several=len(networks) > 1,
        metrics=_metrics(networks),
        record=first.record,
        software=first.record.environment.versions,
        devices=list(dict.fromkeys(name for each in networks for name in each.record.environment.device)),
        settings=_settings(first.run),
        origins=[line for each in networks for line in _origins(each)],
        clean=_clean(networks),
        attacks=[_attack(text, networks) for text in _attacks(networks)],
        masking=_masking(networks),
        audits=audits.named(*AUDIT) if audits else None,
        audit_caption=audits.caption if audits else "",
        reasons=_reasons(networks),
        error_rates=shipped().sentence,
        limits=_limits(networks, left_out, [seed for seed, each in found.items() if each is None]),
        commands=_commands(networks),
    )


def _metrics(networks: Sequence[TrainedNetwork]) -> Table:
    """Return what was counted of the network, in the mean over seeds."""
    metrics = [each.metrics for each in networks]
    rows = {
        "parameters": [each.parameters for each in metrics],
        "parameters that are not zero": [each.parameters_nonzero for each in metrics],
        "multiply-accumulates for one image": [each.macs for each in metrics],
        "multiply-accumulates by weights that are not zero": [each.macs_nonzero for each in metrics],
        "bytes after gzip": [each.gzip_bytes for each in metrics],
    }
    shares = {
        "sparsity of the kernels": [each.sparsity for each in metrics],
        "sparsity of the network": [each.sparsity_whole for each in metrics],
    }
    cells = [
        *((Cell(name), over_seeds(values, "{:.4f}".format)) for name, values in shares.items()),
        *((Cell(name), over_seeds(values, "{:,.0f}".format)) for name, values in rows.items()),
    ]
    return _table("metrics", ("measured", "value"), cells)


def _settings(run: Run) -> Table:
    """Return the settings of ``run`` that have an effect, with their meaning."""
    helps = {each.name: each.metadata["help"] for each in fields(run)}
    rows = [(Cell(name), Cell(value), Cell(helps[name])) for name, value in run.effective.items() if name != "seed"]
    return _table("settings", ("setting", "value", "meaning"), rows)


def _origins(network: TrainedNetwork) -> list[str]:
    """Return the other runs whose networks the training used."""
    used = {each.part.use: network.record.origin(each.part.role) for each in network.run.named_runs()}
    return [
        f"seed {network.run.seed} {use} {other.run}, weights {other.weights[:12]}"
        for use, other in used.items()
        if other
    ]


def _clean(networks: Sequence[TrainedNetwork]) -> Table:
    rows = []
    for each in networks:
        accuracy, images = each.metrics.accuracy, each.record.data.val
        low, high = wilson(round(accuracy * images), images)
        interval = f"{percent(low)} to {percent(high)}"
        rows.append((Cell(str(each.run.seed)), Cell(percent(accuracy)), Cell(interval), Cell(each.record.weights[:12])))
    return _table("clean", ("seed", "clean accuracy", "95 % interval over images", "weights (sha256)"), rows)


def _attacks(networks: Sequence[TrainedNetwork]) -> list[str]:
    return list(dict.fromkeys(text for each in networks for text in each.attacks))


def _attack(text: str, networks: Sequence[TrainedNetwork]) -> Table:
    """Return the accuracy under the attack ``text`` at every radius that all its records have."""
    found = {each.run.seed: each.attacks[text] for each in networks if text in each.attacks}
    outcomes = [each.outcomes for each in found.values()]
    radii = [eps for eps in outcomes[0].eps if all(eps in each.eps for each in outcomes)]
    accuracy = measured(outcomes, [(Quantity.ACCURACY, eps) for eps in radii])
    record = next(iter(found.values())).record
    threat = record.threat
    images = " or ".join(f"{size:,}" for size in sorted({each.record.images for each in found.values()}))
    caption = (
        f"Threat model: {threat.norm}, eps in {threat.eps_unit}, pixels in {threat.box[0]} to {threat.box[1]}; "
        f"{threat.knowledge}. Attack {text}, {record.numbers}. On {images} validation images, {named_seeds(found)}."
    )
    rows = [(Cell(f"{eps:g}"), cell) for eps, cell in zip(radii, accuracy, strict=True)]
    return Table(text, threat.label, caption, (), columns({"": ("eps", "accuracy")}), tuple(rows))


def _masking(networks: Sequence[TrainedNetwork]) -> list[str]:
    """Return, for each attack, the finding on its gradient at the seed where it is worst; empty where none was tested."""
    found = [(each.run.seed, finding) for each in networks for finding in masking(each)]
    worst = {
        finding.attack: (seed, finding) for seed, finding in sorted(found, key=lambda each: each[1].gap)
    }  # the last one stays
    return [f"seed {seed}, {finding.words}." for seed, finding in worst.values()]


def _reasons(networks: Sequence[TrainedNetwork]) -> list[str]:
    return [
        f"seed {each.run.seed}, {name}: {reason}"
        for each in networks
        for name, audit in sorted(each.audits.items())
        for reason in audit.verdict.reasons
    ]


def _limits(networks: Sequence[TrainedNetwork], left_out: Sequence[LeftOut], without: Sequence[int]) -> list[str]:
    """Return what the numbers do not show: first what is true of every card, then what is true of these records."""
    run, data = networks[0].run, networks[0].record.data
    audits = [audit for each in networks for audit in each.audits.values()]
    lines = [
        f"The network tells {len(data.classes)} classes apart at {run.image_size} px. Nothing is known of other images.",
        "An attack gives an upper bound: a stronger one may leave less. The accuracy holds for the attacks and eps above.",
    ]
    if len(networks) < SEEDS:
        lines.append(f"The numbers are of {how_many(len(networks), 'seed')}: another training could differ by more.")
    dull = [each.run.seed for each in networks if not learned(each.record)]
    if dull:
        best = max(each.metrics.accuracy for each in networks if each.run.seed in dull)
        ends = shown_and_needed(best, data.val, len(data.classes))
        accuracy = "clean accuracy " + "at most " * (len(dull) > 1) + percent(best)
        lines.append(
            f"At {named_seeds(dull)} it is not shown to have learned ({accuracy}, {ends}): attacks on it say nothing."
        )
    if not any(each.attacks for each in networks):
        lines.append("It was not attacked.")
    gone = [text for text in _attacks(networks) if not known_attack(text)]
    gone += sorted({each.battery for each in audits} - BATTERIES.keys())
    if gone:
        lines.append(f"The suite no longer has {', '.join(gone)}: no command below makes its numbers again.")
    if not audits:
        lines.append("It was not audited: the stronger attacks of an audit may leave less.")
    masked = {each.label for network in networks for each in masking(network) if each.masked}
    lines += [
        f"{label}: the gradient is masked, so accuracy under it is no evidence of strength." for label in sorted(masked)
    ]
    if any(each.verdict.kind == "masked" for each in audits):
        lines.append(
            "The audit finds its gradient masked: accuracy under an attack that follows it is no evidence of strength."
        )
    lines += [f"No network of {named_seeds(without)} is here: the training diverged or did not end."] * bool(without)
    return lines + [f"Left out: {each.what}: {each.reason}." for each in left_out]


def _commands(networks: Sequence[TrainedNetwork]) -> list[str]:
    """Return the commands that make the records again, each once: those of a control before the audit that needs it."""
    found: list[str] = []
    for each in networks:
        found += [_training(each.run, words) for words in _attack_words(each) or [[]]]
        for battery in (BATTERIES[name] for name in sorted(each.audits) if name in BATTERIES):
            control = control_of(each.run)
            if each.audits[battery.name].control and control != each.run:
                found += [_training(control, []), _audit(control, BATTERIES[battery.of_control])]
            found.append(_audit(each.run, battery))
    return list(dict.fromkeys(found))


def _training(run: Run, attacks: Sequence[str]) -> str:
    return shlex.join(["bench", "run", *run_options(run), *attacks, *_data_dir(run)])


def _audit(run: Run, battery: Battery) -> str:
    options = ["--full"] * (battery.of_control == FULL.name) + ["--quantise", "int8"] * battery.int8
    return shlex.join(["bench", "audit", run.key, *options, *_data_dir(run)])


def _data_dir(run: Run) -> list[str]:
    return [] if DATASETS[run.dataset].named else ["--data-dir", "DIR"]


def _attack_words(network: TrainedNetwork) -> list[list[str]]:
    """Return the options of the attacks on ``network``, one list for each norm, radii and fraction."""
    groups: dict[tuple[object, ...], list[AttackSpec]] = {}
    for text, made in network.attacks.items():
        attack = known_attack(text)
        if attack:
            spec = AttackSpec(attack, made.outcomes.eps, made.record.fraction)
            groups.setdefault((attack.norm, spec.eps, spec.fraction), []).append(spec)
    return [attack_options(network.run, specs) for specs in groups.values()]


def _table(name: str, head: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> Table:
    return Table(name, "", "", (), columns({"": head}), tuple(rows))
