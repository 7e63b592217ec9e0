"""A project, and what its jobs leave."""

from bot.domain.access import EVERYONE, Grant, Verb
from bot.domain.parameters import Kind, Parameter
from bot.domain.project import Project

CSV = b"epoch,train_loss,val_loss,val_accuracy\n1,0.9,0.8,71.5\n2,0.5,0.4,96.7\n"
"""A job's metrics.csv."""
PNG = b"\x89PNG\r\n\x1a\n"
"""How every PNG file begins."""
CHANNEL = 77
GUILD, TRAINER, ADMIN = 100_000_000_000_000_000, 200_000_000_000_000_001, 200_000_000_000_000_002
"""The server, which is @everyone's role, and two of its roles."""
GRANTS = (
    Grant(frozenset({EVERYONE}), frozenset({Verb.SEE})),
    Grant(frozenset({str(TRAINER)}), frozenset({Verb.TRAIN, Verb.SWEEP, Verb.STOP_OWN})),
    Grant(frozenset({str(ADMIN)}), frozenset(Verb)),
)

PROJECT = Project(
    name="mnist",
    repository="https://example.org/mnist.git",
    branches=("main", "wider-net"),
    command=("python", "train.py"),
    queue="queue",
    job_definition="definition",
    log_group="/group",
    output_uri="s3://bucket/jobs",
    channel_ids=(CHANNEL,),
    parameters=(
        Parameter("lr", Kind.FLOAT, default=0.1, minimum=1e-6, maximum=1.0),
        Parameter("momentum", Kind.FLOAT, default=0.5, minimum=0.0, maximum=0.999, aliases=("m",)),
    ),
    timeout_seconds=3600,
)
