"""Imports run one way, heavy ones stay out of the command line, and nothing loads a file that could run code."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
# From the ground up: a package imports from itself and from those before it.
ORDER = (
    "architectures",
    "bench.errors",
    "bench.version",
    "bench.plugins",
    "bench.datasets",
    "bench.spec",
    "bench.attacks",
    "bench.records",
    "bench.methods",
    "bench.training",
    "bench.evaluation",
    "bench.deployment",
    "bench.audit",
    "bench.looking",
    "bench.imagenet",
    "bench.networks",
    "bench.fooling",
    "bench.features",
    "bench.runs",
    "bench.comparison",
    "bench.report",
    "bench.doctor",
    "bench.notebook",
    "bench.cli",
    "bench.__main__",
)
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("bench", "architectures")
    for path in sorted((ROOT / package).rglob("*.py"))
}
TENSORFLOW = {"tensorflow", "tf_keras", "tensorflow_model_optimization"}


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imports(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in inner}
    return frozenset(found)


def package(module: str) -> str:
    return next((each for each in ORDER if module == each or module.startswith(each + ".")), "")


def test_every_module_is_in_a_package_of_the_order() -> None:
    assert [module for module in MODULES if module != "bench" and not package(module)] == []


def test_imports_run_one_way() -> None:
    upwards = []
    for module, path in MODULES.items():
        for name in imports(path):
            if module != "bench" and package(name) and ORDER.index(package(name)) > ORDER.index(package(module)):
                upwards.append(f"{module} imports {name}")
    assert upwards == []


def test_modules_import_each_other_in_no_circle() -> None:
    graph = {module: {name for name in imports(path) if name in MODULES} for module, path in MODULES.items()}
    # A package's own module is imported with each of its parts, and may import them.
    graph = {module: {name for name in names if not module.startswith(name + ".")} for module, names in graph.items()}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " imports ".join([*path[path.index(module) :], module])
        if module not in done:
            for name in sorted(graph[module]):
                visit(name, (*path, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


def test_only_the_pruning_methods_import_the_pruning_library() -> None:
    users = {
        module
        for module, path in MODULES.items()
        if any(name.startswith("tensorflow_model_optimization") for name in imports(path))
    }
    assert users == {"bench.methods.magnitude_pruning", "bench.methods.pruning_wrapper"}


def test_the_command_line_loads_neither_tensorflow_nor_matplotlib() -> None:
    code = "import sys, bench.cli.main, bench.cli.run_output, bench.runs.pipeline; print([m for m in sys.modules if m in %r])"
    names = sorted(TENSORFLOW | {"matplotlib", "pandas", "scipy"})
    done = subprocess.run([sys.executable, "-c", code % (names,)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


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


def test_nothing_loads_a_file_that_could_run_code() -> None:
    found = []
    for module, path in MODULES.items():
        found += [f"{module} imports {name}" for name in imports(path) & BANNED_MODULES]
        for node in nodes(path):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in BANNED_CALLS:
                found.append(f"{module}:{node.lineno} calls {name}")
            if isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "np.load":
                keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                if keywords.get("allow_pickle") != "False":
                    found.append(f"{module}:{node.lineno} loads pickles")
    assert found == []


def test_what_reads_records_needs_no_tensorflow() -> None:
    readers = ("bench.records.", "bench.comparison.", "bench.report.")
    modules = [module for module in MODULES if module.startswith(readers)]
    code = f"import sys, {', '.join(modules)}; print([m for m in sys.modules if m in {sorted(TENSORFLOW)!r}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
