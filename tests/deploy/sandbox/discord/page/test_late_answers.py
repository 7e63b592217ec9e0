"""Answers that arrive after an event has made them outdated: the page keeps the event's state."""

import asyncio
import re
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from tests.deploy.sandbox.discord.page.robot import Robot
from tests.deploy.sandbox.discord.page.screen import Open
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

SETTLE = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

SCENE = """async () => {
  const { Session } = await import("./page/session.js");
  const { Timeline } = await import("./page/timeline.js");
  const noor = { id: "9", name: "noor", username: "noor" };
  const message = (id, content, more) => ({ id, content, channel_id: "5", author: noor, ...more });
  const event = (t, d) => ({ t, d });
  const texts = (timeline) => timeline.messages().map(({ content }) => content);
  /** A function of the API whose calls the test answers, in any order. */
  const asked = () => {
    const answers = [];
    const ask = () => new Promise((resolve, reject) => answers.push({ resolve, reject }));
    return Object.assign(ask, { answers, give: async (number, value) => {
      answers[number].resolve(value);
      await new Promise((done) => setTimeout(done));
    } });
  };
  const session = new Session(noor, { name: "lab", people: [noor], roles: [], application: null });
  const channel = (id, more) => ({ id, name: id, type: 0, ...more });
  session.store.setChannels([channel("1"), channel("5", { type: 11, parent_id: "1", message_count: 0 })]);
  for (const name of ["messages", "channels", "commands"]) session.api[name] = asked();
  session.stream = { socket: { close() {} } };
  const { store, api } = session;
  %s
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def page(robot: Robot, open_page: Open) -> Page:
    return (await open_page()).page


async def run(page: Page, script: str) -> Any:
    return await page.evaluate(SCENE % script)


async def test_older_message_does_not_replace_the_last_one_of_a_thread(robot: Robot, open_page: Open) -> None:
    screen = await open_page()
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def answer_late(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await go_on.wait()
        await route.fulfill(response=answer)

    await screen.submit("/train branch:main")
    job = await robot.jobs.get()
    await screen.page.route(re.compile(r"/messages\?limit=1$"), answer_late)
    await screen.page.reload()
    async with asyncio.timeout(PATIENCE):
        await asked.wait()
    await job.log("val_accuracy 91.0")
    card = screen.page.get_by_role("button", name=re.compile("k7q2mx log.*1 message"))
    await expect(card).to_contain_text("val_accuracy 91.0")
    async with screen.page.expect_request_finished(lambda request: request.url.endswith("?limit=1")):
        go_on.set()
    await screen.page.evaluate(SETTLE)
    await job.move(1)
    await expect(screen.message("epoch 1/10")).to_have_count(1)
    await expect(card).to_contain_text("val_accuracy 91.0")


@pytest.mark.parametrize(
    ("happens", "shown"),
    [
        ("'MESSAGE_CREATE', message('8', 'newer')", "newer"),
        ("'MESSAGE_UPDATE', message('7', 'edited')", "fetched again"),
        ("'MESSAGE_DELETE', message('7', '')", "fetched again"),
    ],
    ids=["written", "edited", "deleted"],
)
async def test_events_in_a_thread_while_its_last_message_is_fetched(page: Page, happens: str, shown: str) -> None:
    script = """
    session.preview("5");
    session.receive(event(%s));
    const meanwhile = session.preview("5");
    await api.messages.give(0, [message("7", "outdated")]);
    if (!meanwhile) await api.messages.give(1, [message("7", "fetched again")]);
    return session.preview("5").content;
    """
    assert await run(page, script % happens) == shown


async def test_failed_request_does_not_undo_an_event(page: Page) -> None:
    script = """
    session.preview("5");
    session.receive(event("MESSAGE_CREATE", message("8", "newer")));
    api.messages.answers[0].reject(new Error("no connection"));
    await new Promise((done) => setTimeout(done));
    return [session.preview("5").content, api.messages.answers.length];
    """
    assert await run(page, script) == ["newer", 1]


async def test_last_message_of_an_empty_thread_is_fetched_once(page: Page) -> None:
    script = """
    session.preview("5");
    await api.messages.give(0, []);
    session.preview("5");
    return api.messages.answers.length;
    """
    assert await run(page, script) == 1


async def test_older_page_does_not_undo_newer_changes(page: Page) -> None:
    script = """
    const timeline = new Timeline();
    timeline.put(message("50", "newest"));
    const fetch = asked();
    const done = timeline.loadOlder(fetch);
    timeline.apply(message("31", "edited"));
    timeline.remove("32");
    await fetch.give(0, [message("30", "a"), message("31", "b"), message("32", "c")]);
    await done;
    return texts(timeline);
    """
    assert await run(page, script) == ["a", "edited", "newest"]


async def test_older_page_leaves_no_gap_after_the_window_moved(page: Page) -> None:
    script = """
    const timeline = new Timeline();
    for (let id = 1000; id < 1500; id += 1) timeline.put(message(String(id), String(id)));
    const fetch = asked();
    const done = timeline.loadOlder(fetch);
    timeline.trim();
    await fetch.give(0, [message("999", "999")]);
    await done;
    return [texts(timeline)[0], timeline.reachedStart];
    """
    assert await run(page, script) == ["1200", False]


async def test_older_answer_does_not_undo_a_newer_one(page: Page) -> None:
    script = """
    const timeline = new Timeline();
    const fetch = asked();
    const both = [timeline.loadNewest(fetch), timeline.loadNewest(fetch)];
    await fetch.give(1, [message("30", "a"), message("31", "b")]);
    await fetch.give(0, [message("30", "a")]);
    await Promise.all(both);
    return texts(timeline);
    """
    assert await run(page, script) == ["a", "b"]


async def test_thread_created_while_channels_are_read_is_shown(page: Page) -> None:
    script = """
    const done = session.catchUp(false);
    session.receive(event("THREAD_CREATE", channel("6", { type: 11, parent_id: "1", message_count: 0 })));
    session.receive(event("MESSAGE_CREATE", message("7", "counted already")));
    session.receive(event("MESSAGE_CREATE", message("8", "new")));
    const thread = channel("5", { type: 11, parent_id: "1", message_count: 1, last_message_id: "7" });
    await api.channels.give(0, [channel("1"), thread]);
    await api.commands.give(0, []);
    await done;
    return [store.threadsOf("1").map(({ id }) => id), store.channels.get("5").message_count];
    """
    assert await run(page, script) == [["6", "5"], 2]


async def test_newest_commands_win(page: Page) -> None:
    script = """
    const both = [session.loadCommands(), session.loadCommands()];
    await api.commands.give(1, [{ name: "new" }]);
    await api.commands.give(0, [{ name: "old" }]);
    await Promise.all(both);
    return store.commands[0].name;
    """
    assert await run(page, script) == "new"


async def test_card_edited_while_its_thread_is_fetched_stays_edited(page: Page) -> None:
    script = """
    store.timeline("1").put({ ...message("5", "submitted"), channel_id: "1" });
    const done = session.loadChannel("5");
    session.receive(event("MESSAGE_UPDATE", { ...message("5", "running"), channel_id: "1" }));
    const card = { ...message("5", "submitted"), channel_id: "1" };
    await api.messages.give(0, [message("6", "", { type: 21, referenced_message: card })]);
    await done;
    return store.starters.get("5").content;
    """
    assert await run(page, script) == "running"
