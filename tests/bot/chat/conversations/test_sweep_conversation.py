"""Sweeps and their trials, as people type and click about them, against the stand-in."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat.client import SignalboxClient
from bot.domain.inert import escape
from bot.domain.model.states import EndReason, JobState
from bot.domain.texts.command_names import command
from bot.errors import UserError
from deploy.sandbox.discord.people.client import Refused
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.permissions import Permission
from tests.bot.chat.jobs import (
    PARTLY,
    PLAN,
    PNG,
    PROJECT,
    a_job,
    a_running_job,
    a_sweep,
    a_trial,
    ended_sweep,
)
from tests.bot.chat.room import CHANNEL, EPHEMERAL, Room, connected, settings
from tests.support.rows import changed

pytestmark = pytest.mark.slow

COST = "Cost: about **$1.05**, at most **$75.60** (estimate)"
WHAT_STARTS = (
    "`main` @ `a1b2c3d` Warm up the learning rate",
    "**grid, 9 trials**",
    "lr 0.1, 0.01, 0.001",
    "momentum 0.5, 0.1, 0.05",
    "epochs **10** · optimizer **sgd**",
)
LINE = "/sweep lr=0.1,0.01,0.001 m=0.5,0.1,0.05"


async def typed(room: Room, text: str) -> Json:
    """The finished answer to a command of mika's."""
    outcome = await room.mika.type(text, channel=CHANNEL, wait=True)
    assert (outcome["state"], outcome["error"]) == ("acknowledged", None)
    message: Json = outcome["message"]
    return message


async def clicked(room: Room, message: Json, custom_id: str) -> Json:
    outcome = await room.mika.click(message, custom_id, wait=True)
    answer: Json = outcome["message"]
    return answer


async def swept(room: Room, job: Any = None, **changes: Any) -> Json:
    """The card of an ended sweep, in the channel."""
    return await room.posted(changed(job or ended_sweep(), channel_id=room.channel_id, **changes))


# ---- /sweep ----------------------------------------------------------------------------------------------
async def test_a_sweep_reaches_the_services_as_it_was_typed(room: Room) -> None:
    await typed(
        room,
        f"{LINE} branch:mend commit:a1b2 search:random trials:50 parallel:4 folds:5 stop_losers:true",
    )
    (request,) = room.services.propose.requests
    assert request.text == "lr=0.1,0.01,0.001 m=0.5,0.1,0.05"
    assert (request.branch, request.commit, request.project, request.search) == ("mend", "a1b2", "", "random")
    assert (request.trials, request.parallel, request.folds, request.stop_losers) == (50, 4, 5, True)
    assert (request.person.name, request.channel_id) == ("Mika", room.channel_id)


async def test_options_inside_the_text_are_options_all_the_same(room: Room) -> None:
    await room.mika.run(
        "sweep", {"space": "lr=0.1,0.01 trials:50 search:tpe", "branch": "main m=0.5"}, channel=CHANNEL, wait=True
    )
    (request,) = room.services.propose.requests
    assert (request.text, request.trials, request.search) == ("lr=0.1,0.01   m=0.5", 50, "tpe")
    assert (request.branch, request.parallel, request.folds, request.stop_losers) == ("main", None, None, False)


async def test_without_a_space_nothing_is_sent(room: Room) -> None:
    with pytest.raises(Refused, match="space must be given"):
        await room.mika.type("/sweep", channel=CHANNEL)


async def test_the_preview_shows_what_would_run_and_what_it_would_cost(room: Room) -> None:
    room.services.propose.remarks = (escape("AWS Batch takes 10,000 in *one* array.", 80),)
    message = await typed(room, LINE)
    (embed,) = message["embeds"]
    assert embed["title"] == "mnist sweep swept1"
    assert embed["description"].split("\n") == [
        "`main` @ `a1b2c3d` Warm up the learning rate",
        "**grid, 9 trials**",
        "lr 0.1, 0.01, 0.001",
        "momentum 0.5, 0.1, 0.05",
        "epochs **10** · optimizer **sgd**",
        "",
        "Machines: **8** at a time",
        "Time: about **12 min**, at most 18 h of machine time",
        COST,
        r"AWS Batch takes 10,000 in \*one\* array.",
    ]
    assert embed["footer"]["text"] == (
        "Nothing has been started. Confirm starts exactly this sweep.\n"
        "If this message is gone, /status job:swept1 shows it again."
    )
    labels = [(b["label"], b["custom_id"]) for b in message["components"][0]["components"]]
    assert labels == [("Confirm", "sb:confirm_sweep:swept1"), ("Cancel", "sb:cancel_sweep:swept1")]
    assert message["flags"] & EPHEMERAL
    assert room.services.made.empty()


