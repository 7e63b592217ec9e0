"""Any table that a writer makes is read alike by the job and by the bot, or refused in words; never a wrong best."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.goal import Goal
from bot.domain.metrics.metrics_table import Table
from bot.domain.metrics.progress_rows import best_of
from trainer.metrics.normalize import normalize

METRIC = "val_accuracy"
Cells = Sequence[str]


@dataclass(frozen=True, slots=True)
class Written:
    """A file, the rows in it (epoch and metric, None for a gap), and whether its last row is torn."""

    data: bytes
    rows: tuple[tuple[int, float | None], ...]
    torn: bool

    def bests(self, *, whole: bool) -> set[tuple[float, int]]:
        """The best of the rows that are whole, the first of equals. Empty without a value."""
        rows = self.rows if whole else self.rows[:-1]
        values = [(value, epoch) for epoch, value in rows if value is not None]
        return {max(values, key=lambda each: each[0])} if values else set()


def delimited(delimiter: str, *, comma: bool = False, quote: bool = False, end: bool = False) -> Callable[[Cells], str]:
    def line(cells: Cells) -> str:
        texts = [cell.replace(".", ",") if comma and "(" not in cell else cell for cell in cells]
        texts = [f'"{text}"' if quote else text for text in texts]
        return delimiter.join(texts) + (delimiter if end else "")

    return line


STYLES: Sequence[tuple[str, Callable[[Cells], str]]] = (
    ("comma", delimited(",")),
    ("trailing comma", delimited(",", end=True)),
    ("comma and blank", delimited(", ")),
    ("quoted", delimited(",", quote=True)),
    ("semicolon", delimited(";")),
    ("semicolon, decimal comma", delimited(";", comma=True)),
    ("tab", delimited("\t")),
    ("tab, decimal comma", delimited("\t", comma=True)),
    ("bar", delimited("|")),
    ("framed", lambda cells: f"| {' | '.join(cells)} |"),
    ("padded", lambda cells: ",".join(cell.rjust(14) for cell in cells)),
    ("blanks", lambda cells: "  ".join(cell.replace(" ", "_") for cell in cells)),
    ("quoted decimal comma", delimited(",", comma=True, quote=True)),
)
NUMBERS: Sequence[Callable[[float], str]] = (
    repr,
    lambda value: f"{value:.4f}",
    lambda value: f"{value:.18e}",
    lambda value: f"{value}%",
    lambda value: f"tensor({value})",
    lambda value: f"np.float64({value})",
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32")


@st.composite
def tables(draw: st.DrawFn) -> Written:
    name, line = draw(st.sampled_from(STYLES))
    number = draw(st.sampled_from(NUMBERS))
    values = draw(st.lists(st.none() | st.integers(0, 10_000).map(lambda n: n / 100), min_size=2, max_size=8))
    rows = [(epoch, value) for epoch, value in enumerate(values, 1)]
    others = draw(st.sampled_from([(), ("lr",), ("lr", "train_loss"), ("phase", "lr")]))
    late = draw(st.booleans())
    # A blank in a framed or quoted table is a blank; NaN is a word that loggers write.
    gap = draw(st.sampled_from(["", "nan", "None"]))
    if name == "blanks":
        gap, number = gap or "nan", repr
    header = ["epoch", *others, METRIC]
    middle = ["warm up" if other == "phase" else "0.001" for other in others]
    body = [[str(epoch), *middle, gap if value is None else number(value)] for epoch, value in rows]
    if late and not name.startswith(("trailing", "framed")):
        body = [[*row, "0.5"] if index >= len(body) - 1 and row[-1] else row for index, row in enumerate(body)]
    top = draw(st.sampled_from(["", "# made by train.py\n", '#{"seed": 1}\n']))
    comment = draw(st.sampled_from(["", "# "])) if name == "comma" and not top else ""
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    lines = [comment + line(header), *map(line, body)]
    text = top.replace("\n", newline) + newline.join(lines)
    cut = draw(st.sampled_from([0, 0, 1, 2, 3]))
    last = len(lines[-1])
    torn = 0 < cut < last
    text = text[:-cut] if torn else text + draw(st.sampled_from(["", newline, newline * 2]))
    data = text.encode(draw(st.sampled_from(ENCODINGS)))
    return Written(data, tuple(rows), torn)


def found(table: Table) -> tuple[float, int | None] | None:
    return best_of(table, Goal(METRIC))


def close(best: tuple[float, int | None] | None, right: set[tuple[float, int]]) -> bool:
    if best is None:
        return not right
    return any(math.isclose(best[0], value) and best[1] == epoch for value, epoch in right)


@settings(max_examples=500, deadline=None)
@given(tables())
def test_best_is_right_or_the_table_is_refused_in_words(written: Written) -> None:
    whole = Table.parse(normalize(written.data, complete=True).encode())
    live = Table.parse(normalize(written.data, running=True).encode())
    bots = Table.parse(written.data)
    if written.torn:
        # Whether a torn value looks torn is for the reader to say while a file grows: then no torn line counts.
        assert refused(live) or close(found(live), written.bests(whole=False))
        return
    for table in (whole, bots):
        assert refused(table) or close(found(table), written.bests(whole=True)), (written.data, table)
    ends = written.data.rstrip(b"\x00")[-1:] in (b"\n", b"\r")
    assert refused(live) or close(found(live), written.bests(whole=ends))
    assert listed(Table.parse(normalize(written.data).encode())) == listed(bots), "the job and the bot read alike"


def refused(table: Table) -> bool:
    return METRIC not in table.columns and bool(table.remarks)


def listed(table: Table) -> dict[str, list[str]]:
    return {name: [repr(value) for value in column] for name, column in table.columns.items()}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(STYLES))
def test_ordinary_tables_are_never_refused(seed: int, style: tuple[str, Callable[[Cells], str]]) -> None:
    random_number = random.Random(seed)
    values = [round(random_number.uniform(0, 100), 2) + 0.001 for _ in range(random_number.randint(2, 60))]
    lines = [["epoch", METRIC, "loss"], *([str(n), repr(value), "0.25"] for n, value in enumerate(values, 1))]
    table = Table.parse("\n".join(map(style[1], lines)).encode())
    assert found(table) == (max(values), values.index(max(values)) + 1)
