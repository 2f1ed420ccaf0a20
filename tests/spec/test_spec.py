from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.datasets import DATASETS
from bench.errors import BadInput, unknown
from bench.spec.architectures import ARCHITECTURES
from bench.spec.methods import METHODS
from bench.spec.names import exactly
from bench.spec.pruning_schedule import Fractions, Steps, parse_schedule
from bench.spec.ranks import FullRank
from bench.spec.run import RUN_NAME, Run

standard = st.builds(
    Run.of,
    arch=st.sampled_from([name for name, row in ARCHITECTURES.items() if row.lr1]),
    dataset=st.sampled_from(sorted(DATASETS)),
    image_size=st.integers(32, 512),
    sparsity=st.sampled_from([0.0, 0.5, 0.98]) | st.floats(0, 1, exclude_max=True),
    schedule=st.builds(Steps, st.integers(1, 500), st.integers(1, 50), st.integers(1, 50))
    | st.builds(Fractions, st.floats(0, 0.5), st.floats(0.5, 1, exclude_min=True), st.integers(1, 99)),
    pruning=st.sampled_from(["magnitude", "random", "filter"]),
    low_rank=st.sampled_from(["full", "0.5", "0.25"]) | st.floats(0.01, 1).map(repr),
    temperature=st.sampled_from([1.0, 20, 0.5]),
    temperature_loss=st.sampled_from(["plain", "scaled"]),
    epochs=st.integers(1, 300),
    batch_size=st.integers(1, 1024),
    learning_rate=st.none() | st.floats(1e-6, 10),
    clip_norm=st.none() | st.sampled_from([0.0, 1.0, 2.5]),
    weight_decay=st.sampled_from([0, 0.0, 5e-4]),
    seed=st.integers(0, 9),
)
in_bfloat16 = st.builds(replace, standard, sparsity=st.just(0.0), precision=st.just("bfloat16"))
adversarial = st.builds(
    replace,
    standard,
    adversarial_eps=st.sampled_from([0, 1, 2.0]) | st.floats(0, 255),
    adversarial_steps=st.integers(1, 20),
    adversarial_start=st.sampled_from(["image", "random"]),
)
runs = standard | in_bfloat16 | adversarial


@given(runs)
def test_a_run_reads_back_what_it_prints(run: Run) -> None:
    assert Run.parse(str(run)) == run
    assert Run.parse(str(run)).name == run.name


@given(runs, runs)
def test_runs_share_a_name_exactly_when_only_the_seed_differs(one: Run, other: Run) -> None:
    without_seed = [{**run.settings, "seed": 0} for run in (one, other)]
    assert (one.name == other.name) == (without_seed[0] == without_seed[1])


# A change here renames results that users have: it needs a line in the CHANGELOG.
GOLDEN = [
    ("resnet18-b128-imagenette64-de24c892", {"arch": "resnet18"}),
    ("resnet18-s0.9-b128-imagenette64-fbf44548", {"arch": "resnet18", "sparsity": 0.9}),
    ("alexnet-s0.98-b512-imagenette64-c3f20eff", {"arch": "alexnet", "sparsity": 0.98, "batch_size": 512}),
    (
        "alexnet-s0.8-random-lr1-t20-b128-imagenette64-8c93c866",
        {"arch": "alexnet", "low_rank": "lr1", "temperature": 20, "sparsity": 0.8, "pruning": "random"},
    ),
    (
        "alexnet-list-t90-b128-imagenette64-2c4f7d5d",
        {"arch": "alexnet", "low_rank": "8,40,60,100,200", "temperature": 90, "temperature_loss": "plain"},
    ),
    ("resnet18-adv2-b128-imagenette64-6f2b0e7b", {"arch": "resnet18", "adversarial_eps": 2}),
    (
        "resnet18-s0.9-adv8-pgd7-image-b128-imagenette64-0cb9ee12",
        {
            "arch": "resnet18",
            "sparsity": 0.9,
            "adversarial_eps": 8,
            "adversarial_steps": 7,
            "adversarial_start": "image",
        },
    ),
    (
        "fc5-s0.5-l1-1e-05-nuc0.001-drop0.2-b128-imagenette64-8151007f",
        {"arch": "fc5", "sparsity": 0.5, "l1": 1e-5, "nuclear_norm": 1e-3, "dropout": 0.2},
    ),
    ("resnet18-r0.5-b128-imagenette64-ea9c619f", {"arch": "resnet18", "low_rank": "0.5"}),
    (
        "fc5-s0.5-b512-synthetic32-affca774",
        {
            "arch": "fc5",
            "sparsity": 0.5,
            "schedule": Steps(10, 4, 5),
            "batch_size": 512,
            "dataset": "synthetic",
            "image_size": 32,
            "learning_rate": 0.01,
        },
    ),
    (
        "fc5-b512-synthetic32-93c0d647",
        {
            "arch": "fc5",
            "batch_size": 512,
            "dataset": "synthetic",
            "image_size": 32,
            "learning_rate": 0.01,
            "precision": "bfloat16",
        },
    ),
]


