"""What each tool's documentation says to add, as data: the smallest form that has the numbers and the files."""

import difflib
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.peers.peer_programs import EVENTS, JSON_LINES, LAST_LINE, LIGHTNING, WANDB, PeerProgram

CLEARML, MLFLOW, WEIGHTS, TENSORBOARD = "ClearML", "MLflow", "W&B", "TensorBoard"
PACKAGES = {CLEARML: "clearml", MLFLOW: "mlflow", WEIGHTS: "wandb", TENSORBOARD: "tensorboard"}


@dataclass(frozen=True, slots=True)
class Integration:
    """Lines at the `top` of the script, after each `row`, and at the `end`; `swapped` replaces whole lines."""

    top: Sequence[str] = ()
    row: Sequence[str] = ()
    end: Sequence[str] = ()
    swapped: Mapping[str, str] = field(default_factory=dict)


def integration(tool: str, program: PeerProgram) -> Integration:
    """What this tool takes in this program. Nothing where the program logs with the tool already."""
    return _OWN.get((tool, program.name)) or _with_files(_USUAL[tool], tool, program)


def patched(program: PeerProgram, added: Integration) -> str:
    """The script with the lines added. Raises ValueError if the program has no such line."""
    out = [*added.top]
    missing = {program.row, *added.swapped, f'print("{LAST_LINE}")'}
    for line in program.script.strip().splitlines():
        text = line.strip()
        missing.discard(text)
        indent = line[: len(line) - len(line.lstrip())]
        if text == f'print("{LAST_LINE}")':
            out += added.end
        out.append(indent + added.swapped.get(text, text))
        if text == program.row:
            out += [textwrap.indent(each, indent) for each in added.row]
    if missing:
        raise ValueError(f"{program.name} has no line {missing.pop()!r}")
    return "\n".join(out) + "\n"


def added_lines(program: PeerProgram, added: Integration) -> int:
    """Lines that a diff shows as added or changed."""
    before, after = program.script.strip().splitlines(), patched(program, added).splitlines()
    return sum(line.startswith("+") for line in list(difflib.unified_diff(before, after, n=0))[2:])


def _with_files(usual: Integration, tool: str, program: PeerProgram) -> Integration:
    more = _CHECKPOINTS.get(tool) if program is JSON_LINES else None
    return Integration(usual.top, usual.row, [*usual.end, more]) if more else usual


_USUAL = {
    # https://clear.ml/docs/latest/docs/clearml_sdk/task_sdk/
    CLEARML: Integration(
        top=["import clearml", 'task = clearml.Task.init("demo", "train")'],
        row=['task.get_logger().report_scalar("val_loss", "val_loss", loss, epoch)'],
        end=['task.upload_artifact("model", "model.pt")'],
    ),
    # https://mlflow.org/docs/latest/ml/tracking/tracking-api
    MLFLOW: Integration(
        top=["import mlflow"],
        row=['mlflow.log_metric("val_loss", loss, step=epoch)'],
        end=['mlflow.log_artifact("model.pt")'],
    ),
    # https://docs.wandb.ai/models/quickstart
    WEIGHTS: Integration(
        top=["import wandb", 'run = wandb.init(project="demo")'],
        row=['run.log({"epoch": epoch, "val_loss": loss})'],
        end=['run.save("model.pt")'],
    ),
    # https://docs.pytorch.org/docs/stable/tensorboard.html
    TENSORBOARD: Integration(
        top=["from torch.utils.tensorboard import SummaryWriter", "writer = SummaryWriter(flush_secs=1)"],
        row=['writer.add_scalar("val_loss", loss, epoch)'],
        end=["writer.close()"],
    ),
}
_CHECKPOINTS = {
    CLEARML: 'task.upload_artifact("checkpoints", "checkpoints")',
    MLFLOW: 'mlflow.log_artifacts("checkpoints", "checkpoints")',
    WEIGHTS: 'run.save("checkpoints/*")',
}
_TRAINER = 'fitter = lightning.Trainer(logger=CSVLogger("logs"), **options)'
_IMPORT = "from lightning.pytorch.loggers import CSVLogger"
_WITH_EVENTS = {
    _IMPORT: f"{_IMPORT}, TensorBoardLogger",
    _TRAINER: _TRAINER.replace('CSVLogger("logs")', '[CSVLogger("logs"), TensorBoardLogger("events")]'),
}
_OWN = {
    # It takes what is written to TensorBoard: https://clear.ml/docs/latest/docs/clearml_sdk/task_sdk/
    (CLEARML, EVENTS.name): Integration(top=_USUAL[CLEARML].top, end=_USUAL[CLEARML].end),
    (CLEARML, LIGHTNING.name): Integration(
        end=_USUAL[CLEARML].end,
        # after the imports: before them, its hooks make those of Lightning take a minute
        swapped={**_WITH_EVENTS, _IMPORT: "\n".join([_WITH_EVENTS[_IMPORT], *_USUAL[CLEARML].top])},
    ),
    # https://mlflow.org/docs/latest/api_reference/python_api/mlflow.pytorch.html
    (MLFLOW, LIGHTNING.name): Integration(
        top=["import mlflow", "mlflow.pytorch.autolog()"], end=['mlflow.log_artifact("model.pt")']
    ),
    # https://docs.wandb.ai/models/integrations/tensorboard
    (WEIGHTS, EVENTS.name): Integration(
        top=["import wandb", 'run = wandb.init(project="demo", sync_tensorboard=True)'], end=_USUAL[WEIGHTS].end
    ),
    # https://docs.wandb.ai/models/integrations/lightning
    (WEIGHTS, LIGHTNING.name): Integration(
        swapped={
            _IMPORT: f"{_IMPORT}, WandbLogger",
            _TRAINER: _TRAINER.replace('CSVLogger("logs")', '[CSVLogger("logs"), WandbLogger(project="demo")]'),
        },
        end=['fitter.loggers[1].experiment.save("model.pt")'],
    ),
    (WEIGHTS, WANDB.name): Integration(),
    (TENSORBOARD, EVENTS.name): Integration(),
    # https://lightning.ai/docs/pytorch/stable/extensions/logging.html
    (TENSORBOARD, LIGHTNING.name): Integration(swapped=_WITH_EVENTS),
}
