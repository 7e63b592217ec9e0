"""What a checkpoint can hold: it comes back, or `save` refuses it at once, by key and type."""

import argparse
import collections
import dataclasses
import datetime
import enum
import os
import pickle
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from trainer import checkpoint, safe_pickle
from trainer.contract import CHECKPOINT, Env


@dataclasses.dataclass(slots=True)
class Best:
    epoch: int = 3


class Point(NamedTuple):
    lr: float


class Phase(enum.Enum):
    WARM_UP = "warm-up"


class History:
    """A plain class of the project's own."""

    def __init__(self) -> None:
        self.losses = [np.float32(0.5)]


class NeedsTwo(Exception):
    """Pickles, and cannot be loaded: Python calls it with one argument."""

    def __init__(self, text: str, epoch: int) -> None:
        super().__init__(text)


KEPT: dict[str, Any] = {
    "numpy scalar": np.float64(0.9),
    "array": np.array([1.0]),
    "array of objects": np.array([None, {"a": 1}], dtype=object),
    "numpy's random state": np.random.get_state(),
    "numpy's generator": np.random.default_rng(1),
    "Python's random state": random.getstate(),
    "path": Path("runs/1"),
    "dataclass": Best(),
    "named tuple": Point(0.1),
    "enum": Phase.WARM_UP,
    "own class": History(),
    "namespace": argparse.Namespace(lr=0.1),
    "deque": collections.deque([1, 2], maxlen=5),
    "defaultdict": collections.defaultdict(list, {"a": [1]}),
    "counter": collections.Counter("aab"),
    "ordered": collections.OrderedDict(a=1),
    "set": {1, 2},
    "time": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    "bytes": b"\xff",
    "range": range(3),
}
REFUSED: dict[str, Any] = {
    "function": lambda: 1,
    "defaultdict": collections.defaultdict(lambda: 0),
    "lock": threading.Lock(),
    "generator": (number for number in range(3)),
    "builtin": print,
    "needs two": NeedsTwo("diverged", 3),
}


@pytest.fixture(autouse=True)
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(Env.OUTPUT_DIR, str(tmp_path))
    monkeypatch.delenv(Env.CONTROL_DIR, raising=False)
    return tmp_path


@pytest.fixture(params=["pickle", "torch"])
def either_format(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints of code that uses torch, and of code that does not."""
    if request.param == "torch":
        pytest.importorskip("torch")
    else:
        monkeypatch.delitem(sys.modules, "torch", raising=False)


@pytest.mark.usefixtures("either_format")
@pytest.mark.parametrize("kind", KEPT)
def test_saved_state_is_loaded(kind: str) -> None:
    """nerfstudio 3683: `torch.load` refused what was saved, and each attempt began at epoch 0."""
    checkpoint.save({"epoch": 3, "best": {"value": KEPT[kind]}})
    state = checkpoint.load()
    assert state is not None
    assert state["epoch"] == 3
    assert type(state["best"]["value"]) is type(KEPT[kind])


@pytest.mark.usefixtures("either_format")
@pytest.mark.parametrize("kind", REFUSED)
def test_state_that_cannot_be_loaded_is_refused_by_key_and_type(output: Path, kind: str) -> None:
    checkpoint.save({"epoch": 1})
    name = type(REFUSED[kind]).__qualname__
    with pytest.raises(TypeError, match=rf"checkpoint\.save: \['best'\]\[1\] cannot be saved: .*{name}"):
        checkpoint.save({"epoch": 2, "best": [0, REFUSED[kind]]})
    assert checkpoint.load() == {"epoch": 1}, "the one before is still there"


def test_state_of_torch_is_loaded() -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    half = torch.ones(2, dtype=torch.bfloat16)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "half": half, "kind": torch.float16}
    checkpoint.save({**state, "random": torch.get_rng_state(), "weight": model.weight, "sparse": half.to_sparse()})
    loaded = checkpoint.load()
    assert loaded is not None
    assert torch.equal(loaded["model"]["weight"], model.weight)
    assert loaded["kind"] is torch.float16


def test_module_is_refused_with_advice() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"\['model'\] cannot be saved: torch\.nn\.\S*Linear .*model\.state_dict\(\)"):
        checkpoint.save({"model": torch.nn.Linear(2, 2)})


@pytest.mark.usefixtures("either_format")
def test_file_cannot_ask_for_a_command(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may write in the bucket may not run code in the job."""

    class Evil:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.system, (f"touch {output / 'ran'}",)

    content = {"state": Evil(), "metrics": ""}
    (output / CHECKPOINT).write_bytes(safe_pickle._pickled(content))
    with pytest.raises(RuntimeError, match=r"checkpoint\.pt cannot be loaded: posix\.system"):
        checkpoint.load()
    assert not (output / "ran").exists()


def test_class_that_is_defined_after_load_ends_the_run_and_does_not_start_it_again(output: Path) -> None:
    script = output / "train.py"
    script.write_text(
        "import trainer\n{first}\nclass Best:\n    pass\n{then}\n".format(
            first="import sys\nif len(sys.argv) > 1: trainer.checkpoint.load()",
            then="trainer.checkpoint.save({'best': Best()})",
        )
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, str(script)]
    subprocess.run(command, check=True, env=environment)
    again = subprocess.run([*command, "again"], env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "Call load() after the classes in it are defined" in again.stderr


def test_imported_function_is_no_class_of_the_project(output: Path) -> None:
    (output / CHECKPOINT).write_bytes(b"c" + __name__.encode() + b"\nPath\n.")
    with pytest.raises(RuntimeError, match="is not among the types"):
        checkpoint.load()
    with pytest.raises(pickle.UnpicklingError):
        safe_pickle.loads(b"cbuiltins\ngetattr\n.")
