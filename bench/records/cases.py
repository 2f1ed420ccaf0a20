"""Reads and writes the cases of a calibration. No other module knows their paths.

<calibration>/<run name>-seed-<n>/<fake>.json, .npz    the evidence of one case; "itself" is the network without a fake
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.records.files import Arrays
from bench.records.schema import CaseRecord
from bench.records.typed_files import read_with_arrays, write_with_arrays
from bench.spec.run import Run


def cases(calibration: Path) -> Iterator[tuple[CaseRecord, Arrays]]:
    """Yield every case below the folder ``calibration`` with its evidence, in order of name.

    Raises:
        IntegrityError: one is damaged.
    """
    for path in sorted(calibration.glob("*/*.json")):
        yield read_with_arrays(path, CaseRecord)


def case_path(calibration: Path, run: Run, fake: str) -> Path:
    """Return where the case of ``fake`` made of the network of ``run`` is; "" is the network itself."""
    return calibration / f"{run.name}-seed-{run.seed}" / f"{fake.replace(' ', '-') or 'itself'}.json"


def write_case(calibration: Path, record: CaseRecord, evidence: Arrays) -> None:
    """Write the evidence of a case of a calibration, then the record that names its hash."""
    write_with_arrays(case_path(calibration, Run.parse(record.run), record.fake), record, evidence)
