"""`signalbox try` on small repositories: what it runs, shows, keeps and advises."""

import os
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.errors import BadInput, ConfigError, UserError
from tests.bot.try_locally.home import PARAMETERS, Home
from tests.support.git import git

pytestmark = pytest.mark.slow

TABLE = """
import argparse, csv, os, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=3)
args = parser.parse_args()
pathlib.Path("runs").mkdir()
with open("runs/log.csv", "w") as file:
    file.write("epoch,train_loss,val_loss\\n")
    for epoch in range(1, args.epochs + 1):
        file.write(f"{epoch},{1 / epoch},{args.lr / epoch}\\n")
pathlib.Path("model.pt").write_bytes(b"weights")
"""
REPORTING = """
import sys, time
from trainer import report
for epoch in range(1, 4):
    report(epoch=epoch, epochs=3, val_accuracy=90 + epoch)
    time.sleep(0.6)
"""


def test_a_foreign_table_is_on_the_card_and_what_it_left_is_kept(home: Home) -> None:
    home.commit(TABLE, metric="val_loss")
    code, said = home.run("lr=0.5")
    assert code == 0
    assert '"Train the arm" with lr 0.5, epochs 3' in said
    assert "running python train.py --lr 0.5 --epochs 3" in said
    assert "metrics come from runs/log.csv" in said
    assert "best 0.1667 at epoch 3" in said
    assert "try succeeded: val_loss 0.1667 at epoch 3 of 3" in said
    assert "artifacts/model.pt  7 B" in said
    assert (home.results / "results" / "artifacts" / "model.pt").read_bytes() == b"weights"
    assert (home.results / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert "claim.json" not in said
    assert "no metric" not in said


def test_reported_rows_are_on_the_card_while_it_runs(home: Home) -> None:
    home.commit(REPORTING, parameters={})
    code, said = home.run()
    assert code == 0
    live, _, end = said.partition("The card at the end")
    assert "card │ epoch 1/3" in live
    assert "val_accuracy 93 · best 93 at epoch 3" in end or "best 93" in end
    assert "@metrics" not in said


def test_another_metric_is_named_with_what_to_write(home: Home) -> None:
    home.commit(TABLE)
    _, said = home.run()
    assert 'It has no metric "val_accuracy"' in said
    assert '  metric = "val_loss"' in said


def test_no_metrics_at_all_says_the_shortest_way(home: Home) -> None:
    home.commit("print('done')", parameters={})
    code, said = home.run()
    assert code == 0
    assert "It left no metrics. The shortest way to have some" in said


def test_refused_arguments_point_to_the_parameters(home: Home) -> None:
    home.commit(TABLE, parameters={**PARAMETERS, "amp": {"type": "boolean", "default": True}})
    code, said = home.run()
    assert code == 2
    assert "Your code refused its arguments (train.py: error: unrecognized arguments: --amp)" in said


def test_an_error_of_the_code_is_its_result(home: Home) -> None:
    home.commit("raise ValueError('shapes do not fit')", parameters={})
    code, said = home.run()
    assert code == 1
    assert "ValueError: shapes do not fit" in said.partition("The result:")[2]


def test_what_is_not_committed_is_said(home: Home) -> None:
    home.commit(TABLE)
    (home.folder / "helper.py").touch()
    _, said = home.run()
    assert "Not in this commit, so not in a job either: helper.py." in said


def test_a_commit_that_is_not_pushed_is_said(home: Home, tmp_path: Path) -> None:
    home.commit(TABLE)
    git(tmp_path, "init", "-q", "--bare", "origin.git")
    git(home.folder, "remote", "add", "origin", str(tmp_path / "origin.git"))
    _, said = home.run()
    assert "No remote branch has" in said


def test_a_secret_that_is_not_set_here_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import os; print('has', 'WANDB_API_KEY' in os.environ, os.environ.get('HF_TOKEN'))"
    monkeypatch.setenv("HF_TOKEN", "hf_secret_value")
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    home.commit(script, parameters={}, secrets=["WANDB_API_KEY", "HF_TOKEN"])
    _, said = home.run()
    assert "the command ran without: WANDB_API_KEY" in said
    assert "hf_secret_value" not in said


@pytest.mark.parametrize(
    ("given", "message"),
    [(["lr"], "is no parameter. Write name=value"), (["lr=abc"], "must be a number"), (["rl=0.1"], "rl")],
)
def test_a_mistyped_parameter_runs_nothing(home: Home, given: Sequence[str], message: str) -> None:
    home.commit(TABLE)
    with pytest.raises(UserError, match=message):
        home.run(*given)
    assert not home.results.exists()


def test_results_are_never_mixed(home: Home) -> None:
    home.commit(TABLE)
    home.run()
    with pytest.raises(BadInput, match=r"is not empty\. Delete it, or name another folder: --results"):
        home.run()


def test_an_unknown_project_lists_the_known_ones(home: Home) -> None:
    home.commit(TABLE)
    with pytest.raises(BadInput, match=r"no project leg\..*arm"):
        home.run(project="leg")


def test_mistakes_of_the_project_are_in_words(home: Home) -> None:
    home.commit(TABLE, timeout_minutes="soon")
    with pytest.raises(ConfigError, match=r"projects\.arm\.timeout_minutes must be a number"):
        home.run()


def test_a_missing_config_says_what_writes_it(home: Home) -> None:
    with pytest.raises(ConfigError, match="signalbox init"):
        home.run()


def test_ctrl_c_ends_it_as_stop_does(home: Home) -> None:
    home.commit("import time\nprint('begun', flush=True)\ntime.sleep(60)", parameters={})
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    words = ["-m", "bot", "try", "--config", str(home.config), "--folder", str(home.folder)]
    process = subprocess.Popen(
        [sys.executable, *words, "--results", str(home.results)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    killer = threading.Timer(60, process.kill)
    killer.start()
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "begun" in line:
            time.sleep(0.2)
            process.send_signal(2)
    process.stdout.close()
    killer.cancel()
    assert process.wait() == 143
    assert "Stopping, as a job is stopped" in said
    assert "The card at the end" in said


def test_write_sets_the_metric_that_it_reported(home: Home) -> None:
    home.commit(TABLE)
    code, said = home.run(write=True)
    assert code == 0
    assert "Written to [projects.arm]" in said
    assert "try succeeded: val_loss 0.03333 at epoch 3 of 3" in said  # judged as the next job will be
    settings = tomllib.loads(home.config.read_text())["projects"]["arm"]
    assert (settings["metric"], settings["goal"]) == ("val_loss", "minimize")


def test_what_to_set_is_printed_to_paste(home: Home) -> None:
    home.commit("for loss in (0.5, 0.4):\n    print('validation loss is', loss)\n", parameters={})
    before = home.config.read_text()
    _, said = home.run()
    assert home.config.read_text() == before
    _, _, lines = said.partition("or with `signalbox try --write`:\n")
    pasted = [line.strip() for line in lines.splitlines() if " = " in line]
    home.config.write_text(before.replace("[projects.arm]", "\n".join(["[projects.arm]", *pasted]), 1))
    home.results = home.results.with_name("again")
    _, said = home.run()
    assert "try succeeded: validation_loss 0.4" in said


def test_one_command_makes_a_section_that_works(home: Home) -> None:
    home.commit(TABLE)
    home.config.unlink()
    words = ["init", "--folder", str(home.folder), "--config", str(home.config), "--results", str(home.results)]
    done = CliRunner().invoke(app, [*words, "--name", "arm", "--try", "--with", "epochs=4"])
    assert done.exit_code == 0, done.output
    settings = tomllib.loads(home.config.read_text())["projects"]["arm"]
    assert (settings["metric"], settings["goal"]) == ("val_loss", "minimize")
    assert "val_loss 0.025 at epoch 4 of 4" in done.output
    home.results = home.results.with_name("again")
    assert "val_loss 0.03333 at epoch 3 of 3" in home.run()[1]


def test_init_writes_nothing_if_its_try_can_not_begin(home: Home) -> None:
    home.commit(TABLE)
    home.config.unlink()
    home.results.mkdir()
    (home.results / "mine").touch()
    words = ["init", "--folder", str(home.folder), "--config", str(home.config), "--results", str(home.results)]
    done = CliRunner().invoke(app, [*words, "--try"])
    assert done.exit_code == 1
    assert "is not empty" in " ".join(done.output.split())
    assert not home.config.exists()
