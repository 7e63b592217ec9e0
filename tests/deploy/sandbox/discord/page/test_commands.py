"""Commands in the message box: typed in full, picked by keyboard, invalid, unanswered."""

import re

import pytest
from playwright.async_api import expect

from tests.deploy.sandbox.discord.page.robot import DEADLINE, Robot
from tests.deploy.sandbox.discord.page.screen import Open
from tests.support.clock import skip

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_complete_line_runs(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/train branch:warmup lr:0.5")
    job = await robot.jobs.get()
    assert job.options == {"branch": "warmup", "lr": 0.5, "optimizer": "sgd", "augment": False}
    answer = screen.message("mnist k7q2mx")
    await expect(answer.locator(".message-head")).to_have_text("MMika used /train")
    await expect(answer.locator(".embed-field-value").first).to_have_text("0.1")


async def test_pasted_options_of_which_none_is_required_are_dropped(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.paste("/train branch:warmup lr:0.5")
    await screen.press("Enter")
    job = await robot.jobs.get()
    assert job.options == {"branch": "main", "lr": 0.1, "optimizer": "sgd", "augment": False}


async def test_text_pasted_into_a_field_is_its_value(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.type("/train branch:")
    await screen.paste("warmup lr:0.5")
    await screen.press("Enter")
    assert (await robot.jobs.get()).options["branch"] == "warmup lr:0.5"


async def test_pasted_line_fills_the_first_option(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.paste("/sweep lr=0.1,0.01 m=0.5,0.1")
    await screen.press("Enter")
    await expect(screen.message("sweeping lr=0.1,0.01 m=0.5,0.1 on main")).to_be_visible()


async def test_quoted_value_may_contain_an_option_name(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.box.fill('/sweep space:"a branch:b" branch:main')
    await screen.press("Enter")
    await expect(screen.message("sweeping a branch:b on main")).to_be_visible()


async def test_picker_fills_a_command_by_keyboard(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.type("/tr")
    await expect(screen.picker).to_have_count(1)
    await expect(screen.picked).to_have_text(re.compile("^/train"))
    await screen.press("Tab")
    await expect(screen.picker.locator(".picker-title")).to_have_text(["branch", "lr", "optimizer", "augment"])
    await screen.press("ArrowDown", "Enter")
    await screen.page.keyboard.type("war")
    await expect(screen.picked).to_have_text("warmup")  # from the bot's autocomplete
    await screen.press("Enter")
    await screen.page.keyboard.type("opt")
    await screen.press("Tab")
    await expect(screen.picker).to_have_text(["SGD", "Adam"])
    await screen.press("ArrowDown", "ArrowDown", "Enter")
    await screen.page.keyboard.type("lr:0.3")
    await screen.press("Enter")
    job = await robot.jobs.get()
    assert job.options == {"branch": "warmup", "lr": 0.3, "optimizer": "adam", "augment": False}


async def test_subcommand_is_listed_as_a_command(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.type("/job ")
    await expect(screen.picked).to_have_text(re.compile("^/job note"))
    await screen.press("Tab")
    await screen.page.keyboard.type("diverged early")
    await screen.press("Enter")
    answer = screen.message("noted: diverged early")
    await expect(answer.locator(".message-head")).to_have_text("MMika used /job note")


async def test_invalid_value_is_marked_and_nothing_runs(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/train lr:99 branch:main")
    field = screen.page.get_by_role("combobox", name=re.compile("^lr:"))
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(screen.page.get_by_role("alert")).to_have_text('lr: "99" is not a number, 0 to 10.')
    assert robot.jobs.empty()
    await field.fill("0.2")
    await expect(field).to_have_attribute("aria-invalid", "false")
    await screen.press("Enter")
    assert (await robot.jobs.get()).options["lr"] == 0.2


async def test_names_may_be_in_any_script(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.page.keyboard.insert_text("/試")
    await expect(screen.picked).to_have_text(re.compile("^/試-後で"))
    await screen.press("Tab", "Enter")
    await expect(screen.message("/試-後で and /train")).to_be_visible()


async def test_a_click_on_a_mentioned_command_types_it(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/試-後で")
    await screen.message("/試-後で and /train").get_by_role("button", name="/train").click()
    await expect(screen.box).to_have_value("/train")
    await expect(screen.picked).to_have_text(re.compile("^/train"))


async def test_missing_option_is_requested(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.type("/sweep ")
    await screen.press("Enter")
    await expect(screen.page.get_by_role("alert")).to_have_text("space: This option is required.")
    await expect(screen.page.get_by_role("combobox", name=re.compile("^space:"))).to_be_focused()


async def test_unknown_command_lists_the_known_ones(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/tarin lr:0.1")
    await expect(screen.page.get_by_role("alert")).to_contain_text("/train")
    await expect(screen.box).to_have_value("/tarin lr:0.1")


async def test_backspace_and_escape_go_back(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.type("/train branch:main")
    await screen.press(*["Backspace"] * 4, "Backspace")
    await expect(screen.page.locator(".pill")).to_have_count(0)
    await screen.press("Backspace")
    await expect(screen.box).to_have_value("/train")
    await expect(screen.picker).to_have_count(1)
    await screen.press("Escape")
    await expect(screen.picker).to_have_count(0)


async def test_arrow_keys_recall_sent_lines(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("good morning")
    await expect(screen.message("good morning")).to_have_count(1)
    await screen.submit("/sweep lr=0.1,0.01")
    await expect(screen.message("sweeping lr=0.1,0.01")).to_have_count(1)
    await screen.press("ArrowUp")
    field = screen.page.get_by_role("combobox", name=re.compile("^space:"))
    await expect(field).to_have_value("lr=0.1,0.01")
    await screen.press("ArrowUp")
    await expect(screen.box).to_have_value("good morning")
    await screen.press("ArrowDown", "ArrowDown")
    await expect(screen.box).to_have_value("")


async def test_only_the_sender_sees_that_the_bot_did_not_answer(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit("/silent")
    await expect(screen.message("Sending command…")).to_be_visible()
    skip(DEADLINE)
    failed = screen.message("This application did not respond")
    await expect(failed).to_contain_text("Only you can see this")
    await failed.get_by_role("button", name="Dismiss message").click()
    await expect(failed).to_have_count(0)
