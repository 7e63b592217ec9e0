"""The gate before every command, button, form and autocomplete: whose interactions are heard, and what each needs.

The services check again, with the project concerned. Discord's own settings for commands only hide them.
"""

from collections.abc import Mapping
from contextlib import suppress

import discord
import structlog

from bot.chat import error_replies
from bot.chat.audit import recording
from bot.chat.discord_errors import PASSING
from bot.chat.interactions import Action, Interaction, person
from bot.domain.access import Verb
from bot.errors import NotAllowed

log = structlog.get_logger()

Needs = tuple[Verb, ...]
"""One of these, for some project that the person sees here; none for what everybody in the server may use."""

COMMANDS: Mapping[str, Needs] = {
    "train": (Verb.TRAIN,),
    "sweep": (Verb.SWEEP,),
    "status": (Verb.SEE,),
    "jobs": (Verb.SEE,),
    "logs": (Verb.SEE,),
    "plot": (Verb.SEE,),
    "artifacts": (Verb.SEE,),
    "spot": (Verb.SEE,),
    "watches": (Verb.SEE,),
    "stop": (Verb.STOP_OWN,),
    "retry": (Verb.TRAIN, Verb.SWEEP),
    "cost": (Verb.SEE,),
    "audit": (Verb.ADMINISTER,),
    "pause": (Verb.ADMINISTER,),
    "resume": (Verb.ADMINISTER,),
    "help": (),
}
"""By the name without prefix, also for their autocomplete."""
BUTTONS: Mapping[Action, Needs] = {
    Action.STOP: (Verb.STOP_OWN,),
    Action.CONFIRM_STOP: (Verb.STOP_OWN,),
    Action.STOP_WARNED: (Verb.STOP_OWN,),
    Action.LEAVE: (Verb.STOP_OWN,),
    Action.LOGS: (Verb.SEE,),
    Action.PLOT: (Verb.SEE,),
    Action.PLOT_BEST: (Verb.SEE,),
    Action.RETRY: (Verb.TRAIN, Verb.SWEEP),
    Action.RETRY_WITH: (Verb.TRAIN,),
    Action.RETRY_FAILED: (Verb.SWEEP,),
    Action.TRAIN_BEST: (Verb.TRAIN,),
    Action.CONFIRM_SWEEP: (Verb.SWEEP,),
    Action.CANCEL_SWEEP: (Verb.SEE,),
    Action.APPROVE: (Verb.APPROVE,),
    Action.DECLINE: (Verb.APPROVE,),
    Action.CONTINUE: (Verb.SWEEP,),
    Action.CONTINUE_NEWEST: (Verb.SWEEP,),
    Action.CANCEL_HELD: (Verb.STOP_OWN,),
    Action.STOP_WATCH: (Verb.SEE,),
}
FORMS: Mapping[Action, Needs] = {Action.TRAIN_BEST: (Verb.TRAIN,)}


async def admits(interaction: Interaction, needs: Needs) -> bool:
    """Whether to go on. If not, the person has been told why, or it comes from elsewhere and gets no answer."""
    if not hears(interaction):
        return False
    recording.begin(interaction)
    try:
        check(interaction, needs)
    except NotAllowed as error:
        await refuse(interaction, error)
        return False
    return True


async def refuse(interaction: Interaction, error: Exception) -> None:
    """Say why, or suggest nothing: suggestions have no room for words."""
    if interaction.type is not discord.InteractionType.autocomplete:
        await error_replies.reply(interaction, error)
        return
    with suppress(discord.HTTPException, *PASSING):
        await interaction.response.autocomplete([])


def hears(interaction: Interaction) -> bool:
    """Whether it comes from the bot's own server, by the bot as that server has it.

    A direct message has no server, and a bot that people have installed for themselves acts for them and not for the
    server: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object
    """
    own = interaction.guild_id == interaction.client.guild_id and isinstance(interaction.user, discord.Member)
    if own and (interaction.is_guild_integration() or not interaction.is_user_integration()):
        return True
    log.warning("interaction from elsewhere, not answered", guild=interaction.guild_id, interaction=interaction.id)
    return False


def check(interaction: Interaction, needs: Needs) -> None:
    """Raise `NotAllowed` if the person has none of what it needs here."""
    services = interaction.client.services
    services.permits.check_somewhere(person(interaction), needs, services.projects)


def command_needs(interaction: Interaction) -> Needs:
    """What a command or its autocomplete needs; nothing for an unknown command, which discord.py refuses."""
    data: Mapping[str, object] = interaction.data or {}
    return COMMANDS.get(str(data.get("name")).removeprefix(interaction.client.command_prefix), ())