async def test_confirm_turns_the_preview_into_what_happened(room: Room) -> None:
    preview = await typed(room, LINE)
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(clicked(room, preview, "sb:confirm_sweep:swept1"))
        card = await room.posted(await room.services.made.get())
    confirmed = answer.result()
    assert confirmed["id"] == preview["id"]
    link = f"https://discord.com/channels/{room.client.guild_id}/{room.channel_id}/{card['id']}"
    assert confirmed["content"].split("\n") == [f"Starting swept1: {link}", *WHAT_STARTS, COST]
    assert (confirmed["embeds"], confirmed["components"]) == ([], [])


async def test_cancel_says_that_nothing_was_started(room: Room) -> None:
    preview = await typed(room, LINE)
    cancelled = await clicked(room, preview, "sb:cancel_sweep:swept1")
    assert cancelled["id"] == preview["id"]
    assert cancelled["content"] == "swept1 was cancelled. Nothing was started."
    assert (cancelled["embeds"], cancelled["components"]) == ([], [])
    assert room.services.propose.drafts == {}


async def test_a_preview_that_is_gone_says_so_in_its_place(room: Room) -> None:
    preview = await typed(room, LINE)
    room.services.propose.drafts.clear()
    gone = await clicked(room, preview, "sb:confirm_sweep:swept1")
    assert gone["id"] == preview["id"]
    assert gone["content"].startswith("This preview is gone.")
    assert gone["components"] == []


async def test_a_preview_outlives_a_restart(room: Room) -> None:
    preview = await typed(room, LINE)
    await room.client.close()
    again = SignalboxClient(settings(room.discord), (PROJECT,))
    again.attach(room.services.services())
    async with connected(again, room.discord.token):
        confirmed = await clicked(room, preview, "sb:confirm_sweep:swept1")
    assert confirmed["content"].startswith("Starting swept1")


async def test_a_small_sweep_is_started_at_once_with_what_is_to_say_of_it(room: Room) -> None:
    room.services.propose.needs_confirmation = False
    room.services.propose.remarks = ("One point only: it runs as a single job.",)
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(typed(room, LINE))
        await room.posted(await room.services.made.get())
    first, *rest = answer.result()["content"].split("\n")
    assert first.startswith("Starting swept1: https://")
    assert rest == [*WHAT_STARTS, COST, "One point only: it runs as a single job."]


async def test_nothing_is_proposed_where_it_could_not_be_shown(room: Room) -> None:
    for role in ("Signalbox", "@everyone"):
        room.discord.discord.core.guild.role_named(role).permissions &= ~Permission.ATTACH_FILES
    assert "I don't have permission to attach files in this channel" in (await typed(room, LINE))["content"]
    assert room.services.propose.requests == []


async def test_typing_tells_how_many_trials_it_makes(room: Room) -> None:
    long = "x" * 101
    room.services.propose.choices = [("9 trials: " + "lr 3 " * 40, "lr=1,2"), ("too long", long), ("", "x"), ("n", "")]
    found = await room.mika.autocomplete("sweep", "space", {"space": "lr=1,2", "search": "tpe"}, channel=CHANNEL)
    assert room.services.propose.asked == [("", "lr=1,2", "tpe")]
    assert [(choice["value"], len(choice["name"])) for choice in found] == [("lr=1,2", 100)]


