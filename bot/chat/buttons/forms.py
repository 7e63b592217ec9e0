"""The form that asks how many epochs to train the best trial of a sweep for.

Like a button, it outlives a restart: its `custom_id` names the trial, and the bot stores nothing about it.
"""

import re
from collections.abc import Mapping
from typing import Any

import discord

from bot.chat import error_replies, gate
from bot.chat.acknowledgement import acknowledge, admitted
from bot.chat.audit import recording
from bot.chat.buttons import job_actions
from bot.chat.interactions import Action, BoxClient, Interaction, person
from bot.chat.limits import LABEL_DESCRIPTION_CHARACTERS, MODAL_TITLE_CHARACTERS
from bot.chat.links import project_of
from bot.domain.inert import cut
from bot.domain.job_names import Name, parse
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.parameters import Kind, Parameter
from bot.domain.project import Project
from bot.errors import UserError
from bot.services.people.rates import Share

EPOCHS = "epochs"
_CUSTOM_ID = re.compile(rf"sb:{Action.TRAIN_BEST}:(?P<name>[0-9a-z.]{{1,64}})")


def epochs_form(client: BoxClient, job: Posted, best: Name) -> discord.ui.Modal | None:
    """None if the project has no `int` parameter `epochs`."""
    parameter = _epochs_of(project_of(client, job))
    if parameter is None:
        return None
    modal = discord.ui.Modal(
        title=cut(f"Train {best} again", MODAL_TITLE_CHARACTERS), custom_id=f"sb:{Action.TRAIN_BEST}:{best}"
    )
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=EPOCHS, default=str(_twice(job, parameter)), min_length=1, max_length=20
    )
    valid = parameter.expected
    hint = cut(f"{valid[0].upper()}{valid[1:]}. It had {_had(job, parameter)}.", LABEL_DESCRIPTION_CHARACTERS)
    modal.add_item(discord.ui.Label(text="Epochs", description=hint, component=field))
    modal.stop()  # so that discord.py forgets it
    return modal


async def submit(interaction: Interaction) -> None:
    """Handle a submitted form."""
    recording.begin(interaction)
    try:
        if not await gate.admits(interaction, gate.FORMS[Action.TRAIN_BEST]):
            return
        await acknowledge(interaction)
        data: Mapping[str, Any] = interaction.data or {}
        async with admitted(interaction, Share.STARTS):
            await _train_best(interaction, _best(data), dict(recording.fields(data.get("components", []))))
    except Exception as error:
        await error_replies.reply(interaction, error)


def _best(data: Mapping[str, Any]) -> Name:
    """The trial named in the form."""
    found = _CUSTOM_ID.fullmatch(str(data.get("custom_id")))
    if found is None:
        raise UserError("This form is from another version of the bot. Open it again.")
    return parse(found["name"])


async def _train_best(interaction: Interaction, best: Name, fields: Mapping[str, str]) -> None:
    job = await interaction.client.services.find.job(best.job_id, person(interaction))
    parameter = _epochs_of(project_of(interaction.client, job))
    options: dict[str, object] = {EPOCHS: parameter.parse(fields.get(EPOCHS, "").strip())} if parameter else {}
    await job_actions.train_trial(interaction, best, options)


def _epochs_of(project: Project | None) -> Parameter | None:
    declared = project.parameters if project is not None else ()
    return next((each for each in declared if each.name == EPOCHS and each.kind is Kind.INT), None)


def _had(job: Posted, parameter: Parameter) -> int:
    """The best trial's epochs, swept or fixed."""
    leaders = job.tally.leaders if isinstance(job, Sweep) else ()
    swept = leaders[0].parameters.get(EPOCHS) if leaders else None
    value = swept if swept is not None else job.run.parameters.get(EPOCHS, parameter.default)
    return value if isinstance(value, int) else 1


def _twice(job: Posted, parameter: Parameter) -> int:
    wanted = 2 * _had(job, parameter)
    return wanted if parameter.maximum is None else min(wanted, int(parameter.maximum))
