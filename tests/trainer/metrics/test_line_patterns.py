import pytest

from trainer.metrics.line_patterns import LinePatterns

XGBOOST = "iteration,val-auc,val-logloss\n0,0.7,0.6\n1,0.8,0.5\n"


def read(*lines: str, patterns: dict[str, str] | None = None) -> str:
    found = LinePatterns(patterns)
    for line in lines:
        found.add_line(line.encode())
    return found.grid().csv()


@pytest.mark.parametrize(
    ("lines", "table"),
    [
        (["Epoch 1/5 loss: 0.5", "Epoch 2/5 loss: 0.25"], "epoch,loss\n1,0.5\n2,0.25\n"),
        (["iter 10: loss 2.3, time 12.5ms, mfu 1.2%", "iter 20: loss 2.1, time 12ms"], "iter,loss\n10,2.3\n20,2.1\n"),
        (["step 0: train loss 4.2874, val loss 4.2823"], "step,train_loss,val_loss\n0,4.2874,4.2823\n"),
        (
            ["{'loss': 0.5, 'learning_rate': 5e-05, 'epoch': 0.5}", "{'eval_loss': 0.75, 'epoch': 0.5}"],
            "epoch,loss,learning_rate,eval_loss\n0.5,0.5,5e-05,0.75\n",
        ),
        (["{'loss': '0.5', 'epoch': '1'}"], "epoch,loss\n1,0.5\n"),
        (
            ["Epoch 1/2", "469/469 - 2s - 5ms/step - accuracy: 0.93 - loss: 0.2 - val_accuracy: 0.97 - val_loss: 0.1"],
            "epoch,accuracy,loss,val_accuracy,val_loss\n1,0.93,0.2,0.97,0.1\n",
        ),
        (["\x1b[32mEpoch [3/10], Loss: 0.1234\x1b[0m"], "epoch,loss\n3,0.1234\n"),
        (
            ["Train Epoch: 1 [0/60000 (0%)]\tLoss: 2.3", "Test set: Average loss: 0.5, Accuracy: 9843/10000 (98%)"],
            "epoch,loss,average_loss,accuracy\n1,2.3,0.5,98.43\n",
        ),
        (["Epoch: 0", " [==>] Step: 2ms | Loss: 1.25 | Acc: 55.0% (5/9) 10/391"], "epoch,loss,acc\n0,1.25,55\n"),
        (["global_step=1000, episodic_return=[20.5]", "SPS: 900"], "global_step,episodic_return\n1000,20.5\n"),
        (["[0]\tval-auc:0.7\tval-logloss:0.6", "[1]\tval-auc:0.8\tval-logloss:0.5"], XGBOOST),
        (["0:\tlearn: 0.6\ttest: 0.5\ttotal: 10ms\tremaining: 1s"], "iteration,learn,test\n0,0.6,0.5\n"),
        (["mmengine - INFO - Epoch(train)  [1][  50/7330]  eta: 1 day  loss: 1.5"], "epoch,loss\n1,1.5\n"),
        (["epoch=3 train_loss=0.5 val_acc=0.9"], "epoch,train_loss,val_acc\n3,0.5,0.9\n"),
        (
            ["| epoch   1 |   200/ 2983 batches | lr 20.00 | loss  7.62 | ppl  2038.85"],
            "epoch,loss,ppl\n1,7.62,2038.85\n",
        ),
        (
            [
                "\u2588\bepoch     train_loss  valid_loss  accuracy  time    ",
                "Epoch 1/2 : |----| 0.00% [0/20 00:00<?]",
                "0         1.000000    0.900000    0.500000  00:05     ",
                "1         0.500000    0.450000    0.600000  00:05     ",
            ],
            "epoch,train_loss,valid_loss,accuracy\n0,1,0.9,0.5\n1,0.5,0.45,0.6\n",
        ),
        (
            [
                "| Epoch | Val/Loss | mAP@50 |",
                "|-------|----------|--------|",
                "| 1/9 | 0.5 | 40% |",
                "| 2/9 | nan | 50% |",
            ],
            "epoch,Val/Loss,mAP@50\n1,0.5,40\n2,nan,50\n",
        ),
    ],
)
def test_lines_as_programs_print_them(lines: list[str], table: str) -> None:
    assert read(*lines) == table


@pytest.mark.parametrize(
    "line",
    [
        "/usr/lib/python3.11/site-packages/lightning/model_checkpoint.py:566: The dirpath has changed",
        "train.py:46: UserWarning: Converting a tensor",
        "(Triggered internally at /pytorch/csrc/generated/variable_methods.cpp:822.)",
        "Restored all states from the checkpoint at lightning_logs/version_0/checkpoints/epoch=3-step=16.ckpt",
        "saving model to './out/epoch=5-val_loss=0.3.ckpt'",
        "`Trainer.fit` stopped: `max_epochs=4` reached.",
        "see https://example.org/a:8080 and http://localhost:6006",
    ],
)
def test_paths_and_warnings_are_no_metrics(line: str) -> None:
    assert read("Epoch 3/4 loss: 0.5", line) == "epoch,loss\n3,0.5\n"


def test_a_metric_may_have_a_slash_and_a_dot() -> None:
    line = "Epoch: [3][ 10/500] val/box_loss: 0.5 val.acc=81 Accuracy: 50/100 (50%)"
    assert read(line) == "epoch,val/box_loss,val.acc,accuracy\n3,0.5,81,50\n"


@pytest.mark.parametrize(
    "line",
    [
        "hello",
        "listening on port: 8080",
        "loss: 0.5",
        "Namespace(lr=0.1, epochs=3)",
        "{'lr': 0.1}",
        "50%|####| 1/2",
        "",
    ],
)
def test_lines_without_an_epoch_before_them_tell_nothing(line: str) -> None:
    assert read(line) == ""


@pytest.mark.parametrize(
    "lines",
    [
        ["epoch by epoch the loss falls", "1 2 3 4 5 6"],
        ["epoch train_loss time", "0 0.5", "0 0.5 1 2", "a 0.5 1"],
        ["epoch day hour", "1 2 3"],
        ["step step loss", "1 2 3"],
    ],
)
def test_what_only_looks_like_a_table_is_none(lines: list[str]) -> None:
    assert read(*lines) == ""


def test_patterns_of_the_project_are_the_only_ones() -> None:
    patterns = {"val_loss": r"validation loss: ([0-9.]+)", "acc": r"acc=(\d+)%"}
    lines = ["Epoch 1", "validation loss: 0.5 (other: 9)", "acc=81%", "Epoch 2", "validation loss: 0.4", "acc=85%"]
    assert read(*lines, patterns=patterns) == "epoch,val_loss,acc\n1,0.5,81\n2,0.4,85\n"


def test_pattern_may_name_the_axis() -> None:
    patterns = {"step": r"@(\d+)", "loss": r"l=([\d.]+)"}
    assert read("@10 l=2.5", "@20 l=2.25", patterns=patterns) == "step,loss\n10,2.5\n20,2.25\n"


def test_epoch_of_the_lines_before_counts() -> None:
    patterns = {"loss": r"total ([\d.]+)"}
    assert read("Epoch 1/2", "total 0.5", "Epoch 2/2", "total 0.25", patterns=patterns) == "epoch,loss\n1,0.5\n2,0.25\n"
