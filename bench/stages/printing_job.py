"""A job that only prints: `python -m bench.stages.printing_job`, with `BENCH_LINES` and `BENCH_SECONDS` set.

Half of the `BENCH_LINES` lines come at once, the others over `BENCH_SECONDS`. Each carries its number, so that a lost
line is noticed.
"""

import json
import os
import time
from collections.abc import Callable
from urllib.parse import urlparse

import boto3

EPOCHS = 200
LINES_AN_EPOCH = 500
STEP_SECONDS = 0.05


def line(number: int) -> str:
    """A line as long as a training's: 83 characters."""
    return f"[{number:06}] step {number:6} loss {1 / (1 + number):.6f} lr 0.1 grad_norm 1.2345 {'images/s 12345':>20}"


def metrics(epoch: int) -> dict[str, float]:
    loss = 2.3 / (1 + epoch)
    return {
        "epoch": epoch,
        "epochs": EPOCHS,
        "train_loss": loss,
        "val_loss": 1.1 * loss,
        "val_accuracy": 99 - 80 * loss,
    }


def main() -> None:
    count = int(os.environ["BENCH_LINES"])
    _store_metrics()
    for number in range(count // 2):
        _print(number)
    _spread(float(os.environ["BENCH_SECONDS"]), range(count // 2, count), _print)


def _print(number: int) -> None:
    if number % LINES_AN_EPOCH == 0:
        print("@metrics", json.dumps(metrics(number // LINES_AN_EPOCH + 1)))
    print(line(number), flush=number % 50 == 0)


def _spread(seconds: float, numbers: range, work: Callable[[int], None]) -> None:
    """Do the work for every number, evenly over `seconds`."""
    began = time.monotonic()
    steps = int(seconds / STEP_SECONDS)
    size = -(-len(numbers) // steps)
    for step in range(steps):
        for number in numbers[step * size : (step + 1) * size]:
            work(number)
        time.sleep(max(0.0, began + (step + 1) * STEP_SECONDS - time.monotonic()))


def _store_metrics() -> None:
    """Store the complete `metrics.csv` before the first line: plots are drawn while the lines arrive."""
    rows = [metrics(epoch) for epoch in range(1, EPOCHS + 1)]
    text = "\n".join([",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]) + "\n"
    output = urlparse(os.environ["OUTPUT_URI"])
    key = f"{output.path.strip('/')}/metrics.csv"
    boto3.client("s3").put_object(Bucket=output.netloc, Key=key, Body=text.encode())


if __name__ == "__main__":
    main()
