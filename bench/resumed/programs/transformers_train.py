"""A training with Hugging Face's Trainer, which knows nothing of Signalbox. Six epochs of 4 steps."""

import argparse
import time

import torch
from transformers import PretrainedConfig, PreTrainedModel, Trainer, TrainingArguments


class Line(PreTrainedModel):
    config_class = PretrainedConfig

    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__(config)
        self.layer = torch.nn.Linear(1, 1)
        self.post_init()

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        time.sleep(0.8 if self.training else 0)
        guess = self.layer(x)
        return {"loss": torch.nn.functional.mse_loss(guess, labels), "logits": guess}


class Points(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 16

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        x = torch.tensor([place / 8 - 1])
        return {"x": x, "labels": 2 * x + 1}


parser = argparse.ArgumentParser()
parser.add_argument("--resume_from_checkpoint")
parser.add_argument("--epochs", type=int, default=6)
given = parser.parse_args()
torch.manual_seed(1)
model = Line(PretrainedConfig())
settings = TrainingArguments(
    output_dir="out",
    num_train_epochs=given.epochs,
    per_device_train_batch_size=4,
    learning_rate=0.1,
    eval_strategy="epoch",
    save_strategy="epoch",
    save_total_limit=2,
    logging_steps=1,
    report_to=[],
    use_cpu=True,
    disable_tqdm=True,
)
trainer = Trainer(model=model, args=settings, train_dataset=Points(), eval_dataset=Points())
trainer.train(resume_from_checkpoint=given.resume_from_checkpoint)
print("final weights", [round(each.item(), 6) for each in torch.nn.utils.parameters_to_vector(model.parameters())])
