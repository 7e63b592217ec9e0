"""The form that asks how long the best point of a sweep is to be trained, and what comes of it.

As with buttons, the `custom_id` says what it is about, and nothing of it is remembered: it outlives a restart.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import discord

from bot.chat import error_replies
from bot.chat.buttons import replies
from bot.chat.cards.inert import cut
from bot.chat.context import Action, BoxClient, Interaction, acknowledge, project_of
from bot.domain.model.names import Name, parse
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.parameters import Kind, Parameter
from bot.domain.project import Project
from bot.errors import UserError

EPOCHS = "epochs"
TITLE = 45
LABEL_DESCRIPTION = 100
_CUSTOM_ID = re.compile(rf"sb:{Action.TRAIN_BEST}:(?P<name>[0-9a-z.]{{1,64}})")


def epochs_form(client: BoxClient, job: Posted, best: Name) -> discord.ui.Modal | None:
    """None where the project has no whole number of epochs to ask for."""
    parameter = _epochs_of(project_of(client, job))
    if parameter is None:
        return None
    modal = discord.ui.Modal(title=cut(f"Train {best} again", TITLE), custom_id=f"sb:{Action.TRAIN_BEST}:{best}")
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=EPOCHS, default=str(_twice(job, parameter)), min_length=1, max_length=20
    )
    expected = cut(f"{parameter.expected}; it had {_had(job, parameter)}", LABEL_DESCRIPTION)
    modal.add_item(discord.ui.Label(text="Epochs", description=expected, component=field))
    modal.stop()  # discord.py keeps nothing of it
    return modal


async def submitted(interaction: Interaction) -> None:
    """A form that somebody has sent."""
    try:
        await acknowledge(interaction)
        data: Mapping[str, Any] = interaction.data or {}
        await _train_best(interaction, _best(data), dict(_fields(data.get("components", []))))
    except Exception as error:
        await error_replies.tell(interaction, error)


def _best(data: Mapping[str, Any]) -> Name:
    """Which trial the form is about."""
    found = _CUSTOM_ID.fullmatch(str(data.get("custom_id")))
    if found is None:
        raise UserError("This form is of another version of the bot. Open it anew.")
    return parse(found["name"])


async def _train_best(interaction: Interaction, best: Name, fields: Mapping[str, str]) -> None:
    job = await interaction.client.services.find.job(best.job_id)
    parameter = _epochs_of(project_of(interaction.client, job))
    given: dict[str, object] = {EPOCHS: parameter.parse(fields.get(EPOCHS, "").strip())} if parameter else {}
    await replies.trained_again(interaction, best, given)


def _epochs_of(project: Project | None) -> Parameter | None:
    declared = project.parameters if project is not None else ()
    return next((each for each in declared if each.name == EPOCHS and each.kind is Kind.INT), None)


def _had(job: Posted, parameter: Parameter) -> int:
    """The best trial's epochs: what was swept, else what was fixed."""
    leaders = job.tally.leaders if isinstance(job, Sweep) else ()
    swept = leaders[0].parameters.get(EPOCHS) if leaders else None
    value = swept if swept is not None else job.run.parameters.get(EPOCHS, parameter.default)
    return value if isinstance(value, int) else 1


def _twice(job: Posted, parameter: Parameter) -> int:
    wanted = 2 * _had(job, parameter)
    return wanted if parameter.maximum is None else min(wanted, int(parameter.maximum))


def _fields(components: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The texts that were typed, by the fields' ids, whether they stand in labels or in rows."""
    for part in components:
        if "value" in part:
            yield str(part["custom_id"]), str(part["value"])
        yield from _fields([part["component"]] if "component" in part else part.get("components", []))
