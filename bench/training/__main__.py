"""The reference training against the hands-on's loop: seconds for an epoch, and accuracy after equal epochs.

    python -m bench.training [--isa amx|avx512|avx2] [--pictures 6000] [--rounds 3] [--seeds 3] [--threads 2]

Both train the same net on the same pictures, turn by turn in one process, and the fastest epoch of each counts:
what else the machine does falls on both. The pictures are scikit-learn's digits, enlarged to 28x28 and moved
about, as many as asked for; MNIST itself has 60,000. `--isa` caps what the CPU may use, in a process of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from PIL import Image
from torch import Tensor, optim
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from trainer.mnist import Net, Trainer, flags, split
from trainer.reference.data import Pictures, load
from trainer.reference.hardware import Hardware, choose

CAPS = {
    "amx": {},
    "avx512": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE", "MKL_ENABLE_INSTRUCTIONS": "AVX512"},
    "avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"},
}
MEAN, DEVIATION = 0.1307, 0.3081
LR, MOMENTUM = 0.1, 0.5
CHILD = "SIGNALBOX_BENCH_CHILD"


def bytes_28(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` pictures of 28x28 as bytes, with their labels: each digit at many places, no two quite the same."""
    small, _ = load("digits")
    draw = np.random.default_rng(seed)
    chosen = draw.integers(0, len(small), count)
    grey = ((small.pixels[:, 0] * 0.376 + 0.3053) * 255).round().byte().numpy()
    large = np.stack([np.asarray(Image.fromarray(each).resize((20, 20), Image.Resampling.BILINEAR)) for each in grey])
    pixels = np.zeros((count, 28, 28), dtype=np.uint8)
    for place, (which, (x, y)) in enumerate(zip(chosen, draw.integers(0, 9, (count, 2)), strict=True)):
        pixels[place, y : y + 20, x : x + 20] = large[which]
    noise = draw.integers(0, 40, pixels.shape, dtype=np.uint8)
    return np.maximum(pixels, noise), small.labels.numpy()[chosen]


