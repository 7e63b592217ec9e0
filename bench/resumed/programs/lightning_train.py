"""A training with Lightning's own checkpoints and logger, which knows nothing of Signalbox. Six epochs of 4 steps."""

import argparse
import time

import lightning
import torch
from lightning.pytorch.loggers import CSVLogger


class Line(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        time.sleep(0.8)
        loss = torch.nn.functional.mse_loss(self.layer(batch[0]), 2 * batch[0] + 1)
        self.log("train_loss", loss, on_step=True)
        return loss

    def validation_step(self, batch: list[torch.Tensor], _: int) -> None:
        self.log("val_loss", torch.nn.functional.mse_loss(self.layer(batch[0]), 2 * batch[0] + 1))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.1)


parser = argparse.ArgumentParser()
parser.add_argument("--ckpt_path")
parser.add_argument("--epochs", type=int, default=6)
given = parser.parse_args()
lightning.seed_everything(1)
points = torch.utils.data.TensorDataset(torch.linspace(-1, 1, 16).unsqueeze(1))
loader = torch.utils.data.DataLoader(points, batch_size=4)
trainer = lightning.Trainer(
    max_epochs=given.epochs,
    accelerator="cpu",
    logger=CSVLogger("."),
    log_every_n_steps=1,
    enable_progress_bar=False,
    enable_model_summary=False,
)
model = Line()
trainer.fit(model, loader, loader, ckpt_path=given.ckpt_path)
print("final weights", [round(each.item(), 6) for each in torch.nn.utils.parameters_to_vector(model.parameters())])
