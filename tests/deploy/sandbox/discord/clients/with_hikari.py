"""The bot with hikari."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import hikari
from hikari import CommandInteraction, ComponentInteraction, ModalInteraction, ResponseType

from deploy.sandbox.discord.server import DiscordStandIn
from tests.deploy.sandbox.discord.clients import PICTURE, ROBOTS


@asynccontextmanager
async def hikari_bot(stand_in: DiscordStandIn) -> AsyncIterator[None]:
    bot = hikari.GatewayBot(stand_in.token, rest_url=stand_in.api, banner=None, logs=None)
    bot.subscribe(hikari.InteractionCreateEvent, _answer)
    await bot.start()
    try:
        await bot.rest.set_application_commands(int(stand_in.application_id), _commands(bot))
        yield
    finally:
        await bot.close()


def _commands(bot: hikari.GatewayBot) -> list[hikari.api.CommandBuilder]:
    build = bot.rest.slash_command_builder
    robot = hikari.CommandOption(
        type=hikari.OptionType.STRING,
        name="robot",
        description="Which",
        is_required=True,
        autocomplete=True,
    )
    times = hikari.CommandOption(
        type=hikari.OptionType.INTEGER, name="times", description="How often", min_value=1, max_value=5
    )
    return [
        build("hello", "Greets a robot").add_option(robot).add_option(times),
        build("secret", "For one person"),
        build("panel", "Buttons"),
        build("log", "A card and its thread"),
    ]


async def _answer(event: hikari.InteractionCreateEvent) -> None:
    match event.interaction:
        case hikari.AutocompleteInteraction() as asked:
            typed = str(asked.options[0].value)
            found = [robot for robot in ROBOTS if robot.startswith(typed)]
            await asked.create_response(
                [hikari.impl.AutocompleteChoiceBuilder(name=robot, value=robot) for robot in found]
            )
        case CommandInteraction() as command:
            commands = {"hello": _hello, "secret": _secret, "panel": _panel, "log": _log}
            await commands[command.command_name](command)
        case ComponentInteraction() as used:
            await _component(used)
        case ModalInteraction() as filled:
            why = filled.components[0].components[0].value
            await filled.create_initial_response(ResponseType.MESSAGE_CREATE, f"because {why}")


async def _hello(command: CommandInteraction) -> None:
    values = {option.name: option.value for option in command.options or ()}
    await command.create_initial_response(ResponseType.DEFERRED_MESSAGE_CREATE)
    embed = hikari.Embed(title=str(values["robot"])).set_image(hikari.Bytes(PICTURE, "robot.png"))
    await command.edit_initial_response(f"hello {values['robot']} x{values.get('times', 1)}", embed=embed)


async def _secret(command: CommandInteraction) -> None:
    hidden = hikari.MessageFlag.EPHEMERAL
    await command.create_initial_response(ResponseType.MESSAGE_CREATE, "for you alone", flags=hidden)
    await command.execute("and this", flags=hidden)


async def _panel(command: CommandInteraction) -> None:
    buttons = hikari.impl.MessageActionRowBuilder()
    buttons.add_interactive_button(hikari.ButtonStyle.SECONDARY, "poke", label="Poke")
    buttons.add_interactive_button(hikari.ButtonStyle.SECONDARY, "ask", label="Ask")
    choice = hikari.impl.MessageActionRowBuilder()
    menu = choice.add_text_menu("pick")
    for robot in ROBOTS:
        menu.add_option(robot, robot)
    await command.create_initial_response(ResponseType.MESSAGE_CREATE, "panel", components=[buttons, choice])


async def _log(command: CommandInteraction) -> None:
    await command.create_initial_response(ResponseType.DEFERRED_MESSAGE_CREATE)
    rest = command.app.rest
    card = await rest.create_message(command.channel_id, "card", nonce="card-1")
    again = await rest.create_message(command.channel_id, "card", nonce="card-1")
    assert again.id == card.id
    thread = await rest.create_message_thread(command.channel_id, card, "log")
    await rest.create_message(thread, "line 1")
    second = await rest.create_message(thread, "line 2")
    await rest.create_message(thread, "line 3", attachment=hikari.Bytes(b"all of it\n", "log.txt"))
    await rest.edit_message(command.channel_id, card, "card done")
    await rest.delete_message(thread, second)
    await command.execute("logged")


async def _component(used: ComponentInteraction) -> None:
    if used.custom_id == "poke":
        await used.create_initial_response(ResponseType.MESSAGE_UPDATE, "poked")
    elif used.custom_id == "pick":
        await used.create_initial_response(
            ResponseType.MESSAGE_CREATE, f"picked {used.values[0]}", flags=hikari.MessageFlag.EPHEMERAL
        )
    else:
        row = hikari.impl.ModalActionRowBuilder()
        row.add_text_input("why", "Why", min_length=3)
        await used.create_modal_response("Reason", "reason", component=row)
