"""Read metrics from the lines that training code prints anyway, by patterns.

A pattern of the project's is a name and a regular expression whose first group is the value, as in SageMaker's metric
definitions: https://docs.aws.amazon.com/sagemaker/latest/dg/define-train-metrics.html
Without any, lines that name an epoch, step or iteration are read as `name: value` or `name=value`, and so are the
dicts that the Hugging Face Trainer prints, and tables with a header (`printed_table.py`).
"""

import json
import re
from collections.abc import Mapping

from trainer.metrics.printed_table import PrintedTable, may_begin
from trainer.metrics.rows import Table
from trainer.metrics.tables.attempts import settled
from trainer.metrics.tables.axis import axis_name, rank
from trainer.metrics.tables.cells import number
from trainer.metrics.tables.csv_table import read_csv
from trainer.metrics.tables.grid import Grid

LONGEST_LINE = 2_000
"""Characters that are looked at. A regular expression may take long on a long line."""
LONGEST_USUAL = 600
"""Bytes of a line that is read without patterns of the project's: it is read while the command waits to write on."""
MOST_ROWS = 100_000
_DIGIT = re.compile(rb"\d")
_HINT = re.compile(rb"[:=]|epoch|step|iter|loss|acc|ppl|perplexity|reward|f1|auc|bleu|map|wer|error", re.IGNORECASE)
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?nan|[-+]?inf"
_COUNTER = re.compile(
    r"(?<![A-Za-z])(epoch|global[ _]step|step|iteration|iter|update|timesteps?|episode)\b(?:\(\w+\))?[\s:=#\[(]*"
    r"(\d+(?:\.\d+)?)(?![\w.])(?:\s*(?:/|of)\s*(\d+))?",
    re.IGNORECASE,
)
"""`Epoch 3/5`, `Epoch: [3][ 10/500]`, `step 10`, `iter 10:`, `Train Epoch: 1 [0/60000 (0%)]`, `Epoch(train) [1]`."""
_ROUND = re.compile(r"\s*(?:\[(\d+)\]\s+(?=\D)|(\d+):\s+(?=learn: ))")
"""XGBoost's and LightGBM's `[10]` at the beginning of a line, and CatBoost's `10: learn: 0.6`."""
_PAIR = re.compile(
    rf"([A-Za-z][\w@/.%()' -]{{0,39}}?)\s*[:=]\s*(?:\[?({_NUMBER})(?![\w])(?:\s*/\s*(\d+)(\s*\(\d[\d.]*\s*%\))?)?"
    r"|(?=[A-Za-z(\[{]))",
    re.IGNORECASE,
)
"""`loss: 0.5`, `loss=0.5`, `Accuracy: 9843/10000 (98%)`."""
_PATH = re.compile(
    r"(?<!\S)[`'\"(\[<]*(?:\.{0,2}/[A-Za-z_.]\S*|\S*://\S*"
    r"|\S+\.(?:py|pyx|ipynb|c|cc|cpp|cu|h|hpp|rs|go|so|sh|ckpt|pt|pth|safetensors|ya?ml|json|csv|log|txt)\b\S*)"
)
"""`/a/b.py:566:` of a warning, `lightning_logs/epoch=3-step=16.ckpt`: their numbers are no metrics."""
_TOTAL = re.compile(r"(?:max|num|total|n)_(?:epoch|global_step|step|iteration|iter|update|timestep|episode)s?")
_METRIC = re.compile(r"[a-z][\w@/.%'-]*(?:\(\w+\))?")
_APART = re.compile(r" - |  ")
_SPACED = re.compile(
    r"\b((?:\w+[ _/])?(?:loss|acc(?:uracy)?|ppl|perplexity|f1|auc|reward|bleu|map|wer|error)(?:@\d+)?)"
    rf"\s+({_NUMBER})(?![\w.])",
    re.IGNORECASE,
)
"""nanoGPT's `train loss 4.2874, val loss 4.2823`, the ImageNet example's `Loss 6.9 (7.0)`."""
_NOISE = """time eta ms s elapsed mfu lr at port pid rank seed data gpu mem version memory size batch samples
    params parameters level line device workers it sps wps fps ups"""


