"""`/sweep`: many trials from one line, shown before anything is spent."""

from collections.abc import Sequence
from typing import Any

from discord import app_commands

from bot.chat import permissions
from bot.chat.buttons.replies import proposed
from bot.chat.commands.shared import autocomplete
from bot.chat.commands.shared.options import BRANCH, COMMIT, Option, project_options, typed_command
from bot.chat.commands.shared.unfold import unfolded
from bot.chat.context import Interaction, acknowledge, channel_id, person
from bot.domain.model.plan import MOST_TRIALS, Search
from bot.domain.parameters import Kind, Parameter
from bot.domain.project import Project
from bot.services.sweeps.propose import SweepRequest

SPACE = Option(
    Parameter("space", Kind.STRING),
    "What is varied: lr=0.1,0.01 m=0.5,0.1 or lr=0.001..0.1:log:5 or seed=1..5",
    required=True,
    completer=autocomplete.space,
)
MORE = (
    Option(
        Parameter("search", Kind.CHOICE, choices=tuple(Search)),
        "Where the points come from: all of the grid (if not given), random ones, or a sampler that learns",
    ),
    Option(
        Parameter("trials", Kind.INT, minimum=1, maximum=MOST_TRIALS),
        "How many runs, for random and tpe; a grid has as many as it has points",
    ),
    Option(
        Parameter("parallel", Kind.INT, minimum=1, maximum=MOST_TRIALS),
        "How many at a time; as many as there are machines if not given",
    ),
    Option(Parameter("folds", Kind.INT, minimum=2, maximum=20), "Run each point on so many folds of the data"),
    Option(
        Parameter("stop_losers", Kind.BOOLEAN), "Stop trials early that cannot win any more, by what they have told"
    ),
)


def command(projects: Sequence[Project]) -> app_commands.Command[Any, ..., None]:
    options = [SPACE, BRANCH, COMMIT, *MORE, *project_options(projects)]
    typeable = [option.parameter for option in options if option is not SPACE]

    async def run(interaction: Interaction, given: dict[str, object]) -> None:
        await acknowledge(interaction)
        permissions.check(interaction)
        words = (BRANCH.parameter.name, COMMIT.parameter.name)
        await _propose(interaction, request(interaction, unfolded(given, SPACE.parameter.name, words, typeable)))

    return typed_command("sweep", "Start many trials at once: a grid, random points, or a search", options, run)


def request(interaction: Interaction, given: dict[str, Any]) -> SweepRequest:
    """What was typed, as the services take it."""
    texts = {name: str(given.get(name, "")).strip() for name in ("project", "branch", "commit", "search")}
    return SweepRequest(
        person=person(interaction),
        channel_id=channel_id(interaction),
        interaction_id=interaction.id,
        text=str(given["space"]),
        trials=given.get("trials"),
        parallel=given.get("parallel"),
        folds=given.get("folds"),
        stop_losers=bool(given.get("stop_losers", False)),
        **texts,
    )


async def _propose(interaction: Interaction, asked: SweepRequest) -> None:
    await proposed(interaction, await interaction.client.services.propose.sweep(asked))
