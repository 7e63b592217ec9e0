"""What reads one table for `python -m bench reader`: `python -m bench.programs.reading FORM FILE` prints JSON."""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench.programs.logger_files import event, records, tensorboard
from trainer.metrics.formats.json_rows import read_json
from trainer.metrics.formats.tensorboard import read_events
from trainer.metrics.tables.csv_table import read_csv
from trainer.metrics.tables.grid import Grid

KIB = 1024
STATUS = Path("/proc/self/status")
READERS: Mapping[str, Callable[[Path], Grid]] = {
    "CSV": lambda path: read_csv(path.read_bytes()),
    "JSON lines": lambda path: read_json(path.read_bytes()),
    "TensorBoard events": lambda path: read_events([(path, path.read_bytes())]),
}


def write(form: str, path: Path, rows: int) -> None:
    """Write a table of three columns in one of the forms."""
    with path.open("wb") as file:
        for chunk in _chunks(form, rows):
            file.write(chunk)


def _chunks(form: str, rows: int) -> Iterator[bytes]:
    if form == "CSV":
        yield b"step,loss,val_accuracy\n"
    if form == "TensorBoard events":
        yield tensorboard()
    for step in range(1, rows + 1):
        loss, accuracy = round(2.3 / (1 + step / rows), 6), round(99 - rows / step, 4)
        if form == "CSV":
            yield f"{step},{loss},{accuracy}\n".encode()
        elif form == "JSON lines":
            yield json.dumps({"step": step, "loss": loss, "val_accuracy": accuracy}).encode() + b"\n"
        else:
            yield records([event(step, loss=loss, val_accuracy=accuracy)])


def main(form: str, path: Path) -> None:
    """Seconds are CPU time. Memory is the growth of the peak of resident memory, with the file's bytes."""
    before = _peak()
    began = time.process_time()
    grid = READERS[form](path)
    seconds = time.process_time() - began
    print(json.dumps({"rows": grid.rows, "seconds": seconds, "peak_bytes": (_peak() - before) * KIB}))


def _peak() -> int:
    """The peak of resident memory in KiB. Linux's `ru_maxrss` begins with that of the parent."""
    if STATUS.exists():
        return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
