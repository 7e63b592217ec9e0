"""A project, and what its jobs leave."""

from bot.domain.access import Access
from bot.domain.parameters import Kind, Parameter
from bot.domain.project import Project

CSV = b"epoch,train_loss,val_loss,val_accuracy\n1,0.9,0.8,71.5\n2,0.5,0.4,96.7\n"
"""A job's metrics.csv."""
PNG = b"\x89PNG\r\n\x1a\n"
"""How every PNG file begins."""
CHANNEL = 77

PROJECT = Project(
    name="mnist",
    repository="https://example.org/mnist.git",
    branches=("main", "wider-net"),
    command=("python", "train.py"),
    queue="queue",
    job_definition="definition",
    log_group="/group",
    output_uri="s3://bucket/jobs",
    access=Access(frozenset({"trainer"}), frozenset({"admin"})),
    channel_ids=(CHANNEL,),
    parameters=(
        Parameter("lr", Kind.FLOAT, default=0.1, minimum=1e-6, maximum=1.0),
        Parameter("momentum", Kind.FLOAT, default=0.5, minimum=0.0, maximum=0.999, aliases=("m",)),
    ),
    timeout_seconds=3600,
)
