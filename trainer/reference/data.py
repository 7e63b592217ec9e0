"""Load pictures of handwritten digits: MNIST's IDX files from a folder, S3 or a mirror, or scikit-learn's small set.

The files' format: http://yann.lecun.com/exdb/mnist/ (IDX: a big-endian header, then bytes).
"""

import gzip
import hashlib
import io
import math
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

DIGITS = "digits"
SUMS = "SHA256SUMS"
_IMAGES, _LABELS = "{}-images-idx3-ubyte", "{}-labels-idx1-ubyte"
_TRAIN, _TEST = "train", "t10k"
_TIMEOUT_SECONDS = 60

MNIST_SUMS = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

ReadFile = Callable[[str], bytes | None]
"""Reads a file by its name. None if there is no such file."""


class BadData(Exception):
    """The data is missing or damaged."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """`pixels`: float32, n x 1 x side x side, with mean 0 and deviation 1 over the set. `labels`: int64, n."""

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def side(self) -> int:
        return self.pixels.shape[-1]

    def subset(self, indices: Tensor) -> "Pictures":
        return Pictures(self.pixels[indices], self.labels[indices])

    def to(self, device: torch.device) -> "Pictures":
        """Move to a device, in the memory layout that is fastest for convolutions."""
        pixels = self.pixels.to(device, memory_format=torch.channels_last)
        return Pictures(pixels, self.labels.to(device))


def load(where: str) -> tuple[Pictures, Pictures | None]:
    """Load training and test pictures from `digits`, a folder, `s3://bucket/prefix` or `https://mirror/path`.

    MNIST's files are checked against their known SHA-256. Other files in its format need a `SHA256SUMS` beside them;
    a mirror's own is not trusted. Raises BadData.
    """
    if where == DIGITS:
        return _digits(), None
    if where.startswith(("http://", "https://")):
        read, sums = _from_mirror(where), MNIST_SUMS
    else:
        read = _from_s3(where) if where.startswith("s3://") else _from_folder(Path(where))
        own = read(SUMS)
        sums = MNIST_SUMS if own is None else _parse_sums(own)
    return _idx(read, sums, where, _TRAIN), _idx(read, sums, where, _TEST)


def _digits() -> Pictures:
    """Read 1,797 pictures of 8x8 from scikit-learn's file. Importing scikit-learn takes longer than the training."""
    package = find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise BadData("the default data are scikit-learn's digits, and it is not installed: pip install scikit-learn")
    file = Path(package.submodule_search_locations[0], "datasets", "data", "digits.csv.gz")
    table = np.loadtxt(io.BytesIO(gzip.decompress(file.read_bytes())), delimiter=",", dtype=np.float32)
    pixels = torch.from_numpy(table[:, :64]).reshape(-1, 1, 8, 8) / 16
    return Pictures((pixels - 0.3053) / 0.3760, torch.from_numpy(table[:, 64]).long())


def _idx(read: ReadFile, sums: Mapping[str, str], where: str, part: str) -> Pictures:
    pixels = _array(read, sums, where, _IMAGES.format(part))
    labels = _array(read, sums, where, _LABELS.format(part))
    if pixels.ndim != 3 or labels.ndim != 1 or len(pixels) != len(labels):
        raise BadData(f"{where}: {pixels.shape} pixels and {labels.shape} labels don't match")
    scaled = torch.from_numpy(pixels).unsqueeze(1).float() / 255
    return Pictures((scaled - 0.1307) / 0.3081, torch.from_numpy(labels).long())


def _array(read: ReadFile, sums: Mapping[str, str], where: str, name: str) -> np.ndarray:
    for each in (f"{name}.gz", name):
        content = read(each)
        if content is not None:
            _check(content, sums, where, each)
            return _parse_idx(gzip.decompress(content) if each.endswith(".gz") else content, f"{where}: {each}")
    raise BadData(f"{where} has neither {name}.gz nor {name}")


def _check(content: bytes, sums: Mapping[str, str], where: str, name: str) -> None:
    found, known = hashlib.sha256(content).hexdigest(), sums.get(name)
    if known is None:
        listed = ", ".join(sums) or "nothing"
        raise BadData(f"{where}: {name} has no known SHA-256. Add it to {SUMS}, which lists {listed}")
    if found != known:
        raise BadData(f"{where}: {name} is damaged, or another file: its SHA-256 is {found}, not {known}")


def _parse_idx(content: bytes, what: str) -> np.ndarray:
    """Parse an array of unsigned bytes, in any number of dimensions."""
    zeros, kind, dimensions = content[:2], content[2:3], content[3] if len(content) > 3 else 0
    begin = 4 + 4 * dimensions
    shape = tuple(int(size) for size in np.frombuffer(content[4:begin], dtype=">u4"))
    if zeros != b"\0\0" or kind != b"\x08" or not dimensions or len(content) != begin + math.prod(shape):
        raise BadData(f"{what} is not a complete IDX file of bytes")
    return np.frombuffer(content, dtype=np.uint8, offset=begin).reshape(shape).copy()


def _parse_sums(sums: bytes) -> dict[str, str]:
    """Parse the output of `sha256sum`: a digest, two characters, a name."""
    pairs = (line.split(maxsplit=1) for line in sums.decode().splitlines() if line.strip())
    return {name.lstrip("*"): digest for digest, name in pairs}


def _from_folder(folder: Path) -> ReadFile:
    if not folder.is_dir():
        raise BadData(f"{folder} is not a folder; use {DIGITS}, a folder, s3://bucket/prefix or https://mirror/path")
    return lambda name: (folder / name).read_bytes() if (folder / name).is_file() else None


def _from_s3(uri: str) -> ReadFile:
    from trainer.storage.bucket import Bucket  # noqa: PLC0415  loads the AWS SDK only if needed

    bucket = Bucket(uri)

    def read(name: str) -> bytes | None:
        stored = bucket.get(name)
        return stored.body if stored else None

    return read


def _from_mirror(address: str) -> ReadFile:
    def read(name: str) -> bytes | None:
        try:
            with urllib.request.urlopen(f"{address.rstrip('/')}/{name}", timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310  only http(s)
                content: bytes = response.read()
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (403, 404):
                return None
            raise BadData(f"{address}: {error}") from error
        except OSError as error:
            raise BadData(f"{address}: {error}") from error
        return content

    return read