class OneByOne(Dataset[tuple[Tensor, int]]):
    """Pictures as torchvision gives them: by way of PIL, to a tensor, normalized, one at a time."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray) -> None:
        self._pixels, self._labels = pixels, labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = Image.fromarray(self._pixels[index])
        tensor = torch.from_numpy(np.array(image, copy=True)).unsqueeze(0).float().div(255)
        return tensor.sub_(MEAN).div_(DEVIATION), int(self._labels[index])


class HandsOnNet(Net):
    """The same layers, put together as published."""

    def forward(self, pixels: Tensor) -> Tensor:
        seen = functional.relu(self.second(functional.relu(self.first(pixels))))
        seen = functional.dropout(functional.max_pool2d(seen, 2), 0.25, self.training)
        seen = functional.relu(self.third(seen.flatten(1)))
        return functional.log_softmax(self.last(functional.dropout(seen, 0.5, self.training)), dim=1)


class HandsOn:
    """The published loop: a loader of single pictures, log-softmax and NLL, torch's plain SGD, a read each step."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray, seed: int) -> None:
        torch.manual_seed(seed)
        cut = len(labels) * 4 // 5
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(1008)).numpy()
        self._training = DataLoader(OneByOne(pixels[order[:cut]], labels[order[:cut]]), batch_size=64, shuffle=True)
        self._validation = DataLoader(OneByOne(pixels[order[cut:]], labels[order[cut:]]), batch_size=1000)
        self._net = HandsOnNet(28)
        self._optimizer = optim.SGD(self._net.parameters(), lr=LR, momentum=MOMENTUM)

    def epoch(self, _number: int) -> float:
        """Validation accuracy in %."""
        self._net.train()
        total = 0.0
        for pixels, labels in self._training:
            self._optimizer.zero_grad()
            loss = functional.nll_loss(self._net(pixels), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
            total += loss.item()
        return self._validate()

    @torch.no_grad()
    def _validate(self) -> float:
        self._net.eval()
        right, seen, loss = 0, 0, 0.0
        for pixels, labels in self._validation:
            scores = self._net(pixels)
            loss += functional.nll_loss(scores, labels, reduction="sum").item()
            right += int((scores.argmax(1) == labels).sum().item())
            seen += len(labels)
        return 100 * right / seen


class Ours:
    """The reference training, without its reports and checkpoints."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray, seed: int, hardware: Hardware) -> None:
        scaled = torch.from_numpy(pixels).unsqueeze(1).float().div(255).sub(MEAN).div(DEVIATION)
        pictures = Pictures(scaled, torch.from_numpy(labels))
        training, validation = next(split(pictures, 1))
        self._training, self._validation = training.to(hardware.device), validation.to(hardware.device)
        knobs = flags.parse_args(["--lr", str(LR), "--momentum", str(MOMENTUM), "--seed", str(seed)])
        self._trainer = Trainer(knobs, hardware, 28, fold=1)

    def epoch(self, number: int) -> float:
        self._trainer.learn(self._training, number)
        return self._trainer.validate(self._validation)[1]


@dataclass(slots=True)
class Measured:
    seconds: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)

    def epoch(self, one: Callable[[int], float], number: int) -> float:
        began = time.perf_counter()
        accuracy = one(number)
        self.seconds.append(time.perf_counter() - began)
        return accuracy


def measure(knobs: argparse.Namespace) -> None:
    torch.set_num_threads(knobs.threads)
    hardware = choose("auto" if knobs.isa == "amx" else "fp32", 28)
    theirs, ours = Measured(), Measured()
    pixels, labels = bytes_28(knobs.pictures, seed=1)
    for seed in range(1, knobs.seeds + 1):
        old, new = HandsOn(pixels, labels, seed), Ours(pixels, labels, seed, hardware)
        for number in range(1, knobs.rounds + 1):
            old_accuracy = theirs.epoch(old.epoch, number)
            new_accuracy = ours.epoch(new.epoch, number)
        theirs.accuracies.append(old_accuracy)
        ours.accuracies.append(new_accuracy)
    if knobs.form == "json":
        print(json.dumps({"hardware": str(hardware), "theirs": asdict(theirs), "ours": asdict(ours)}))
    else:
        tell(knobs, hardware, theirs, ours)


def tell(knobs: argparse.Namespace, hardware: Hardware, theirs: Measured, ours: Measured) -> None:
    print(f"\n{knobs.isa}: {hardware}; {knobs.pictures:,} pictures of 28x28, an epoch with its validation")
    for name, each in (("hands-on's loop", theirs), ("trainer.mnist", ours)):
        shown = " ".join(f"{accuracy:.2f}" for accuracy in each.accuracies)
        best, middle = min(each.seconds), statistics.median(each.seconds)
        print(
            f"  {name:16} {best:6.2f} s best, {middle:6.2f} s median    accuracy after {knobs.rounds} epochs: {shown}"
        )
    medians = statistics.median(theirs.seconds) / statistics.median(ours.seconds)
    print(f"  faster by {min(theirs.seconds) / min(ours.seconds):.2f}x at best, {medians:.2f}x at the median")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--isa", choices=list(CAPS), help="all, one after another, if not given")
    parser.add_argument("--pictures", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=3, help="epochs")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--form", choices=["text", "json"], default="text")
    knobs = parser.parse_args()
    if os.environ.get(CHILD):
        measure(knobs)
        return
    for isa in [knobs.isa] if knobs.isa else list(CAPS):
        again = [f"--{name}={value}" for name, value in vars(knobs).items() if name != "isa"]
        command = [sys.executable, "-m", "bench.training", f"--isa={isa}", *again]
        subprocess.run(command, check=True, env={**os.environ, **CAPS[isa], CHILD: "1"})


if __name__ == "__main__":
    main()