# ---- what is asked ---------------------------------------------------------------------------------------
async def test_status_of_a_sweep_shows_its_board_with_the_picture(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "b.png"
    path.write_bytes(PNG)
    card = await swept(room, ended_sweep(picture=str(path)))
    message = await typed(room, "/status job:k7q2mx")
    assert message["embeds"][0]["title"] == "mnist sweep k7q2mx"
    assert message["embeds"][0]["image"]["url"].endswith("/board.png")
    assert message["content"].endswith(f"/{card['id']}")
    assert message["components"] == card["components"]
    path.unlink()
    assert "image" not in (await typed(room, "/status job:k7q2mx"))["embeds"][0]


async def test_status_of_a_trial_is_for_the_asker_and_links_to_the_sweep(room: Room) -> None:
    card = await swept(room)
    room.services.one_trial.trials[3] = a_trial(
        state=JobState.FAILED,
        reason=EndReason.COMMAND_FAILED,
        exit_code=1,
        detail="ValueError",
        ended_at=1_790_000_180.0,
    )
    message = await typed(room, "/status job:`K7Q2MX.3`")
    (embed,) = message["embeds"]
    assert embed["title"] == "mnist k7q2mx.3"
    assert embed["description"].startswith("**Failed after 2 min: exit code 1 — ValueError**")
    assert message["content"].startswith("Live card of k7q2mx: https://")
    assert message["content"].endswith(f"/{card['id']}")
    assert [b["custom_id"] for b in message["components"][0]["components"]] == [
        "sb:retry:k7q2mx.3",
        "sb:logs:k7q2mx.3",
        "sb:plot:k7q2mx.3",
    ]
    assert message["flags"] & EPHEMERAL


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/status job:k7q2mx.99", 'There is no trial "k7q2mx.99". Did you mean k7q2mx?'),
        (
            "/status job:k7q2mx.x",
            '"k7q2mx.x" is not a job or trial. Write an id such as k7q2mx, or k7q2mx.4 for a trial.',
        ),
        ("/status job:k7q2m", 'There is no job "k7q2m". Did you mean k7q2mx?'),
        ("/logs job:k7q2mx.99", 'There is no trial "k7q2mx.99". Did you mean k7q2mx?'),
        ("/logs job:k7q2m", 'There is no job "k7q2m". Did you mean k7q2mx?'),
        ("/stop job:k7q2mx.99", 'There is no trial "k7q2mx.99". Did you mean k7q2mx?'),
        ("/stop job:k7q2mx.x", "is not a job or trial"),
        ("/retry job:k7q2m", 'There is no job "k7q2m". Did you mean k7q2mx?'),
        ("/artifacts job:k7q2mx.x", "is not a job or trial"),
    ],
)
async def test_error_for_a_wrong_name_suggests_similar_ones(room: Room, line: str, words: str) -> None:
    room.services.known["k7q2mx"] = a_sweep()
    message = await typed(room, line)
    assert words in message["content"]
    assert message["flags"] & EPHEMERAL


async def test_lists_show_a_sweep_in_one_line(room: Room) -> None:
    room.services.known = {"k7q2mx": a_sweep()}
    line = "`k7q2mx` sweep mnist main@a1b2c3d — running, 4/9 trials, val_accuracy 96.7"
    assert (await typed(room, "/status"))["embeds"][0]["description"] == line
    assert (await typed(room, "/jobs"))["embeds"][0]["description"].startswith(line)


async def test_logs_are_a_trials(room: Room) -> None:
    room.services.known["k7q2mx"] = ended_sweep(PARTLY)
    text = (await typed(room, "/logs job:k7q2mx.4"))["content"]
    assert text.startswith("End of k7q2mx.4's log")
    assert "trial 4 says so" in text
    which = (await typed(room, "/logs job:k7q2mx"))["content"]
    assert which == (
        f"k7q2mx is a sweep. Ask for the log of one trial: {command('logs', 'k7q2mx.0')}. "
        "`k7q2mx.0` is the best, `k7q2mx.4` failed, `k7q2mx.8` failed."
    )


async def test_plots_take_trials_jobs_and_sweeps_together(room: Room) -> None:
    room.services.known.update(k7q2mx=a_sweep(), b2c3d4=a_running_job(id="b2c3d4"))
    message = await typed(room, "/plot job:k7q2mx.3 more:k7q2mx.5, b2c3d4")
    assert message["attachments"][0]["filename"] == "k7q2mx-3-k7q2mx-5-b2c3d4.png"
    await typed(room, "/plot job:k7q2mx")
    assert room.services.one_trial.drawn == [["k7q2mx.3", "k7q2mx.5", "b2c3d4"], ["k7q2mx.0", "k7q2mx.1", "k7q2mx.3"]]
    assert room.services.plotted == []


async def test_artifacts_of_a_trial(room: Room) -> None:
    room.services.known["k7q2mx"] = a_sweep()
    message = await typed(room, "/artifacts job:#k7q2mx.04")
    assert message["embeds"][0]["title"] == "Files of k7q2mx.4"


async def test_behind_the_dot_trials_are_offered(room: Room) -> None:
    room.services.known["k7q2mx"] = a_sweep()
    room.services.one_trial.trials = {3: a_trial(value=92.0), 5: a_trial(5)}
    complete = room.mika.autocomplete
    assert await complete("status", "job", {"job": "K7q2mx.3"}, channel=CHANNEL) == [
        {"name": "k7q2mx.3 · running 92 · lr 0.01 momentum 0.5", "value": "k7q2mx.3"}
    ]
    more = await complete("plot", "more", {"job": "k7q2mx", "more": "k7q2mx.3 k7q2mx."}, channel=CHANNEL)
    assert [choice["value"] for choice in more] == ["k7q2mx.3 k7q2mx.5"]
    assert [c["value"] for c in await complete("stop", "job", {"job": "k7"}, channel=CHANNEL)] == ["k7q2mx"]


