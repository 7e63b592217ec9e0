"""What runs inside a job: the container's entrypoint, and the helpers for training code.

    import trainer
    trainer.report(epoch=3, epochs=10, train_loss=0.12)     # live progress, and a row in metrics.csv
    trainer.checkpoint.save(state)                          # trainer.checkpoint.load() resumes from it

Importing it is cheap: it loads neither torch nor the AWS SDK.
"""

from trainer import checkpoint
from trainer.reporting import report

__all__ = ["checkpoint", "report"]
