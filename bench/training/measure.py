"""The process that measures for `compare`: `python -m bench.training.measure INSTRUCTION_SET OPTIONS` prints JSON."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np
import torch
from PIL import Image

from bench.training.baseline import DEVIATION, LR, MEAN, MOMENTUM, Baseline
from bench.training.comparison import Comparison, Options, Times
from trainer.mnist import Trainer, flags, split
from trainer.reference.data import DIGITS, Pictures, load
from trainer.reference.hardware import Hardware, choose


class Reference:
    """The reference training, without its reports and checkpoints."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray, seed: int, hardware: Hardware) -> None:
        scaled = torch.from_numpy(pixels).unsqueeze(1).float().div(255).sub(MEAN).div(DEVIATION)
        pictures = Pictures(scaled, torch.from_numpy(labels))
        training, validation = next(split(pictures, 1))
        self._training, self._validation = training.to(hardware.device), validation.to(hardware.device)
        options = flags.parse_args(["--lr", str(LR), "--momentum", str(MOMENTUM), "--seed", str(seed)])
        self._trainer = Trainer(options, hardware, 28, fold=1)

    def epoch(self, number: int) -> float:
        """Train for one epoch; return the validation accuracy in %."""
        self._trainer.learn(self._training, number)
        return self._trainer.validate(self._validation)[1]


def draw_pictures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return `count` pictures of 28x28 as bytes, with their labels: scikit-learn's digits, enlarged, at random places
    and with noise, so that no two are quite the same."""
    small, _ = load(DIGITS)
    draw = np.random.default_rng(seed)
    chosen = draw.integers(0, len(small), count)
    grey = ((small.pixels[:, 0] * 0.376 + 0.3053) * 255).round().byte().numpy()
    large = np.stack([np.asarray(Image.fromarray(each).resize((20, 20), Image.Resampling.BILINEAR)) for each in grey])
    pixels = np.zeros((count, 28, 28), dtype=np.uint8)
    for place, (which, (x, y)) in enumerate(zip(chosen, draw.integers(0, 9, (count, 2)), strict=True)):
        pixels[place, y : y + 20, x : x + 20] = large[which]
    noise = draw.integers(0, 40, pixels.shape, dtype=np.uint8)
    return np.maximum(pixels, noise), small.labels.numpy()[chosen]


class Timed:
    """A training whose epochs are timed. `accuracy` is the last epoch's, in %."""

    def __init__(self, epoch: Callable[[int], float]) -> None:
        self._epoch = epoch
        self.seconds: list[float] = []
        self.accuracy = 0.0

    def run(self, number: int) -> None:
        began = time.perf_counter()
        self.accuracy = self._epoch(number)
        self.seconds.append(time.perf_counter() - began)


def measure(instruction_set: str, options: Options) -> Comparison:
    """Train both nets turn by turn, so that whatever else the machine does slows both down."""
    torch.set_num_threads(options.threads)
    hardware = choose("auto" if instruction_set == "amx" else "fp32", 28)
    pixels, labels = draw_pictures(options.pictures, seed=1)
    baselines, references = list[Timed](), list[Timed]()
    for seed in range(1, options.seeds + 1):
        baselines.append(Timed(Baseline(pixels, labels, seed).epoch))
        references.append(Timed(Reference(pixels, labels, seed, hardware).epoch))
        for number in range(1, options.epochs + 1):
            baselines[-1].run(number)
            references[-1].run(number)
    return Comparison(str(hardware), _times(baselines), _times(references))


def _times(trainings: Sequence[Timed]) -> Times:
    return Times([each for training in trainings for each in training.seconds], [t.accuracy for t in trainings])


if __name__ == "__main__":
    print(json.dumps(asdict(measure(sys.argv[1], Options(**json.loads(sys.argv[2]))))))
