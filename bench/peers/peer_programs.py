"""Small training programs as people have them, before any tool for experiments is added.

Each runs three epochs, has a `val_loss` of 1, 1/2, 1/3 or one that it learns, leaves `model.pt`, and says so in its
last line. An epoch takes 7 s, as Weights & Biases writes its offline file every 15 s
(https://github.com/wandb/wandb/pull/12742).
"""

from dataclasses import dataclass

EPOCHS = 3
METRIC = "val_loss"
LAST_LINE = "saved model.pt"


@dataclass(frozen=True, slots=True)
class PeerProgram:
    """`row` is the line of the script after which the numbers of an epoch are known. `kept` are files that it leaves,
    and `needs` the packages that it imports."""

    name: str
    script: str
    row: str
    kept: tuple[str, ...] = ("model.pt",)
    needs: tuple[str, ...] = ()


PLAIN = PeerProgram(
    "a loop that prints and writes a CSV",
    """
import time
with open("log.csv", "w", buffering=1) as file:
    file.write("epoch,val_loss\\n")
    for epoch in range(1, 4):
        time.sleep(7)
        loss = 1 / epoch
        print(f"epoch {epoch} done")
        file.write(f"{epoch},{loss}\\n")
with open("model.pt", "wb") as file:
    file.write(b"weights")
print("saved model.pt")
""",
    'file.write(f"{epoch},{loss}\\n")',
)
JSON_LINES = PeerProgram(
    "a logger of JSON lines, with checkpoints",
    """
import json
import os
import time
os.makedirs("checkpoints")
with open("log.jsonl", "w", buffering=1) as file:
    for epoch in range(1, 4):
        time.sleep(7)
        loss = 1 / epoch
        file.write(json.dumps({"epoch": epoch, "val_loss": loss}) + "\\n")
        with open(f"checkpoints/epoch-{epoch}.pt", "wb") as checkpoint:
            checkpoint.write(b"weights")
with open("model.pt", "wb") as file:
    file.write(b"weights")
print("saved model.pt")
""",
    'file.write(json.dumps({"epoch": epoch, "val_loss": loss}) + "\\n")',
    ("model.pt", "checkpoints/epoch-3.pt"),
)
PRINTED = PeerProgram(
    "PyTorch, printed lines",
    """
import time
import torch
model = torch.nn.Linear(1, 1)
for epoch in range(1, 4):
    time.sleep(7)
    loss = 1 / epoch
    print(f"Epoch {epoch}/3 val_loss: {loss:.4f}")
torch.save(model.state_dict(), "model.pt")
print("saved model.pt")
""",
    'print(f"Epoch {epoch}/3 val_loss: {loss:.4f}")',
    needs=("torch",),
)
EVENTS = PeerProgram(
    "PyTorch, SummaryWriter",
    """
import time
import torch
from torch.utils.tensorboard import SummaryWriter
model = torch.nn.Linear(1, 1)
events = SummaryWriter()
for epoch in range(1, 4):
    time.sleep(7)
    loss = 1 / epoch
    events.add_scalar("val_loss", loss, epoch)
events.close()
torch.save(model.state_dict(), "model.pt")
print("saved model.pt")
""",
    'events.add_scalar("val_loss", loss, epoch)',
    needs=("torch", "tensorboard"),
)
LIGHTNING = PeerProgram(
    "Lightning, CSVLogger",
    """
import time
import torch
import lightning
from lightning.pytorch.loggers import CSVLogger
class Net(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
    def on_train_epoch_start(self):
        time.sleep(7)
    def training_step(self, batch, _):
        return self.layer(batch).pow(2).mean()
    def validation_step(self, batch, _):
        self.log("val_loss", self.layer(batch).pow(2).mean())
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)
data = torch.utils.data.DataLoader(torch.rand(8, 2), batch_size=4)
options = {"max_epochs": 3, "enable_progress_bar": False, "accelerator": "cpu", "num_sanity_val_steps": 0}
fitter = lightning.Trainer(logger=CSVLogger("logs"), **options)
fitter.fit(Net(), data, data)
fitter.save_checkpoint("model.pt")
print("saved model.pt")
""",
    'self.log("val_loss", self.layer(batch).pow(2).mean())',
    needs=("torch", "lightning"),
)
WANDB = PeerProgram(
    "Weights & Biases",
    """
import time
import wandb
run = wandb.init(project="demo")
for epoch in range(1, 4):
    time.sleep(7)
    loss = 1 / epoch
    run.log({"epoch": epoch, "val_loss": loss})
with open("model.pt", "wb") as file:
    file.write(b"weights")
run.save("model.pt")
print("saved model.pt")
""",
    'run.log({"epoch": epoch, "val_loss": loss})',
    needs=("wandb",),
)
PROGRAMS = (PLAIN, JSON_LINES, PRINTED, EVENTS, LIGHTNING, WANDB)