class LinePatterns:
    """The table of what the lines have said so far."""

    def __init__(self, patterns: Mapping[str, str] | None = None) -> None:
        self._patterns = {name: re.compile(pattern) for name, pattern in (patterns or {}).items()}
        self._table = Table()
        self._at: dict[str, float] = {}
        """The counters that the last lines named."""
        self._grid: Grid | None = None
        self._printed = PrintedTable()

    @property
    def configured(self) -> bool:
        """True with patterns of the project's."""
        return bool(self._patterns)

    def add_line(self, line: bytes) -> None:
        """Add what the patterns find in a line."""
        if len(self._table.rows) >= MOST_ROWS or not (self._patterns or len(line) <= LONGEST_USUAL):
            return
        if not self._patterns and may_begin(line) and self._printed.begin(_text(line)):
            return
        if not _DIGIT.search(line) or not (self._patterns or self._printed.begun or _HINT.search(line)):
            return
        text = _text(line)
        row = self._by_pattern(text) if self._patterns else self._printed.row(text) or _usual(text)
        counters = {name: value for name, value in row.items() if rank(name) is not None}
        values = {name: value for name, value in row.items() if rank(name) is None}
        if counters:
            self._at = counters
        if values and (self._at or self._patterns):
            self._table.add(self._at | values)
            self._grid = None

    def grid(self) -> Grid:
        """The table so far. A step that lines tell in several parts is one row."""
        if self._grid is None:
            self._grid = settled(read_csv(self._table.text().encode())) if self._table.rows else Grid()
        return self._grid

    def _by_pattern(self, text: str) -> dict[str, float]:
        row = {}
        for name, pattern in self._patterns.items():
            if (match := pattern.search(text)) and (value := number(match[1] or "")) is not None:
                row[name] = value
        if not any(rank(name) is not None for name in self._patterns):
            row |= _counters(text)
        return row


def _text(line: bytes) -> str:
    return _ESCAPE.sub("", line.decode(errors="replace"))[:LONGEST_LINE].rpartition("\r")[2]


def _usual(text: str) -> dict[str, float]:
    """The counters and values of a line as frameworks print it. Empty for any other line."""
    stripped = text.strip()
    if stripped.startswith("{") and stripped.endswith("}"):
        return _dict(stripped)
    text = _PATH.sub(" ", text)
    counters = _counters(text)
    rest = _COUNTER.sub(" ", text)
    found = [*_PAIR.finditer(rest), *_SPACED.finditer(rest)]
    values: dict[str, float] = {}
    for match in sorted(found, key=lambda each: each.start()):
        name = _name(match[1])
        if match[2] and name and name not in values and (value := _value(match)) is not None:
            values[name] = value
    return counters | values if values or counters else {}


def _value(match: re.Match[str]) -> float | None:
    """The number of a pair. A count of all, with its percentage behind it, is that percentage; without one, none."""
    value, of = number(match[2]), match[3] if match.re is _PAIR else None
    if of is None or value is None:
        return value
    return 100 * value / float(of) if match[4] and float(of) else None


def _counters(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for match in _COUNTER.finditer(text):
        name = match[1].lower().replace(" ", "_")
        found.setdefault(name, float(match[2]))
    if not found and (begin := _ROUND.match(text)):
        return {"iteration": float(begin[1] or begin[2])}
    axis = axis_name(found)
    return {axis: found[axis]} if axis is not None else {}


def _name(text: str) -> str:
    """`Train Loss` as `train_loss`; "" for what is no metric."""
    words = _APART.split(text.strip())[-1].lower().split()[-3:]
    name = "_".join(words)
    fits = _METRIC.fullmatch(name) and not _TOTAL.fullmatch(name)
    return name if fits and words[-1] not in _NOISE.split() else ""


def _dict(text: str) -> dict[str, float]:
    """The Trainer's `{'loss': 0.5, 'epoch': 1.0}`; newer versions quote the numbers, too."""
    try:
        row = json.loads(text.replace("'", '"'))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(row, dict):
        return {}
    found = {str(name): number(str(value)) for name, value in row.items() if not isinstance(value, bool)}
    known = {name: value for name, value in found.items() if value is not None}
    return known if any(rank(name) is not None for name in known) else {}