@pytest.mark.parametrize(("name", "settings"), GOLDEN)
def test_names_of_runs_stay(name: str, settings: dict[str, object]) -> None:
    assert Run.of(**settings).name == name


@given(st.floats(allow_nan=False))
def test_a_number_is_written_with_six_digits_where_they_are_enough_and_reads_back(number: float) -> None:
    short = f"{number:g}"
    assert float(exactly(number)) == number
    assert (exactly(number) == short) == (float(short) == number)


@pytest.mark.parametrize("text", ["shares:0.3333333,0.3333334,16", "shares:0.1234567,0.5,16", "shares:0,1,4"])
def test_a_schedule_of_many_digits_reads_back(text: str) -> None:
    assert str(parse_schedule(text)) == text
    run = Run.of(arch="fc5", sparsity=0.5, schedule=text)
    assert Run.parse(str(run)) == run


def test_the_schedule_has_no_effect_without_pruning() -> None:
    assert Run.of(arch="fc5", sparsity=0.0, schedule=Steps(5, 5, 5)) == Run.of(arch="fc5")


@pytest.mark.parametrize(
    "idle",
    [
        {"pruning": "random", "sparsity": 0.0},
        {"data_name": "", "method": ""},
        {"temperature": 1, "temperature_loss": "plain"},
        {"temperature_loss": "scaled", "schedule": "shares:0.2,0.7,16", "pruning": "magnitude"},
        {"low_rank": "full"},
        {"low_rank": FullRank()},
        {"temperature": 1},
        {"adversarial_eps": 0},
        {"adversarial_eps": 0.0, "adversarial_steps": 7, "adversarial_start": "image"},
    ],
)
def test_a_setting_without_effect_makes_no_other_run(idle: dict[str, object]) -> None:
    assert Run.of(arch="alexnet", **idle) == Run.of(arch="alexnet")


SVD = {"low_rank": "lr1", "low_rank_init": "svd", "low_rank_from": "alexnet-b128-imagenette64-00000000"}


def test_a_start_by_svd_is_another_run_and_reads_back() -> None:
    run = Run.of(arch="alexnet", **SVD)
    assert "-lr1-svd-" in run.name
    assert run.name != Run.of(arch="alexnet", low_rank="lr1").name
    assert Run.parse(str(run)) == run


@pytest.mark.parametrize("missing", SVD)
def test_a_start_by_svd_needs_all_three_settings(missing: str) -> None:
    with pytest.raises(BadInput, match="expected --low-rank, --low-rank-init svd and --from RUN together"):
        Run.of(arch="alexnet", **{name: value for name, value in SVD.items() if name != missing})