# ---- stopping --------------------------------------------------------------------------------------------
async def test_a_trial_is_stopped_by_its_name(room: Room) -> None:
    room.services.known["k7q2mx"] = a_sweep()
    text = (await typed(room, "/stop job:k7q2mx.3"))["content"]
    assert text == "Stopping k7q2mx.3. The rest of k7q2mx goes on."
    assert room.services.one_trial.stopped == [("k7q2mx", 3, "Mika")]
    assert room.services.stopped == []


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("k7q2mx", "Stop k7q2mx? 4 of its 9 trials have ended and 2 are running."),
        ("k7q2mx.3", "Stop k7q2mx.3? It is running. The other trials of k7q2mx keep running."),
    ],
)
async def test_the_stop_button_asks_what_it_would_stop(room: Room, name: str, question: str) -> None:
    card = await swept(room, a_sweep())
    room.services.one_trial.trials[3] = a_trial()
    if name != "k7q2mx":
        card = await typed(room, f"/status job:{name}")
    asked = await clicked(room, card, f"sb:stop:{name}")
    assert asked["content"].startswith(question)
    stopped = await clicked(room, asked, f"sb:confirm:{name}")
    assert stopped["content"].startswith(f"Stopping {name}.")
    assert (len(room.services.stopped), len(room.services.one_trial.stopped)) == (
        (1, 0) if name == "k7q2mx" else (0, 1)
    )


# ---- once more -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("by", ["command", "button"])
async def test_what_failed_is_run_again_as_a_sweep_of_its_own(room: Room, by: str) -> None:
    card = await swept(room, ended_sweep(PARTLY))
    room.services.propose.needs_confirmation = False
    async with asyncio.TaskGroup() as group:
        doing = typed(room, "/retry job:k7q2mx") if by == "command" else clicked(room, card, "sb:retry_failed:k7q2mx")
        answer = group.create_task(doing)
        await room.posted(await room.services.made.get())
    assert answer.result()["content"].startswith("Retrying the failed trials of k7q2mx as swept9: https://")
    assert room.services.propose.retried == ["k7q2mx"]


async def test_a_retry_of_many_is_shown_before_it_is_started(room: Room) -> None:
    card = await swept(room, ended_sweep(PARTLY))
    shown = await clicked(room, card, "sb:retry_failed:k7q2mx")
    assert "Nothing has been started" in shown["embeds"][0]["footer"]["text"]
    assert "swept9" not in room.services.known
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(clicked(room, shown, "sb:confirm_sweep:swept9"))
        await room.posted(await room.services.made.get())
    assert answer.result()["content"].startswith("Starting swept9")


async def test_a_retry_of_a_sweep_takes_no_parameters(room: Room) -> None:
    room.services.known["k7q2mx"] = ended_sweep(PARTLY)
    text = (await typed(room, "/retry job:k7q2mx lr:0.5"))["content"]
    assert text.startswith(
        "A sweep's failed trials run again unchanged. Leave out `lr`, or retry one trial, such as k7q2mx.0."
    )
    assert room.services.propose.retried == []


async def test_a_trial_is_trained_again_as_a_job(room: Room) -> None:
    room.services.known["k7q2mx"] = ended_sweep()
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(typed(room, "/retry job:k7q2mx.3 epochs:50"))
        await room.posted(await room.services.made.get())
    assert answer.result()["content"].startswith("Starting again1 with the parameters of k7q2mx.3: https://")
    ((sweep_id, number, request),) = room.services.one_trial.trained
    assert (sweep_id, number, request.values) == ("k7q2mx", 3, {"epochs": 50})


@pytest.mark.parametrize(("folds", "drawn"), [(1, ["k7q2mx.0"]), (3, ["k7q2mx.0", "k7q2mx.1", "k7q2mx.2"])])
async def test_plot_best_shows_the_best_with_all_of_its_folds(room: Room, folds: int, drawn: list[str]) -> None:
    card = await swept(room, ended_sweep(plan=replace(PLAN, folds=folds)))
    message = await clicked(room, card, "sb:plot_best:k7q2mx")
    assert room.services.one_trial.drawn == [drawn]
    assert message["attachments"][0]["filename"].startswith("k7q2mx-0")
    assert message["flags"] & EPHEMERAL


async def test_a_click_on_what_has_no_best_is_answered_in_words(room: Room) -> None:
    card = await swept(room)
    room.services.known["k7q2mx"] = a_job()
    for button in ("plot_best", "train_best"):
        message = await clicked(room, card, f"sb:{button}:k7q2mx")
        assert message["content"] == "k7q2mx is a single job and has no trials."
    room.services.error = UserError("away")
    assert (await clicked(room, card, "sb:train_best:k7q2mx"))["content"] == "away"
