"""What a program of the list consists of, and what stands for its training and for the loggers' packages."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.programs import logger_files

ROWS = '''
"""What the epochs bring. Each takes EPOCH_SECONDS."""
import os
import time

SECONDS = float(os.environ.get("EPOCH_SECONDS", "0"))


class Epochs(list):
    def __iter__(self):
        began = time.monotonic()
        for number, value in enumerate(super().__iter__(), 1):
            time.sleep(max(0.0, began + number * SECONDS - time.monotonic()))
            yield value
        time.sleep(max(0.0, began + (len(self) + 1) * SECONDS - time.monotonic()))


LOSS, ACCURACY = Epochs([1.0, 0.5, 0.3, 0.4]), Epochs([60.0, 80.0, 90.0, 85.0])
'''
START = "from rows import ACCURACY, LOSS\n"


@dataclass(frozen=True, slots=True)
class Program:
    """`source` is where its metrics are found, `kept` some of what it leaves, `config` what it takes beside `metric`.

    `best` is the best value of the metric, `at` where it was, `panel` the columns that are drawn with it.
    """

    name: str
    script: str
    metric: str
    source: str
    kept: tuple[str, ...] = ()
    at: str = "epoch 3"
    best: float = 0.3
    panel: tuple[str, ...] = ()
    config: Mapping[str, object] = field(default_factory=dict)

    @property
    def settings(self) -> Mapping[str, object]:
        """What the project's section has for this program, beside what every project has."""
        return {"metric": self.metric, **self.config}

    @property
    def columns(self) -> tuple[str, ...]:
        return self.panel or (self.metric,)


def files(program: Program) -> Mapping[str, str]:
    """The files of the repository, by name: `train.py` and what stands for the training and for the loggers."""
    return {"train.py": START + program.script, "rows.py": ROWS, "logger.py": logger_source()}


def logger_source() -> str:
    """A module that writes what the loggers of TensorBoard and Weights & Biases write."""
    return inspect.getsource(logger_files)