def test_one_and_one_point_zero_are_one_setting() -> None:
    assert Run.of(arch="fc5", weight_decay=0).name == Run.of(arch="fc5", weight_decay=0.0).name


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sparsity": 90}, "did you mean 0.9?"),
        ({"sparsity": -0.1}, "[0, 1)"),
        ({"sparsity": float("nan")}, "[0, 1)"),
        ({"batch_size": 0}, "[1, 65536]"),
        ({"batch_size": 12.5}, "images in"),
        ({"epochs": True}, "epochs in"),
        ({"image_size": 31}, "[32, 512]"),
        ({"learning_rate": 0.0}, "(0, 100]"),
        ({"arch": "resnet"}, "did you mean 'resnet18'?"),
        ({"dataset": "imagenet"}, "did you mean 'imagenette'?"),
        ({"precision": "float16"}, "bfloat16"),
        ({"sparsty": 0.9}, "did you mean 'sparsity'?"),
        ({"seed": -1}, "seed is -1"),
        ({"pruning": "smallest", "sparsity": 0.5}, "magnitude, random"),
        ({"temperature": 0}, "a temperature in (0, 1000000]"),
        ({"adversarial_eps": 256}, "pixel levels in [0, 255]"),
        ({"adversarial_eps": 2, "adversarial_steps": 0}, "steps in [1, 1000]"),
        ({"adversarial_eps": 2, "adversarial_start": "edge"}, "expected one of image, random"),
        ({"adversarial_steps": 7}, "no adversarial_eps is given: expected one, as in --adversarial-eps 2"),
        ({"adversarial_start": "image"}, "no adversarial_eps is given: expected one, as in --adversarial-eps 2"),
        ({"adversarial_eps": 2, "precision": "bfloat16"}, "expected --precision float32"),
        ({"sparsity": 0.5, "precision": "bfloat16"}, "sparsity is 0.5"),
        ({"variational_dropout": 1.0, "precision": "bfloat16"}, "variational_dropout is 1"),
        ({"l0": 0.5, "precision": "bfloat16"}, "expected --precision float32"),
        ({"temperature": float("inf")}, "a temperature in (0, 1000000]"),
        ({"temperature_loss": "hot"}, "plain, scaled"),
        ({"pruning": "random"}, "--sparsity 0.9"),
        ({"schedule": "shares:0.1,0.5,4"}, "no sparsity is given: expected one, as in --sparsity 0.9"),
        ({"temperature_loss": "plain"}, "no temperature is given: expected one, as in --temperature 20"),
        ({"rewind_from": "self"}, "--rewind is self, but no sparsity is given"),
        ({"arch": None}, "arch is missing"),
        ({"arch": "my file.py:f"}, "FILE.py:FUNCTION"),
        ({"data_name": "pets"}, "expected it with folder alone"),
        ({"dataset": "folder", "data_name": "a b"}, "letters, digits and hyphens"),
        ({"method": "l1"}, "unknown method 'l1'"),
        ({"method": "l1("}, "NAME or NAME(SETTING=VALUE,...)"),
        (
            {**SVD, "arch": "alexnet", "low_rank_from": "results/../etc/seed-0"},
            "--from is 'results/../etc/seed-0': expected the name of a run's folder",
        ),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_allowed(settings: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        Run.of(**{"arch": "fc5", **settings})
    assert said in str(refusal.value)


def test_a_rewound_network_wraps_no_layer_and_can_be_trained_in_bfloat16() -> None:
    assert Run.of(arch="fc5", sparsity=0.5, rewind_from="self", precision="bfloat16").precision == "bfloat16"


def test_of_many_names_the_nearest_comes_first_and_a_few_others() -> None:
    names = [f"network-{number:02}" for number in range(54)]
    said = str(unknown("run", "netwrok-40", names, "bench status"))
    assert said.startswith(
        "unknown run 'netwrok-40': did you mean 'network-40'? expected one of network-40, network-00, "
    )
    assert said.endswith("network-06 and 46 more, which bench status lists")
    assert str(unknown("run", "?", ["b", "a"], "bench status")) == "unknown run '?': expected one of a, b"


@pytest.mark.parametrize("sparsity", [1, 1.0, -0.1, 101, 200.0])
def test_only_a_percentage_gets_a_hint(sparsity: float) -> None:
    with pytest.raises(BadInput) as refusal:
        Run.of(arch="fc5", sparsity=sparsity)
    assert "did you mean" not in str(refusal.value)


def test_two_folders_of_equal_settings_can_have_names_of_their_own() -> None:
    settings = {"arch": "fc5", "dataset": "folder", "image_size": 32}
    pets, plain = Run.of(**settings, data_name="Pets-2"), Run.of(**settings)
    assert "-folder32-Pets-2-" in pets.name
    assert pets.name != plain.name
    assert Run.parse(str(pets)) == pets
    assert "data_name" not in str(plain)


FILE = "some/where/My_Net.py:build"


def test_a_function_in_a_file_is_an_architecture_that_needs_no_file_to_be_read_back() -> None:
    run = Run.of(arch=FILE, low_rank="0.5")
    assert Run.parse(str(run)) == run
    assert run.name.startswith("my-net-build-r0.5-b128-imagenette64-")
    assert RUN_NAME.check("name", run.name) is None
    assert (run.learning_rate, run.clip_norm) == (0.05, 5.0)
    assert run.name != Run.of(arch=FILE.replace("where", "else"), low_rank="0.5").name


@pytest.fixture
def methods(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("l1", "other-one"):
        monkeypatch.setitem(METHODS.data, name, object())  # not imported to read a run


@pytest.mark.usefixtures("methods")
def test_methods_of_other_packages_are_part_of_the_run_in_one_spelling() -> None:
    run = Run.of(arch="fc5", method="l1(strength=0.10, after = 3),other-one")
    assert run.method == "l1(after=3,strength=0.1),other-one"
    assert Run.parse(str(run)) == run
    assert run.name != Run.of(arch="fc5").name
    assert run == Run.of(arch="fc5", method="l1(after=3,strength=0.1),other-one")


def test_derived_seeds_depend_on_seed_and_purpose_alone() -> None:
    one, other = Run.of(arch="fc5", seed=3), Run.of(arch="alexnet", sparsity=0.5, seed=3)
    assert one.derived_seed("init") == other.derived_seed("init")
    assert len({one.derived_seed(purpose) for purpose in ("init", "order", "subset")}) == 3
    assert one.derived_seed("init") != Run.of(arch="fc5", seed=4).derived_seed("init")


@given(st.floats(0, 0.9), st.floats(0.01, 1), st.integers(1, 200), st.integers(1, 5000))
def test_fractions_always_finish_inside_the_training(begin: float, length: float, updates: int, total: int) -> None:
    end = min(1.0, begin + length)
    if begin >= end:
        return
    try:
        steps = Fractions(begin, end, updates).resolve(total)
    except BadInput as refusal:
        assert "too few" in str(refusal)  # noqa: PT017
        return
    assert 1 <= steps.begin < steps.end <= max(total, 1)
    assert steps.updates <= updates
    assert steps.end <= round(end * total)


def test_steps_that_end_too_late_are_refused_with_the_limit() -> None:
    assert Steps(100, 8, 25).resolve(300).end == 300
    with pytest.raises(BadInput, match="prunes last at step 300, but the training has 299 steps"):
        Steps(100, 8, 25).resolve(299)


@pytest.mark.parametrize("text", ["shares:0.2,0.7", "steps:1,2", "cubic:1,2,3", "shares:a,b,c", "steps:1.5,2,3", ""])
def test_a_schedule_that_is_none_is_refused_with_both_forms(text: str) -> None:
    with pytest.raises(BadInput, match="shares:BEGIN,END,UPDATES"):
        parse_schedule(text)


@pytest.mark.parametrize("text", ["shares:0.7,0.2,16", "shares:0.2,1.7,16", "steps:0,2,3", "shares:0.1,0.2,0"])
def test_a_schedule_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="schedule"):
        parse_schedule(text)


def test_a_file_has_one_spelling() -> None:
    assert Run.of(arch="./a/../net.py:build") == Run.of(arch="net.py:build")
    assert Run.parse(str(Run.of(arch="net.py:build")).replace("net.py", "./net.py")).arch == "./net.py:build"
