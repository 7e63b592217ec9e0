"""`python -m bench.pictures FOLDER`: draw pictures that are hard to read, as the bot does, to be looked at.

Each is written as it is sent, and as Discord shows it: within 550 x 350 pixels, and 350 wide on a phone.
"""

import io
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from PIL import Image
from rich.console import Console

from bot.adapters.drawing.boards.board_page import draw_board
from bot.adapters.drawing.curves.figure_page import draw_figure
from bot.domain.drawing.figures import BoardRequest, Cell, Curve, FigureRequest
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind, Value

DESKTOP, PHONE = (550, 350), (350, 350)
NOON = 1_764_417_600.0
LR = Axis("lr", Kind.FLOAT, (0.1, 0.01, 0.001))
MOMENTUM = Axis("momentum", Kind.FLOAT, (0.5, 0.1, 0.05))
FIVE = (
    Axis("lr", Kind.FLOAT, low=1e-5, high=1.0, log=True),
    Axis("momentum", Kind.FLOAT, low=0.0, high=0.99),
    Axis("optimizer", Kind.CHOICE, ("sgd", "adam", "rmsprop")),
    Axis("batch_size", Kind.INT, (32, 64, 128, 256, 512)),
    Axis("augment", Kind.BOOLEAN, (True, False)),
)

console = Console(highlight=False)


def _curve(seed: int, *, epochs: int = 30, best: float = 98.0, rate: float = 6.0) -> list[tuple[float, float, float]]:
    """Training loss, validation loss and accuracy of each epoch."""
    random = Random(seed)
    rows = []
    for epoch in range(1, epochs + 1):
        left = math.exp(-epoch / rate)
        loss = 2.3 * left + 0.05 + random.uniform(-0.01, 0.01)
        rows.append((loss, loss + 0.05 + 0.002 * epoch, best - 60 * left + random.uniform(-0.4, 0.4)))
    return rows


def _csv(rows: Sequence[Sequence[float]], names: Sequence[str]) -> bytes:
    lines = [",".join(("epoch", *names))]
    lines += [",".join(map(str, (epoch, *row))) for epoch, row in enumerate(rows, 1)]
    return "\n".join(lines).encode() + b"\n"


def _usual(label: str, seed: int, **more: float) -> Curve:
    return Curve(label, _csv(_curve(seed, **more), ("train_loss", "val_loss", "val_accuracy")))  # type: ignore[arg-type]


def _figure(title: str, subtitle: str, curves: Sequence[Curve], metric: str = "val_accuracy") -> FigureRequest:
    return FigureRequest(title, subtitle, tuple(curves), metric)


def _board(title: str, axes: Sequence[Axis], cells: Sequence[Cell], as_of: float | None = None) -> BoardRequest:
    return BoardRequest(title, "main@a1b2c3d   epochs=20", tuple(axes), tuple(cells), "val_accuracy", as_of=as_of)


def _grid(axes: Sequence[Axis], states: Callable[[int], TrialState] = lambda _: TrialState.SUCCEEDED) -> list[Cell]:
    random, cells = Random(7), []
    for number, at in enumerate(product(*(axis.values for axis in axes))):
        state = states(number)
        value = 99.3 - abs(3 - number % 10) * 0.31 - random.uniform(0, 2) if state is TrialState.SUCCEEDED else None
        cells.append(Cell(at, state, value))
    return cells


def _drawn(axes: Sequence[Axis], count: int) -> list[Cell]:
    """Points of a random search."""
    random, cells = Random(3), []

    def value(axis: Axis) -> Value:
        if not axis.continuous:
            return random.choice(axis.values)
        if axis.log:
            return float(10 ** random.uniform(math.log10(axis.low), math.log10(axis.high)))
        return random.uniform(axis.low, axis.high)

    for number in range(count):
        at = tuple(value(axis) for axis in axes)
        pruned = number % 3 == 2
        cells.append(Cell(at, TrialState.PRUNED if pruned else TrialState.SUCCEEDED, random.uniform(60, 99)))
    return cells


def _half_failed(number: int) -> TrialState:
    return (TrialState.SUCCEEDED, TrialState.FAILED, TrialState.RUNNING, TrialState.WAITING)[number % 4]


def _sixty() -> Curve:
    names = ["val_accuracy", *(f"layer{n // 4}/grad_norm_{n % 4}" for n in range(59))]
    return Curve("k7q2mx", _csv([[row[2], *(row[0] * n for n in range(59))] for row in _curve(1)], names))


