import gzip
import hashlib
import struct
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from trainer.reference import data
from trainer.reference.data import BadData, load
from trainer.storage.bucket import Bucket

COUNTS = {"train": 12, "t10k": 5}


def idx(values: np.ndarray) -> bytes:
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


def files(*, packed: bool) -> dict[str, bytes]:
    """Pictures of 28x28 whose pixels and labels are their index."""
    found = {}
    for part, count in COUNTS.items():
        numbers = np.arange(count, dtype=np.uint8)
        pixels = np.broadcast_to(numbers[:, None, None], (count, 28, 28))
        for name, values in ((f"{part}-images-idx3-ubyte", pixels), (f"{part}-labels-idx1-ubyte", numbers % 10)):
            content = idx(np.ascontiguousarray(values))
            found[f"{name}.gz" if packed else name] = gzip.compress(content, mtime=0) if packed else content
    return found


def sums(contents: dict[str, bytes]) -> bytes:
    return "".join(f"{hashlib.sha256(each).hexdigest()}  {name}\n" for name, each in contents.items()).encode()


@pytest.fixture(params=[True, False], ids=["packed", "plain"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    contents = files(packed=request.param)
    for name, content in {**contents, "SHA256SUMS": sums(contents)}.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def check(where: str) -> None:
    training, test = load(where)
    assert test is not None
    assert (len(training), len(test), training.side) == (12, 5, 28)
    assert training.pixels.shape == (12, 1, 28, 28)
    assert training.labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert training.pixels[3, 0, 5, 5].item() == pytest.approx((3 / 255 - 0.1307) / 0.3081)


def test_idx_files_are_read_from_a_folder(folder: Path) -> None:
    check(str(folder))


def test_changed_file_is_refused(folder: Path) -> None:
    name = next(path.name for path in folder.glob("train-labels*"))
    (folder / name).write_bytes(b"changed")
    digest = hashlib.sha256(b"changed").hexdigest()
    with pytest.raises(BadData, match=f"{name} is damaged, or another file: its SHA-256 is {digest}, not "):
        load(str(folder))


def test_missing_file_is_named(folder: Path) -> None:
    next(folder.glob("t10k-images*")).unlink()
    with pytest.raises(BadData, match=r"neither t10k-images-idx3-ubyte\.gz nor t10k-images-idx3-ubyte"):
        load(str(folder))


def test_files_other_than_mnist_need_their_own_sums(folder: Path) -> None:
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(BadData, match=r"not 440fcabf|not ba891046"):
        load(str(folder))


@pytest.mark.parametrize("content", [b"", b"\0\0\x08", b"\0\0\x0d\x01\0\0\0\x01x", idx(np.zeros(4, np.uint8))[:-1]])
def test_malformed_idx_file_is_refused(content: bytes, folder: Path) -> None:
    contents = {"train-images-idx3-ubyte": content}
    for old in folder.glob("train-images*"):
        old.unlink()
    (folder / "train-images-idx3-ubyte").write_bytes(content)
    (folder / "SHA256SUMS").write_bytes(sums(contents))
    with pytest.raises(BadData, match="not a complete IDX file"):
        load(str(folder))


def test_unknown_folder_is_refused() -> None:
    with pytest.raises(BadData, match="/nowhere is not a folder; use digits, a folder, s3://bucket/prefix or https://"):
        load("/nowhere")


@pytest.mark.slow
def test_idx_files_are_read_from_s3(folder: Path, bucket: Bucket) -> None:
    for path in folder.iterdir():
        bucket.put(path.name, path.read_bytes())
    check(bucket.uri)


@pytest.fixture
def mirror(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Not on the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.slow
def test_mirror_is_trusted_only_for_known_sums(mirror: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadData, match="its SHA-256 is"):
        load(mirror)
    known = {
        name: digest for digest, name in (line.split() for line in (folder / "SHA256SUMS").read_text().splitlines())
    }
    monkeypatch.setattr(data, "MNIST_SUMS", known)
    check(mirror)


@pytest.mark.slow
def test_unreachable_mirror_is_reported() -> None:
    with pytest.raises(BadData, match=r"http://127\.0\.0\.1:1: "):
        load("http://127.0.0.1:1")


def test_digits_are_those_of_scikit_learn() -> None:
    digits, test = load("digits")
    assert test is None
    assert digits.pixels.shape == (1797, 1, 8, 8)
    assert torch.bincount(digits.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert abs(digits.pixels.mean().item()) < 0.001
    assert digits.pixels.std().item() == pytest.approx(1, abs=0.001)
