"""What a hostile job leaves: files and log lines that are made to take a bot down."""

import io
import json
import pickle
import random
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice

MIB = 2**20
REFUSED = "too many to read|too long|too large|could not be (drawn|read)"
"""One of these, depending on how fast the machine is."""
Files = Mapping[str, bytes]
"""Contents by the key below the job's prefix."""


@dataclass(frozen=True, slots=True)
class Bomb:
    """`announced` matches what the result says of its figures; "" if it shows them."""

    name: str
    files: Callable[[], Files]
    announced: str = ""
    lines: Callable[[], list[str]] = list


def _csv(content: Callable[[], bytes]) -> Callable[[], Files]:
    return lambda: {"metrics.csv": content()}


def _typical(mebibytes: int) -> bytes:
    """A table of steps as training code writes it."""
    numbers = random.Random(1)
    row = [f"{numbers.random():.9f},{numbers.random():.9f}" for _ in range(1_000)]
    size = mebibytes * MIB // 30
    rows = islice((f"{step},{row[step % 1_000]}" for step in range(1, 10**9)), size)
    return ("epoch,train_loss,val_accuracy\n" + "\n".join(rows) + "\n").encode()


def _header_of_links() -> bytes:
    links = [f"[Verify your account {number}](https://evil.example)" for number in range(200)]
    names = ["epoch", "val_accuracy", *links, "# BIG @everyone", "<@&1>", "```", "||spoiler||"]
    return f"{','.join(names)}\n1,1,{','.join('a' for _ in names[2:])}\n".encode()


def _headers() -> bytes:
    return b"".join(b"epoch,x%d\n1,2\n" % number for number in range(2_000_000))


def _huge_picture() -> Files:
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 50_000, 50_000, 8, 2, 0, 0, 0)
    return {"artifacts/a b?.png": png + bytes(300_000), "metrics.csv": _typical(1)}


class _Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("code of a job runs in the bot",)


def _files_to_open() -> Files:
    """Formats that unpack to something large, or run code, wherever they are opened."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arr_0.npy", bytes(200 * MIB))
    record = struct.pack("<Q", 2**62) + bytes(64)
    names = {f"artifacts/{number}/{'x' * 200}.txt": b"x" for number in range(1_500)}
    return {
        "checkpoint.pt": pickle.dumps(_Payload()),
        "artifacts/arrays.npz": packed.getvalue(),
        "artifacts/events.out.tfevents.1": record,
        **names,
    }


BOMBS = (
    Bomb("62 MiB in one line", _csv(lambda: b"10," * 21_000_000), "more than 262,144 characters"),
    Bomb("16 million rows", _csv(lambda: b"epoch,val_accuracy\n" + b"1,1\n" * 16_000_000), REFUSED),
    Bomb("a million columns", _csv(lambda: b",".join([b"c%d" % n for n in range(10**6)]) + b"\n" + b"1," * 10**6)),
    Bomb("100 MiB", _csv(lambda: b"1,2\n" * 25 * MIB), "more than 64 MiB"),
    Bomb("a picture of 50,000 x 50,000", _huge_picture),
    Bomb("a header of masked links", _csv(_header_of_links), "Left out as not numeric"),
    Bomb("a quoted cell never closed", _csv(lambda: b'epoch,val_accuracy\n1,"' + b"1,2\n" * 15_000_000), REFUSED),
    Bomb("UTF-16", _csv(lambda: ("epoch,val_accuracy\n" + "1,2\n" * 8_000_000).encode("utf-16")), REFUSED),
    Bomb("64 MB of NULs", _csv(lambda: bytes(64_000_000)), "empty"),
    Bomb("a new header every other line", _csv(_headers), REFUSED),
    Bomb("60 MiB of blank lines", _csv(lambda: b"\n" * 60 * MIB), REFUSED),
    Bomb("a manifest of 200 MiB", lambda: {"manifest.json": b"[" * 200 * MIB, "metrics.csv": _typical(1)}),
    Bomb("pickle, zip bomb, broken record, 1,500 names", _files_to_open, "left no metrics"),
    Bomb(
        "@metrics 100,000 levels deep, numbers of 5,000 digits",
        dict,
        "left no metrics",
        lambda: [f'@metrics {{"epoch": {"[" * 100_000}', *[f'@metrics {{"epoch": {"9" * 5_000}, "a": 1}}'] * 20],
    ),
    Bomb("a log line of 64 MB", dict, "left no metrics", lambda: ["x" * 64_000_000, json.dumps({"a": "y" * 10**6})]),
)
LARGE_TABLES = tuple(Bomb(f"50 MiB, number {number}", _csv(lambda: _typical(50))) for number in range(1, 5))
INNOCENT = Bomb("innocent", _csv(lambda: b"epoch,val_accuracy\n1,90\n2,95\n"))
ALL = (INNOCENT, *BOMBS, *LARGE_TABLES)
"""By the job's parameter `seed`."""
