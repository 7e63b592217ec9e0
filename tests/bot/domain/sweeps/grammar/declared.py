"""Parameters of every kind, as a project's config declares them."""

from bot.domain.parameters import Kind, Parameter

LR = Parameter("lr", Kind.FLOAT, default=0.1, minimum=1e-6, maximum=1.0)
MOMENTUM = Parameter("momentum", Kind.FLOAT, default=0.5, minimum=0.0, maximum=0.999, aliases=("m",))
BATCH = Parameter("batch", Kind.INT, default=64, minimum=1)
SEED = Parameter("seed", Kind.INT, default=1008)
SHIFT = Parameter("shift", Kind.FLOAT, default=0.0)
OPTIMIZER = Parameter("optimizer", Kind.CHOICE, default="sgd", choices=("sgd", "adam"))
AUGMENT = Parameter("augment", Kind.BOOLEAN, default=False)
NOTE = Parameter("note", Kind.STRING, default="")
DECLARED = (LR, MOMENTUM, BATCH, SEED, SHIFT, OPTIMIZER, AUGMENT, NOTE)
FOLDS = (Parameter("folds", Kind.INT, default=1, maximum=10), Parameter("fold", Kind.INT, default=-1))
