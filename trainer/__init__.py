"""What runs inside a job: the container's entrypoint, and three lines for training code.

    import trainer
    trainer.report(epoch=3, epochs=10, train_loss=0.12)     # live progress, and a row in metrics.csv
    trainer.checkpoint.save(state)                          # and trainer.checkpoint.load() to go on from there

Importing it is cheap: no torch, no AWS SDK.
"""

from trainer import checkpoint
from trainer.reporting import report

__all__ = ["checkpoint", "report"]
