"""One small program for each source of metrics. Each writes a row every few seconds: its number, as `score`.

When a row was written, they note in a file that is kept. The bot reads nothing from that one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.programs.program import logger_source

NOTED = "noted.times"
CLOCK = f'''
"""When the rows come, at times without a rhythm, and when each was written."""
import os
import time

ROWS = int(os.environ["ROWS"])


def rows():
    for number in range(1, ROWS + 1):
        time.sleep(1.7 + number * 2.39 % 3)
        yield number
        with open("{NOTED}", "a") as file:
            print(time.time(), file=file)
    time.sleep(8)
'''


@dataclass(frozen=True, slots=True)
class Source:
    """`script` draws its rows from `rows()`, and has written each one when it draws the next."""

    name: str
    script: str
    settings: Mapping[str, object] = field(default_factory=dict)


SOURCES = (
    Source(
        "report()",
        """
from trainer import report
for n in rows():
    report(epoch=n, score=n)
""",
    ),
    Source(
        "@metrics line",
        """
import json
for n in rows():
    print("@metrics", json.dumps({"epoch": n, "score": n}), flush=True)
""",
    ),
    Source(
        "CSV",
        """
with open("results.csv", "w", buffering=1) as file:
    file.write("epoch,score\\n")
    for n in rows():
        file.write(f"{n},{n}\\n")
""",
    ),
    Source(
        "JSON lines",
        """
import json
with open("history.jsonl", "w", buffering=1) as file:
    for n in rows():
        file.write(json.dumps({"epoch": n, "score": n}) + "\\n")
""",
    ),
    Source(
        "trainer_state.json",
        """
import json
history = []
for n in rows():
    history.append({"epoch": n, "step": n, "score": n})
    os.makedirs(f"out/checkpoint-{n}")
    with open(f"out/checkpoint-{n}/trainer_state.json", "w") as file:
        json.dump({"log_history": history, "global_step": n}, file)
""",
    ),
    Source(
        "TensorBoard events",
        """
from logger import event, records, tensorboard
os.makedirs("runs/one")
with open("runs/one/events.out.tfevents.1700000000.host.1.0", "wb", buffering=0) as file:
    file.write(tensorboard())
    for n in rows():
        file.write(records([event(n, score=n)]))
""",
    ),
    Source(
        "W&B offline",
        """
from logger import wandb
os.makedirs("wandb/offline-run-1")
told, size = [], 0
with open("wandb/offline-run-1/run-1.wandb", "wb", buffering=0) as file:
    for n in rows():
        told.append({"epoch": n, "score": n})
        size += file.write(wandb(told)[size:])
""",
    ),
    Source(
        "MLflow files",
        """
os.makedirs("mlruns/0/0123456789abcdef0123456789abcdef/metrics")
with open("mlruns/0/0123456789abcdef0123456789abcdef/metrics/score", "w", buffering=1) as file:
    for n in rows():
        file.write(f"{1700000000000 + n} {n} {n}\\n")
""",
    ),
    Source(
        "printed lines",
        """
for n in rows():
    print(f"Epoch {n}/99 score: {n}", flush=True)
""",
    ),
    Source(
        "metric_patterns",
        """
for n in rows():
    print(f"round {n} gave us {n} points", flush=True)
""",
        {"metric_patterns": {"score": "gave us ([0-9.]+) points", "epoch": "round ([0-9]+)"}},
    ),
)


def files(source: Source) -> Mapping[str, str]:
    """The files of the repository, by name."""
    return {
        "train.py": "import os\nfrom clock import rows\n" + source.script,
        "clock.py": CLOCK,
        "logger.py": logger_source(),
    }
