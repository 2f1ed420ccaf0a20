"""Imports run one way, heavy ones stay out of the command line, and nothing loads a file that could run code."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bench.runtime import ABOUT

ROOT = Path(__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("bench", "architectures")
    for path in sorted((ROOT / package).rglob("*.py"))
}

# From the ground up: a module may import from its own floor or a lower one, never from a higher one.
FLOORS = [
    {"bench", "bench.errors"},
    {"architectures", "bench.limits", "bench.statistics", "bench.files", "bench.interruption"},
    {"bench.datasets", "bench.attacks", "bench.schedule", "bench.comparison"},
    {"bench.ranks", "bench.separable", "bench.masking"},
    {"bench.spec", "bench.batches", "bench.toml_lines"},
    {"bench.trial", "bench.runtime", "bench.checkpoint"},
    {
        "bench.methods",
        "bench.metrics",
        "bench.spectral",
        "bench.view",
        "bench.scalars",
        "bench.progress",
        "bench.store",
        "bench.command",
        "bench.grid",
    },
    {"bench.networks", "bench.evaluation", "bench.state", "bench.export"},
    {"bench.gallery"},
    {"bench.trainee"},
    {"bench.states", "bench.report"},
    {"bench.training"},
    {"bench.experiment"},
    {"bench.phases"},
    {"bench.show", "bench.data_cli", "bench.sweep"},
    {"bench.sweep_cli", "bench.report_cli"},
    {"bench.cli"},
    {"bench.sweep.leash"},
]
TENSORFLOW = {"tensorflow", "tf_keras", "tensorflow_model_optimization"}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in inner}
    return found


def floor(module: str) -> int:
    """Return the floor of a module: that of its longest named prefix."""
    named = [(len(name), number) for number, names in enumerate(FLOORS) for name in names if is_in(module, name)]
    return max(named)[1]


def is_in(module: str, name: str) -> bool:
    return module == name or (name != "bench" and module.startswith(name + "."))


def test_every_module_has_a_floor() -> None:
    assert [module for module in MODULES if not any(is_in(module, name) for names in FLOORS for name in names)] == []


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downwards(module: str) -> None:
    ours = {name for name in imports(MODULES[module]) if name.split(".")[0] in ("bench", "architectures")}
    upwards = {name for name in ours if floor(name) > floor(module)}
    assert not upwards


def test_only_magnitude_and_its_wrapper_import_the_pruning_library() -> None:
    users = {
        module
        for module, path in MODULES.items()
        if any(name.startswith("tensorflow_model_optimization") for name in imports(path))
    }
    assert users == {"bench.methods.magnitude", "bench.methods.wrapper"}


def test_architectures_import_nothing_of_the_harness() -> None:
    for module, path in MODULES.items():
        if module.startswith("architectures"):
            assert not {name for name in imports(path) if name.startswith("bench")}


def test_the_command_line_loads_neither_tensorflow_nor_matplotlib() -> None:
    code = "import sys, bench.cli, bench.phases, bench.show; print([m for m in sys.modules if m in %r])"
    names = sorted(TENSORFLOW | {"matplotlib", "pandas", "scipy"})
    done = subprocess.run([sys.executable, "-c", code % (names,)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_hash_of_the_code_leaves_out_nothing_that_training_or_attacking_imports() -> None:
    reached, left = set[str](), {"bench.experiment"}
    while left:
        module = left.pop()
        reached.add(module)
        left |= {name for name in imports(MODULES[module]) if name in MODULES} - reached
    ours = {name: path for name, path in MODULES.items() if not name.startswith("architectures")}
    about = {name for name, path in ours.items() if path.relative_to(ROOT / "bench").as_posix().startswith(ABOUT)}
    assert about
    assert not about & reached


# What would run code out of a file: pickles, whole models, YAML tags, eval.
BANNED_CALLS = {
    "load_model",
    "load_weights",
    "from_json",
    "model_from_json",
    "eval",
    "exec",
    "unsafe_load",
    "extractall",
}
BANNED_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml"}


@pytest.mark.parametrize("module", MODULES)
def test_nothing_loads_a_file_that_could_run_code(module: str) -> None:
    assert not imports(MODULES[module]) & BANNED_MODULES
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        assert name not in BANNED_CALLS
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "np.load":
            keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            assert keywords.get("allow_pickle") == "False"


@pytest.mark.parametrize("module", MODULES)
def test_files_are_small_rooms(module: str) -> None:
    text = MODULES[module].read_text(encoding="utf-8")
    assert text.count("\n") <= 250
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring
