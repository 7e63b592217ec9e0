"""The page of a channel: cards, threads, pictures, buttons, modals, and what other people see."""

import re

import discord
import pytest
import yarl
from playwright.async_api import expect

from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.discord.server import DiscordStandIn
from tests.deploy.sandbox.discord.page.cable import Cable
from tests.deploy.sandbox.discord.page.robot import DEADLINE, Robot
from tests.deploy.sandbox.discord.page.screen import Open
from tests.support.clock import skip

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_card_is_edited_in_place(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/train")
    await screen.press("Enter")
    job = await robot.jobs.get()
    await expect(screen.message("submitted")).to_have_count(1)
    await job.move(3)
    await expect(screen.message("epoch 3/10")).to_have_count(1)
    await expect(screen.message("submitted")).to_have_count(0)
    await expect(screen.message("mnist k7q2mx")).to_have_count(1)
    await expect(screen.message("mnist k7q2mx").locator(".edited")).to_have_text("(edited)")


async def test_thread_opens_beside_its_card_and_fills(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/train branch:main")
    job = await robot.jobs.get()
    await job.log("epoch 1", "val_accuracy 91.0")
    thread_card = screen.page.get_by_role("button", name=re.compile("k7q2mx log.*1 message"))
    await expect(thread_card).to_contain_text("val_accuracy 91.0")
    await thread_card.click()
    await expect(screen.side.get_by_role("heading", level=1)).to_have_text("k7q2mx log")
    await expect(screen.side.locator("pre")).to_have_text(["epoch 1\nval_accuracy 91.0"])
    await job.log("epoch 2")
    await job.move(2)
    await expect(screen.side.locator("pre")).to_have_count(2)
    await expect(screen.side.locator(".message").first).to_contain_text("epoch 2/10")
    await expect(screen.message("mnist k7q2mx")).to_contain_text("2 messages")


async def test_the_card_of_a_thread_shows_names_and_times_as_they_are_read(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/train branch:main")
    job = await robot.jobs.get()
    await job.log("<t:0:D> **as printed**")
    card = screen.page.get_by_role("button", name=re.compile("k7q2mx log.*message"))
    await expect(card).to_contain_text("<t:0:D> **as printed**")
    await job.say("I stop it at <t:0:D> unless somebody clicks **Leave it**.")
    await expect(card).to_contain_text("I stop it at 1 January 1970 unless somebody clicks Leave it.")


async def test_thread_opens_from_the_sidebar(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/train branch:main")
    job = await robot.jobs.get()
    await job.log("epoch 1")
    row = screen.page.get_by_role("button", name="k7q2mx log, thread, unread")
    await row.click()
    await expect(screen.page.locator(".pane")).to_have_count(1)
    await expect(screen.log.locator("pre")).to_have_text("epoch 1")
    await expect(screen.page.get_by_role("button", name="k7q2mx log, thread", exact=True)).to_have_attribute(
        "aria-current", "page"
    )


async def test_only_the_clicker_sees_the_answer_of_a_button(robot: Robot, open_page: Open) -> None:
    mika, noor = await open_page("mika"), await open_page("noor")
    await mika.submit("/train branch:main")
    await noor.page.get_by_role("button", name="Stop").click()
    private = noor.message("k7q2mx is being stopped")
    await expect(private).to_contain_text("Only you can see this • Dismiss message")
    await mika.submit("done")
    await expect(mika.message("done")).to_be_visible()
    await expect(mika.message("k7q2mx is being stopped")).to_have_count(0)
    await private.get_by_role("button", name="Dismiss message").click()
    await expect(private).to_have_count(0)
    await noor.page.reload()
    await expect(noor.message("mnist k7q2mx")).to_be_visible()
    await expect(private).to_have_count(0)


async def test_answers_for_one_person_are_gone_after_a_reload(robot: Robot, open_page: Open) -> None:
    """As in Discord's client; whatever is only there has to be shown again."""
    screen = await open_page("noor")
    await screen.submit("/train branch:main")
    await screen.page.get_by_role("button", name="Stop").click()
    private = screen.message("k7q2mx is being stopped")
    await expect(private).to_be_visible()
    await screen.page.get_by_role("button", name="lab, channel").click()
    await screen.page.get_by_role("button", name="training, channel").click()
    await expect(private).to_be_visible()
    await screen.page.reload()
    await expect(screen.message("mnist k7q2mx")).to_be_visible()
    await expect(private).to_have_count(0)


async def test_unanswered_click_shows_an_error(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/train branch:main")
    button = screen.page.get_by_role("button", name="Deaf")
    await button.click()
    await expect(button).to_have_attribute("aria-busy", "true")
    await expect(screen.page.get_by_role("button", name="Stop")).to_be_disabled()
    skip(DEADLINE)
    await expect(screen.page.get_by_role("alert").filter(has_text="This interaction failed")).to_be_visible()
    await expect(button).to_be_enabled()


async def test_select_works_by_keyboard(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/train branch:main")
    await screen.page.get_by_role("combobox", name="Compare with").focus()
    await screen.press("Enter", "ArrowDown", "Enter")
    await expect(screen.message("compared with z8c1de")).to_be_visible()


async def test_modal_is_submitted(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/train branch:main")
    await screen.page.get_by_role("button", name="Rename").click()
    dialog = screen.page.get_by_role("dialog", name="Rename the job")
    await dialog.get_by_label("New name").fill("warm-up")
    await screen.press("Enter")
    await expect(screen.message("renamed to warm-up")).to_be_visible()
    await expect(dialog).to_have_count(0)


async def test_pictures_and_files_are_shown(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/plot")
    picture = screen.log.get_by_role("img", name="Loss")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 900
    await picture.click()
    large = screen.page.get_by_role("dialog", name="Loss").get_by_role("img")
    await expect(large).to_be_visible()
    await screen.press("Escape")
    await expect(large).to_have_count(0)
    preview = screen.message("Here it is").locator(".file-text")
    await expect(preview).to_contain_text("line 5\n… 34 more lines")
    await screen.page.get_by_role("button", name="Expand job.log").click()
    await expect(preview).to_contain_text("line 39")


async def test_switching_to_another_person(robot: Robot, open_page: Open) -> None:
    screen = await open_page("mika")
    await screen.submit("/status")
    await screen.press("Enter")
    await expect(screen.message("Nothing is running")).to_be_visible()
    await screen.page.get_by_role("button", name=re.compile("^You are mika")).click()
    await screen.page.get_by_role("menuitemradio", name=re.compile("Noor")).click()
    await expect(screen.page.get_by_role("button", name=re.compile("^You are noor"))).to_be_visible()
    await screen.submit("hello from the other side")
    message = screen.message("hello from the other side")
    await expect(message.locator(".author")).to_have_text("Noor")
    await expect(screen.message("Nothing is running")).to_have_count(0)


async def test_unread_channels_are_marked(robot: Robot, open_page: Open) -> None:
    mika, noor = await open_page("mika"), await open_page("noor")
    await noor.page.get_by_role("button", name="lab, channel").click()
    await mika.submit("news for everybody")
    row = noor.page.get_by_role("button", name="training, channel, unread")
    await row.click()
    await expect(noor.message("news for everybody")).to_be_visible()
    await expect(row).to_have_count(0)


async def test_page_reconnects_and_shows_each_message_once(
    stand_in: DiscordStandIn, robot: Robot, open_page: Open
) -> None:
    address = yarl.URL(stand_in.url)
    cable = Cable(address.port or 0)
    await cable.mend()
    screen = await open_page(url=str(address.with_port(cable.port)))
    other = await open_page("noor")
    await screen.submit("before")
    await expect(screen.message("before")).to_have_count(1)
    await cable.cut()
    bar = screen.page.get_by_role("status")
    await expect(bar).to_have_text("Connection lost. Reconnecting…")
    await other.submit("meanwhile")
    await expect(other.message("meanwhile")).to_be_visible()
    await cable.mend()
    await expect(bar).to_be_hidden()
    await expect(screen.message("meanwhile")).to_have_count(1)
    await expect(screen.message("before")).to_have_count(1)
    await other.submit("after")
    await expect(screen.message("after")).to_have_count(1)
    await screen.page.close()
    await cable.cut()


async def test_deferred_answer_shows_thinking(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/think")
    await expect(screen.message("Signalbox is thinking…")).to_be_visible()
    robot.thought.set()
    await expect(screen.message("here is the answer")).to_be_visible()
    await expect(screen.message("is thinking")).to_have_count(0)


async def test_typing_people_are_shown(stand_in: DiscordStandIn, robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    channel = await robot.fetch_channel(int(stand_in.channels["training"]))
    assert isinstance(channel, discord.TextChannel)
    await channel.typing()
    await expect(screen.page.get_by_text("Signalbox is typing…")).to_be_visible()
    await channel.send("there")
    await expect(screen.page.get_by_text("Signalbox is typing…")).to_be_hidden()


async def test_scrolling_up_loads_older_messages(stand_in: DiscordStandIn, open_page: Open) -> None:
    place = stand_in.channels["training"]
    async with Person(stand_in.url, "noor") as noor:
        for number in range(250):
            await noor.write(f"message number {number} of many", channel=place)
    screen = await open_page(ready="number 249 of")
    await expect(screen.log.locator(".message")).to_have_count(100)
    await screen.log.evaluate("log => { log.scrollTop = 0 }")
    await expect(screen.log.locator(".message")).to_have_count(200)
    await expect(screen.message("number 150 of")).to_be_in_viewport()
    await screen.page.get_by_role("button", name="Jump to the newest message").click()
    await expect(screen.message("number 249 of")).to_be_in_viewport()


async def test_narrow_page_has_a_drawer(robot: Robot, open_page: Open) -> None:
    screen = await open_page(size=(390, 844))
    channels = screen.page.get_by_role("navigation", name="Channels and threads")
    await expect(channels).to_be_hidden()
    await screen.page.get_by_role("button", name="Channels").click()
    await screen.page.get_by_role("button", name="lab, channel").click()
    await expect(screen.page.get_by_text("Welcome to #lab!")).to_be_visible()
    await expect(channels).to_be_hidden()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await screen.page.evaluate(overflow) == 0


async def test_theme_is_remembered(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    html = screen.page.locator("html")
    await expect(html).to_have_attribute("data-theme", "dark")
    await screen.page.get_by_role("button", name="Use the light theme").click()
    await screen.page.reload()
    await expect(html).to_have_attribute("data-theme", "light")
