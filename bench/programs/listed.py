"""Small training programs in the manner of public ones. Nothing in them knows Signalbox.

Each runs four epochs. The loss is best, 0.3, in the third, and the accuracy is, too: 90. They are committed as they
stand here, with `rows.py`, which stands for the training itself, and `logger.py`, which writes the binary files that
the loggers of TensorBoard and Weights & Biases write.
"""

from bench.programs.program import Program

PROGRAMS = (
    Program(
        "pytorch/examples, MNIST",
        """
for epoch, (loss, accuracy) in enumerate(zip(LOSS, ACCURACY), 1):
    for batch in (0, 640):
        print(f"Train Epoch: {epoch} [{batch}/60000 ({batch / 600:.0f}%)]\\tLoss: {loss:.6f}")
    print(f"\\nTest set: Average loss: {loss:.4f}, Accuracy: {accuracy * 100:.0f}/10000 ({accuracy:.0f}%)\\n")
open("mnist_cnn.pt", "wb").write(b"weights")
""",
        "accuracy",
        "lines of the log",
        ("mnist_cnn.pt",),
        best=90,
    ),
    Program(
        "nanoGPT",
        """
import os
os.makedirs("out")
for step, loss in enumerate(LOSS, 1):
    print(f"iter {step}: loss {loss + 0.05:.4f}, time 9.80ms, mfu 3.10%")
    print(f"step {step}: train loss {loss + 0.1:.4f}, val loss {loss:.4f}")
open("out/ckpt.pt", "wb").write(b"weights")
""",
        "val_loss",
        "lines of the log",
        ("out/ckpt.pt",),
        at="step 3",
        panel=("train_loss", "loss", "val_loss"),
    ),
    Program(
        "Lightning, CSVLogger",
        """
import os
os.makedirs("lightning_logs/version_0/checkpoints")
with open("lightning_logs/version_0/metrics.csv", "w", buffering=1) as file:
    file.write("epoch,step,train_loss,val_loss\\n")
    for epoch, loss in enumerate(LOSS):
        file.write(f"{epoch},{epoch * 10},{loss + 0.1},\\n{epoch},{epoch * 10 + 9},,{loss}\\n")
open("lightning_logs/version_0/checkpoints/epoch=2.ckpt", "wb").write(b"weights")
""",
        "val_loss",
        "lightning_logs/version_0/metrics.csv",
        ("lightning_logs/version_0/checkpoints/epoch=2.ckpt",),
        at="epoch 2",
        panel=("train_loss", "val_loss"),
    ),
    Program(
        "Keras, CSVLogger",
        """
with open("training.log", "w", buffering=1) as file:
    file.write("epoch,accuracy,loss,val_accuracy,val_loss\\n")
    for epoch, (loss, accuracy) in enumerate(zip(LOSS, ACCURACY)):
        file.write(f"{epoch},{accuracy / 100},{loss},{accuracy / 100},{loss}\\n")
open("model.keras", "wb").write(b"weights")
""",
        "val_accuracy",
        "training.log",
        ("model.keras",),
        at="epoch 2",
        best=0.9,
        panel=("accuracy", "val_accuracy"),
    ),
    Program(
        "Hugging Face, Trainer",
        """
import json, os
history = []
for epoch, loss in enumerate(LOSS, 1):
    history.append({"epoch": float(epoch), "step": epoch * 100, "eval_loss": loss, "eval_runtime": 1.2})
    print({"eval_loss": loss, "eval_runtime": 1.2, "epoch": float(epoch)})
    folder = f"out/checkpoint-{epoch * 100}"
    os.makedirs(folder)
    json.dump({"log_history": history, "global_step": epoch * 100}, open(f"{folder}/trainer_state.json", "w"))
    open(f"{folder}/model.safetensors", "wb").write(b"weights")
""",
        "eval_loss",
        "out/trainer_state.json",
        ("out/checkpoint-400/model.safetensors",),
    ),
    Program(
        "YOLO, results.csv",
        """
import os
os.makedirs("runs/detect/train/weights")
with open("runs/detect/train/results.csv", "w", buffering=1) as file:
    file.write("                  epoch,         train/box_loss,           val/box_loss,      metrics/mAP50(B)\\n")
    for epoch, (loss, accuracy) in enumerate(zip(LOSS, ACCURACY), 1):
        file.write(f"{epoch:23},{loss:23.5g},{loss:23.5g},{accuracy:23.5g}\\n")
open("runs/detect/train/weights/best.pt", "wb").write(b"weights")
""",
        "val/box_loss",
        "runs/detect/train/results.csv",
        ("runs/detect/train/weights/best.pt",),
        panel=("train/box_loss", "val/box_loss"),
    ),
    Program(
        "stable-baselines3, progress.csv",
        """
import os
os.makedirs("logs")
with open("logs/progress.csv", "w", buffering=1) as file:
    file.write("rollout/ep_rew_mean,time/total_timesteps,train/loss\\n")
    for step, (loss, reward) in enumerate(zip(LOSS, ACCURACY), 1):
        file.write(f"{reward},{step * 2048},{loss}\\n")
open("ppo.zip", "wb").write(b"weights")
""",
        "rollout/ep_rew_mean",
        "logs/progress.csv",
        ("ppo.zip",),
        at="total_timesteps 6,144",
        best=90,
    ),
    Program(
        "cleanrl, TensorBoard",
        """
import os
from logger import event, records, tensorboard
os.makedirs("runs/CartPole")
with open("runs/CartPole/events.out.tfevents.1700000000.host.1.0", "wb", buffering=0) as file:
    file.write(tensorboard())
    for step, reward in enumerate(ACCURACY, 1):
        file.write(records([event(step * 500, **{"charts/episodic_return": reward})]))
""",
        "charts/episodic_return",
        "runs/CartPole",
        ("runs/CartPole/events.out.tfevents.1700000000.host.1.0",),
        at="step 1,500",
        best=90,
    ),
    Program(
        "Weights & Biases, offline",
        """
import os
from logger import wandb
os.makedirs("wandb/offline-run-1")
rows, size = [], 0
with open("wandb/offline-run-1/run-1.wandb", "wb", buffering=0) as file:
    for epoch, loss in enumerate(LOSS, 1):
        rows.append({"epoch": epoch, "val_loss": loss})
        size += file.write(wandb(rows)[size:])
""",
        "val_loss",
        "wandb/offline-run-1/run-1.wandb",
        ("wandb/offline-run-1/run-1.wandb",),
    ),
    Program(
        "MLflow, files",
        """
import os
os.makedirs("mlruns/0/0123456789abcdef0123456789abcdef/metrics")
for step, loss in enumerate(LOSS, 1):
    for name, value in (("val_loss", loss), ("epoch_seconds", 9)):
        with open(f"mlruns/0/0123456789abcdef0123456789abcdef/metrics/{name}", "a") as file:
            file.write(f"{1700000000000 + step} {value} {step}\\n")
""",
        "val_loss",
        "mlruns/0/0123456789abcdef0123456789abcdef",
        ("mlruns/0/0123456789abcdef0123456789abcdef/metrics/val_loss",),
        at="step 3",
    ),
    Program(
        "MLflow, SQLite",
        """
import time
from logger import mlflow_metric, mlflow_run, mlflow_store
store = mlflow_store("mlflow.db")
mlflow_run(store, "0" * 32, time.time())
for step, loss in enumerate(LOSS, 1):
    mlflow_metric(store, "0" * 32, time.time(), step, val_loss=loss)
""",
        "val_loss",
        "mlflow.db",
        ("mlflow.db",),
        at="step 3",
    ),
    Program(
        "fastai, CSVLogger",
        """
with open("history.csv", "w", buffering=1) as file:
    file.write("epoch,train_loss,valid_loss,accuracy,time\\n")
    for epoch, loss in enumerate(LOSS):
        file.write(f"{epoch},{loss + 0.1},{loss},0.5,00:05\\n")
""",
        "valid_loss",
        "history.csv",
        ("history.csv",),
        at="epoch 2",
        panel=("train_loss", "valid_loss"),
    ),
    Program(
        "fastai, printed table",
        """
names = ["epoch   ", "train_loss", "valid_loss", "accuracy", "time    "]
print("  ".join(names))
for epoch, loss in enumerate(LOSS):
    print(f"\\rEpoch {epoch + 1}/4 : |----| 50.00% [1/2 00:01<00:01 {loss:.4f}]", end="\\r")
    cells = [str(epoch), f"{loss + 0.1:.6f}", f"{loss:.6f}", "0.500000", "00:05"]
    print("".join(cell + " " * (2 + len(name) - len(cell)) for cell, name in zip(cells, names)))
""",
        "valid_loss",
        "lines of the log",
        at="epoch 2",
        panel=("train_loss", "valid_loss"),
    ),
    Program(
        "detectron2, metrics.json",
        """
import json, os
os.makedirs("output")
with open("output/metrics.json", "w", buffering=1) as file:
    for step, loss in enumerate(LOSS, 1):
        file.write(json.dumps({"iteration": step * 20, "total_loss": loss, "lr": 0.001}) + "\\n")
open("output/model_final.pth", "wb").write(b"weights")
""",
        "total_loss",
        "output/metrics.json",
        ("output/model_final.pth",),
        at="iteration 60",
    ),
    Program(
        "XGBoost",
        """
for round_, loss in enumerate(LOSS):
    print(f"[{round_}]\\ttrain-logloss:{loss - 0.05:.5f}\\teval-logloss:{loss:.5f}")
open("model.json", "w").write("{}")
""",
        "eval-logloss",
        "lines of the log",
        ("model.json",),
        at="iteration 2",
        panel=("train-logloss", "eval-logloss"),
    ),
    Program(
        "numpy, savetxt",
        """
rows = ""
for epoch, accuracy in enumerate(ACCURACY, 1):
    rows += f"{epoch},{accuracy}\\n"
    open("history.csv", "w").write("# epoch,val_accuracy\\n" + rows)
""",
        "val_accuracy",
        "history.csv",
        best=90,
    ),
    Program(
        "a tqdm loop of one's own",
        """
import sys
for epoch, loss in enumerate(LOSS, 1):
    sys.stderr.write(f"\\r{epoch * 25}%|###   | {epoch}/4 [00:01<00:03]")
    print(f"epoch={epoch} loss={loss} val_loss={loss}")
""",
        "val_loss",
        "lines of the log",
        panel=("loss", "val_loss"),
    ),
)