def _ten(name: str, low: float) -> Axis:
    return Axis(name, Kind.FLOAT, tuple(float(f"{low * 2**n:.6g}") for n in range(10)))


def requests() -> Mapping[str, FigureRequest | BoardRequest]:
    """By the picture's name."""
    return {**_curves(), **_boards()}


def _curves() -> Mapping[str, FigureRequest]:
    trials = [f".{n} lr={lr} augment={'true' if n % 2 else 'false'}" for n, lr in enumerate([0.1, 0.01, 0.001] * 3)]
    of_sweep = [_usual(name, n, best=98 - n / 2, rate=4.0 + n) for n, name in enumerate(trials[:8])]
    branches = [_usual("k7q2mx main@a1b2c3d", 1), _usual("b4n8wd wider@9f8e7d6", 2, best=96.5, rate=9.0)]
    names = ("訓練損失", "検証損失", "検証精度")
    japanese = [Curve("k7q2mx 実験/学習率@a1b2c3d", _csv(_curve(1), names))]
    japanese.append(Curve("b4n8wd 実験/広い層@9f8e7d6", _csv(_curve(2, best=96, rate=9), names)))
    about = "最適化=確率的勾配降下法 学習率=0.1"
    return {
        "job": _figure("mnist k7q2mx", "main@a1b2c3d   lr=0.1 momentum=0.5", [_usual("k7q2mx", 1)]),
        "sweep-curves": _figure("mnist k7q2mx: 8 trials", "main@a1b2c3d   epochs=30", of_sweep),
        "two-branches": _figure("mnist: 2 jobs", "lr=0.1 momentum=0.5 epochs=30", branches),
        "sixty-metrics": _figure("yolo k7q2mx", "main@a1b2c3d", [_sixty()]),
        "japanese": _figure("手書き数字: 2 jobs", about, japanese, "検証精度"),
    }


def _boards() -> Mapping[str, BoardRequest]:
    title, nine = "mnist sweep k7q2mx", (LR, MOMENTUM)
    hundred = (_ten("lr", 0.0001), _ten("weight_decay", 1e-6))
    close = (Axis("lr", Kind.FLOAT, (0.1000001, 0.1000002, 0.1000003)), MOMENTUM)
    seeds = (Axis("seed", Kind.INT, tuple(range(1, 25))),)
    long_names = ("確率的勾配降下法", "アダム", "とても長い名前の最適化手法その三", "とても長い名前の最適化手法その四")
    japanese = (Axis("最適化", Kind.CHOICE, long_names), Axis("学習率", Kind.FLOAT, (0.1, 0.01, 0.001)))
    return {
        "board-9": _board(title, nine, _grid(nine)),
        "board-9-live": _board(title, nine, _grid(nine, _half_failed), as_of=NOON),
        "board-100": _board(title, hundred, _grid(hundred)),
        "board-5-axes": _board(title, FIVE, _drawn(FIVE, 60)),
        "board-random": _board(title, FIVE[:2], _drawn(FIVE[:2], 60)),
        "board-close": _board(title, close, _grid(close)),
        "board-seeds": _board(title, seeds, _grid(seeds)),
        "board-japanese": _board("手書き数字 sweep k7q2mx", japanese, _grid(japanese)),
    }


def drawn(request: FigureRequest | BoardRequest) -> bytes:
    """The PNG. Raises ValueError with the remarks if there is nothing to draw."""
    drawing = draw_board(request) if isinstance(request, BoardRequest) else draw_figure(request)
    if drawing.png is None:
        raise ValueError(" ".join(drawing.remarks))
    return drawing.png


def fitted(png: bytes, size: tuple[int, int]) -> Image.Image:
    """The picture as a message shows it: never larger than `size`."""
    with Image.open(io.BytesIO(png)) as image:
        scale = min(1.0, size[0] / image.width, size[1] / image.height)
        return image.convert("RGB").resize(
            (round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS
        )


def main(folder: Annotated[Path, typer.Argument(help="Where to write the pictures.")]) -> None:
    """Draw every picture and print its size."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, request in requests().items():
        png = drawn(request)
        (folder / f"{name}.png").write_bytes(png)
        for kind, size in (("desktop", DESKTOP), ("phone", PHONE)):
            fitted(png, size).save(folder / f"{name}-{kind}.png")
        console.print(f"{name}  {len(png) // 1024} KB")


if __name__ == "__main__":
    typer.run(main)
