"""`/sweep`: many trials from one line, previewed before anything is spent."""

from collections.abc import Sequence
from typing import Any

from discord import app_commands

from bot.chat import permissions
from bot.chat.acknowledgement import acknowledged
from bot.chat.buttons import job_actions
from bot.chat.commands.shared import autocomplete
from bot.chat.commands.shared.options import BRANCH, COMMIT, Option, machine_options, project_options, typed_command
from bot.chat.commands.shared.parameter_options import SET_FOR_SWEEP, set_option
from bot.chat.commands.shared.unfold import unfold, with_settings
from bot.chat.interactions import Interaction, channel_id, person
from bot.domain.jobs.set_text import SET
from bot.domain.model.plan import MOST_TRIALS, Search
from bot.domain.money.machine import MACHINE
from bot.domain.parameters import Kind, Parameter
from bot.domain.project import Project
from bot.services.people.rates import Share
from bot.services.sweeps.propose import SweepRequest

SPACE = Option(
    Parameter("space", Kind.STRING),
    "What to vary: lr=0.1,0.01 m=0.5,0.1 or lr=0.001..0.1:log:5 or seed=1..5",
    required=True,
    completer=autocomplete.space,
)
MORE = (
    Option(
        Parameter("search", Kind.CHOICE, choices=tuple(Search)),
        "How to choose points: the whole grid (default), random, or tpe, which learns from results",
    ),
    Option(
        Parameter("trials", Kind.INT, minimum=1, maximum=MOST_TRIALS),
        "Number of trials for random and tpe; a grid runs all its points",
    ),
    Option(
        Parameter("parallel", Kind.INT, minimum=1, maximum=MOST_TRIALS),
        "Trials to run at a time (default: as many as there are machines)",
    ),
    Option(Parameter("folds", Kind.INT, minimum=2, maximum=20), "Run each point on this many folds of the data"),
    Option(Parameter("stop_losers", Kind.BOOLEAN), "Stop trials early that look hopeless by the metrics they report"),
)


def command(projects: Sequence[Project], prefix: str = "") -> app_commands.Command[Any, ..., None]:
    machine = machine_options(projects)
    options = [SPACE, set_option(SET_FOR_SWEEP), BRANCH, COMMIT, *machine, *MORE, *project_options(projects)]
    typeable = [option.parameter for option in options[2:]]

    @acknowledged(Share.STARTS)
    async def run(interaction: Interaction, options: dict[str, object]) -> None:
        permissions.check(interaction)
        one_word = (BRANCH.parameter.name, COMMIT.parameter.name)
        unfolded = with_settings(unfold(options, SPACE.parameter.name, one_word, typeable), SPACE.parameter.name)
        proposal = await interaction.client.services.propose.sweep(request(interaction, unfolded))
        await job_actions.propose(interaction, proposal)

    return typed_command(
        f"{prefix}sweep", "Start many trials at once: a grid, random points, or a search", options, run
    )


def request(interaction: Interaction, options: dict[str, Any]) -> SweepRequest:
    """The typed options for the services."""
    texts = {name: str(options.get(name, "")).strip() for name in ("project", "branch", "commit", MACHINE, "search")}
    return SweepRequest(
        person=person(interaction),
        channel_id=channel_id(interaction),
        interaction_id=interaction.id,
        text=str(options["space"]),
        trials=options.get("trials"),
        parallel=options.get("parallel"),
        folds=options.get("folds"),
        stop_losers=bool(options.get("stop_losers", False)),
        settings=str(options.get(SET, "")),
        **texts,
    )
