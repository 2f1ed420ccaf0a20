"""The workers of a sweep: on this machine, of a scheduler that runs already, or from Slurm. All are Dask."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from shutil import which
from typing import Any
from urllib.parse import urlparse

from bench.errors import BadInput, TryLater
from bench.plugins import require
from bench.records.processor import cores
from bench.spec.words import how_many

TIMEOUT = 15  # seconds to reach a scheduler
RETRIES = 2
TLS = ("ca_file", "cert", "key")
SLURM_JOB = {"cores": 1, "processes": 1, "memory": "8GB"}  # unless the configuration says otherwise
NVIDIA = Path("/proc/driver/nvidia/gpus")
# Measured by benchmarks/workers.py on two cores: together such runs train 1.2 times what one run does on both.
CORES_A_RUN = 1


@dataclass(frozen=True)
class Place:
    """A place to work at: ``local``, ``slurm`` or the address of a scheduler.

    Args:
        workers: runs at once; 0 for as many as suit the machine.
        config: a TOML file: arguments of dask-jobqueue's SLURMCluster, or ``ca_file``, ``cert`` and ``key`` for TLS.
        insecure: allow a scheduler elsewhere without TLS.
    """

    cluster: str = "local"
    workers: int = 0
    config: Path | None = None
    insecure: bool = False

    def check(self) -> None:
        """Raise BadInput, before anything is started, where the place or its configuration is wrong."""
        if self.cluster == "slurm":
            _check_slurm(self.config)
            return
        scheme, host = ("", "") if self.cluster == "local" else _address(self.cluster)
        if scheme and self.workers:
            raise BadInput(f"{self.cluster} has its own workers: expected no --workers, received {self.workers}")
        if self.config and scheme != "tls":
            raise BadInput(
                f"--cluster {self.cluster} takes no --cluster-config: expected --cluster slurm or tls://HOST:PORT"
            )
        if self.insecure and scheme != "tcp":
            raise BadInput(f"--cluster {self.cluster} takes no --insecure: expected --cluster slurm or tcp://HOST:PORT")
        if scheme == "tcp" and not _is_loopback(host) and not self.insecure:
            raise BadInput(
                f"{self.cluster} is another machine, without TLS: anyone who can reach it can run code as you; expected "
                "tls://, or --insecure on a network that you trust"
            )
        if scheme == "tls":
            if not self.config:
                raise BadInput("a scheduler with TLS needs --cluster-config FILE with ca_file, cert and key")
            _tls(self.config)


@dataclass(frozen=True)
class Shape:
    """How a machine is divided: ``workers`` runs at once with ``threads`` threads each, or one run on each of ``gpus``.

    ``threads`` is 0 on other machines: each run uses all that it finds.
    """

    workers: int
    threads: int
    gpus: int

    def __str__(self) -> str:
        if not self.threads:
            return "as many runs at once as the cluster has workers"
        if self.gpus:
            return f"{self.workers} runs at once, one on each GPU"
        return f"{how_many(self.workers, 'run')} at once, {how_many(self.threads, 'thread')} each"


def shape(place: Place) -> Shape:
    """Return how this machine is divided: a run for each ``CORES_A_RUN`` cores, or for each GPU."""
    if place.cluster != "local":
        return Shape(place.workers, 0, 0)
    gpus = len(list(NVIDIA.iterdir())) if NVIDIA.is_dir() else 0
    workers = place.workers or gpus or max(1, cores() // CORES_A_RUN)
    return Shape(workers, max(1, cores() // workers), gpus)


@contextmanager
def connected(place: Place) -> Iterator[Any]:
    """Give a Dask client of the workers of ``place``; TryLater where a scheduler does not answer."""
    import dask
    from distributed import Client

    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": RETRIES,
            "distributed.comm.timeouts.connect": f"{TIMEOUT}s",
            # Dask watches itself fifty times a second, which a training beside it pays for.
            "distributed.admin.tick.interval": "1s",
            "distributed.worker.profile.enabled": False,
        }
    )
    with _cluster(place) as (cluster, options):
        try:
            client = Client(cluster, timeout=TIMEOUT, set_as_default=False, **options)
        except (OSError, TimeoutError) as error:
            raise TryLater(
                f"no scheduler answers at {place.cluster} within {TIMEOUT} s: is it running, and with the same TLS?"
            ) from error
        with client:
            yield client


@contextmanager
def _cluster(place: Place) -> Iterator[tuple[Any, dict[str, Any]]]:
    if place.cluster == "local":
        from distributed import LocalCluster

        with LocalCluster(
            n_workers=shape(place).workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any free port: two sweeps may work on one machine
            preload=["bench.runs.sweep.worker"],
            silence_logs=50,
        ) as local:
            yield local, {}
    elif place.cluster == "slurm":
        from dask_jobqueue import SLURMCluster

        settings = {"scheduler_options": {"dashboard_address": ":0"}, **SLURM_JOB, **_settings(place.config)}
        if not place.insecure:
            # Certificates for this sweep alone, in files that only the user can read, where the nodes see them too.
            settings = {"security": True, "shared_temp_directory": str(Path.cwd()), **settings}
        with _accepted(place.config):
            made = SLURMCluster(**settings)
        with made as slurm:
            jobs = place.workers or 1
            slurm.adapt(minimum_jobs=jobs, maximum_jobs=jobs)  # a job that reaches its walltime is submitted anew
            yield slurm, {}
    elif place.config and place.cluster.startswith("tls"):
        from distributed.security import Security

        ca_file, cert, key = _tls(place.config)
        files = {"tls_ca_file": ca_file, "tls_client_cert": cert, "tls_client_key": key}
        yield place.cluster, {"security": Security(**files, require_encryption=True)}
    else:
        yield place.cluster, {}


def _check_slurm(config: Path | None) -> None:
    """Raise BadInput where Slurm or ``config``, what SLURMCluster takes, is wrong; start nothing and write nothing."""
    require("--cluster slurm", "slurm", "dask_jobqueue")
    if which("sbatch") is None:
        raise BadInput("--cluster slurm: there is no sbatch on the path; start the sweep where jobs are submitted")
    from dask_jobqueue import SLURMCluster

    settings = {**SLURM_JOB, **_settings(config)}
    of_the_cluster = signature(SLURMCluster.__init__).parameters
    of_a_job = {name: value for name, value in settings.items() if name not in of_the_cluster}
    with _accepted(config):
        SLURMCluster.job_cls("tcp://127.0.0.1:0", "check", **of_a_job)


@contextmanager
def _accepted(config: Path | None) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError, ArithmeticError) as error:
        raise BadInput(f"--cluster-config {config} is not what SLURMCluster takes: {error}") from error


def _tls(config: Path) -> list[str]:
    """Return ``ca_file``, ``cert`` and ``key`` of a configuration; BadInput where one is not the name of a file."""
    settings = _settings(config)
    for name in TLS:
        file = settings.get(name)
        if not isinstance(file, str) or not Path(file).is_file():
            raise BadInput(
                f"{config} has {file!r} for {name}: expected the name of a file; ca_file, cert and key are needed"
            )
    return [settings[name] for name in TLS]


def _address(cluster: str) -> tuple[str, str]:
    """Return scheme and host of a scheduler's address; BadInput where it is none."""
    try:
        address = urlparse(cluster)
        scheme, host, port = address.scheme, address.hostname, address.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in ("tcp", "tls") or not host or not port:
        raise BadInput(f"cluster {cluster!r}: expected local, slurm, tcp://HOST:PORT or tls://HOST:PORT")
    return scheme, host


def _settings(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"cannot read --cluster-config {path}: {error}") from error


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
