"""The whole chat layer against the stand-in: what people type and click, and what they see."""

import asyncio
import re

import pytest

from bot.domain.model.states import EndReason
from bot.domain.posts import Post, PostKind
from bot.domain.texts.command_names import command
from bot.errors import BadInput, Unavailable
from deploy.sandbox.discord.people.client import Refused
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.permissions import Permission
from tests.bot.chat.jobs import a_job, a_post, a_running_job, an_ended_job
from tests.bot.chat.room import CHANNEL, EPHEMERAL, Room
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.slow
PARAMETERS = "lr **0.1** · epochs **10** · optimizer **sgd** · augment **false**"


async def typed(room: Room, text: str) -> Json:
    """The finished answer to a command of mika's."""
    outcome = await room.mika.type(text, channel=CHANNEL, wait=True)
    assert (outcome["state"], outcome["error"]) == ("acknowledged", None)
    message: Json = outcome["message"]
    return message


# ---- /train, /retry --------------------------------------------------------------------------------------
async def test_train_reaches_the_services_with_typed_options(room: Room) -> None:
    line = "/train branch:main commit:a1b2 lr:0.05 epochs:3 optimizer:adam augment:true"
    outcome = await room.mika.type(line, channel=CHANNEL)
    assert (outcome["state"], outcome["type"]) == ("acknowledged", 5)
    await room.services.made.get()
    (request,) = room.services.requests
    assert request.values == {"lr": 0.05, "epochs": 3, "optimizer": "adam", "augment": True}
    assert (request.branch, request.commit, request.project) == ("main", "a1b2", "")
    assert {int(room.discord.ready()["roles"][role]) for role in ("trainer", "admin")} < request.person.roles
    assert request.person.channel_id == room.channel_id
    assert (request.person.name, request.person.id) == ("Mika", int(room.discord.people["mika"]))
    assert request.channel_id == room.channel_id


async def test_bounds_from_the_config_are_checked_by_discord(room: Room) -> None:
    for line, words in (
        ("/train lr:2", "lr"),
        ("/train epochs:0", "epochs"),
        ("/train optimizer:lion", "optimizer"),
    ):
        with pytest.raises(Refused, match=words):
            await room.mika.type(line, channel=CHANNEL)
    assert room.services.requests == []


async def test_the_confirmation_links_to_the_card_once_it_is_posted(room: Room) -> None:
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(typed(room, "/train"))
        card = await room.posted(await room.services.made.get())
    message = answer.result()
    link = f"https://discord.com/channels/{room.client.guild_id}/{room.channel_id}/{card['id']}"
    first, *rest = message["content"].splitlines()
    assert first == f"Starting job1: {link}"
    assert rest[0] == "You set no option, so all values are defaults."
    assert rest[1].startswith("`main` @ `")
    assert message["flags"] & EPHEMERAL


async def test_command_in_a_thread_puts_the_card_in_the_channel(room: Room) -> None:
    card = await room.posted(a_job(channel_id=room.channel_id))
    thread = await room.client.poster.send(_thread(), room.services.known["k7q2mx"])
    assert str(thread) == card["id"]
    await room.mika.type("/train", channel=str(thread))
    assert (await room.services.made.get()).request.channel_id == room.channel_id


async def test_retry_changes_only_the_given_values(room: Room) -> None:
    room.services.known["k7q2mx"] = an_ended_job(EndReason.COMMAND_FAILED)
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(typed(room, "/retry job:k7q2mx lr:0.01"))
        job = await room.services.made.get()
        await room.posted(job)
    assert job.request.retry_of == "k7q2mx"
    assert room.services.requests[0].values == {"lr": 0.01}
    first, *rest = answer.result()["content"].splitlines()
    assert first.startswith("Retrying k7q2mx as job1: https://")
    assert rest == ["`main` @ `a1b2c3d` Warm up the learning rate", PARAMETERS]


async def test_a_retry_that_changes_nothing_says_so(room: Room) -> None:
    room.services.known["k7q2mx"] = an_ended_job(EndReason.COMMAND_FAILED)
    _, *rest = (await typed(room, "/retry job:k7q2mx"))["content"].splitlines()
    assert rest == [
        "You changed nothing, so the commit and all values are as before.",
        "`main` @ `a1b2c3d` Warm up the learning rate",
        PARAMETERS,
    ]


async def test_nothing_starts_where_it_could_not_be_shown(room: Room) -> None:
    for role in ("Signalbox", "@everyone"):
        room.discord.discord.core.guild.role_named(role).permissions &= ~Permission.EMBED_LINKS
    text = (await typed(room, "/train"))["content"]
    assert text.startswith("I don't have permission to embed links in this channel, so nothing was started.")
    assert room.services.requests == []


# ---- errors ----------------------------------------------------------------------------------------------
async def test_error_goes_only_to_the_asker(room: Room) -> None:
    room.services.error = BadInput('There is no branch "mian".', choices=["main"])
    message = await typed(room, "/train branch:mian")
    assert message["content"] == 'There is no branch "mian". Choose one: main.'
    assert message["flags"] & EPHEMERAL


async def test_error_of_a_public_answer_goes_only_to_the_asker(room: Room) -> None:
    room.services.error = Unavailable("S3 does not answer")
    await room.mika.type("/plot job:k7q2mx", channel=CHANNEL)
    async with asyncio.timeout(PATIENCE):
        while not (seen := [m for m in await room.mika.messages(CHANNEL) if m["content"]]):
            await asyncio.sleep(0.01)
    assert "S3 does not answer" in seen[0]["content"]
    assert seen[0]["flags"] & EPHEMERAL
    assert await room.guest.messages(CHANNEL) == []


async def test_unexpected_error_shows_an_id_that_is_in_the_log(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    room.services.error = ZeroDivisionError("secret detail")
    text = (await typed(room, "/train"))["content"]
    assert "secret detail" not in text
    (error_id,) = re.findall(r"as ([0-9a-f]{6})\.", text)
    logged = capsys.readouterr().out
    assert error_id in logged
    assert "ZeroDivisionError" in logged


# ---- what is asked ---------------------------------------------------------------------------------------
async def test_status_shows_the_current_card(room: Room) -> None:
    card = await room.posted(a_running_job(channel_id=room.channel_id))
    message = await typed(room, "/status job:k7q2mx")
    assert message["embeds"][0]["title"] == card["embeds"][0]["title"] == "mnist k7q2mx"
    assert message["content"].endswith(f"/{card['id']}")
    assert message["components"] == card["components"]
    assert message["flags"] & EPHEMERAL


async def test_status_without_a_job_lists_live_jobs(room: Room) -> None:
    assert (await typed(room, "/status"))["content"].startswith("No job is live.")
    room.services.known = {"k7q2mx": a_running_job(), "b2c3d4": an_ended_job(EndReason.STOPPED, id="b2c3d4")}
    (embed,) = (await typed(room, "/status"))["embeds"]
    assert embed["title"] == "1 live job"
    assert embed["description"] == "`k7q2mx` mnist main@a1b2c3d — running, epoch 7/10"


async def test_status_shows_an_undeliverable_result(room: Room) -> None:
    room.services.known = {"k7q2mx": an_ended_job(EndReason.STOPPED, undeliverable="Missing *Access* (50001)")}
    (embed,) = (await typed(room, "/status"))["embeds"]
    assert embed["title"] == "0 live jobs"
    assert embed["description"].endswith(r"The result could not be posted: Missing \*Access\* (50001)")


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ("", {"k7q2mx", "b2c3d4", "c2d3f4"}),
        (" state:failed", {"c2d3f4"}),
        (" state:stopped", {"b2c3d4"}),
        (" state:live", {"k7q2mx"}),
        (" mine:true", set()),
    ],
)
async def test_jobs_are_filtered(room: Room, options: str, ids: set[str]) -> None:
    room.services.known = {
        "k7q2mx": a_running_job(),
        "b2c3d4": an_ended_job(EndReason.STOPPED, id="b2c3d4", card_id=5),
        "c2d3f4": an_ended_job(EndReason.OUT_OF_MEMORY, id="c2d3f4"),
    }
    message = await typed(room, f"/jobs{options}")
    shown = message["embeds"][0]["description"] if ids else message["content"]
    assert {job_id for job_id in room.services.known if job_id in shown} == ids


async def test_logs_come_in_a_block_and_long_ones_as_a_file(room: Room) -> None:
    room.services.known["k7q2mx"] = a_running_job(thread_id=99)
    text = (await typed(room, "/logs job:k7q2mx lines:1"))["content"]
    assert text.endswith(f"Full log: https://discord.com/channels/{room.client.guild_id}/99\n```\nepoch 2\n```")
    room.services.log_text = "\n".join("x" * 100 for _ in range(30))
    message = await typed(room, "/logs job:k7q2mx")
    assert [file["filename"] for file in message["attachments"]] == ["k7q2mx-log.txt"]
    assert message["attachments"][0]["size"] == len(room.services.log_text)
    room.services.log_text = ""
    assert (await typed(room, "/logs job:k7q2mx"))["content"].startswith("k7q2mx is running and has no log yet.")
    room.services.known["k7q2mx"] = an_ended_job(EndReason.COMMAND_FAILED)
    assert (await typed(room, "/logs job:k7q2mx"))["content"] == "k7q2mx has no log (failed)."


async def test_plot_takes_metrics_separated_by_commas(room: Room) -> None:
    room.services.known = {"k7q2mx": a_running_job()}
    await typed(room, "/plot job:k7q2mx metrics:val_loss, grad norm")
    assert room.services.plotted_metrics == [["val_loss", "grad norm"]]


async def test_plot_is_public_and_takes_several_jobs(room: Room) -> None:
    room.services.known = {"k7q2mx": a_running_job(), "b2c3d4": a_running_job(id="b2c3d4")}
    message = await typed(room, "/plot job:k7q2mx more:b2c3d4, K7Q2MX")
    assert room.services.plotted == [["k7q2mx", "b2c3d4"]]
    assert not message["flags"] & EPHEMERAL
    assert message["attachments"][0]["filename"] == "k7q2mx-b2c3d4.png"
    assert (await room.guest.messages(CHANNEL))[-1]["id"] == message["id"]


async def test_artifacts_are_listed_with_links_and_the_newest_picture(room: Room) -> None:
    room.services.known["k7q2mx"] = a_running_job()
    message = await typed(room, "/artifacts job:k7q2mx")
    (embed,) = message["embeds"]
    assert embed["description"].split("\n") == [
        "[walk.png](https://bucket.example/2100000?signature=x) · 2 MiB",
        r"[model\_(1).pt](https://bucket.example/4800?signature=x) · 4.69 KiB",
    ]
    assert embed["footer"]["text"].startswith("2 files, 2.01 MiB")
    assert embed["image"]["url"].startswith(f"{room.discord.discord.core.url}/attachments/")
    room.services.nothing_left = True
    assert (await typed(room, "/artifacts job:k7q2mx"))["content"] == "k7q2mx has no files yet."
    room.services.known["k7q2mx"] = an_ended_job(EndReason.COMMAND_FAILED)
    assert (await typed(room, "/artifacts job:k7q2mx"))["content"] == "k7q2mx left no files."


async def test_one_file_is_linked(room: Room) -> None:
    room.services.known["k7q2mx"] = a_running_job()
    (embed,) = (await typed(room, "/artifacts job:k7q2mx file:model"))["embeds"]
    assert embed["description"] == r"[model\_(1).pt](https://bucket.example/4800?signature=x) · 4.69 KiB"
    choices = await room.mika.autocomplete("artifacts", "file", {"job": "k7q2mx", "file": "mod"}, channel=CHANNEL)
    assert choices == [{"name": "model_[1].pt", "value": "model_[1].pt"}]


async def test_help_lists_every_command(room: Room) -> None:
    outcome = await room.mika.type("/help", channel=CHANNEL, wait=True)
    text = outcome["message"]["embeds"][0]["description"]
    names = {command["name"] for command in await room.mika.commands()}
    about_jobs = {"train", "sweep", "status", "jobs", "logs", "plot", "artifacts", "stop", "retry"}
    assert names == about_jobs | {"spot", "watches", "cost", "audit", "pause", "resume", "help"}
    assert all(command(name) in text for name in names - {"help"})
    assert command("train", "[branch] [commit] [lr] [epochs] [optimizer] [augment] [set] [start_below] [by]") in text


async def test_autocomplete(room: Room) -> None:
    room.services.known = {"k7q2mx": a_running_job(), "k2c3d4": an_ended_job(EndReason.STOPPED, id="k2c3d4")}
    complete = room.mika.autocomplete
    assert await complete("stop", "job", {"job": "k7"}, channel=CHANNEL) == [
        {"name": "k7q2mx  mnist main@a1b2c3d running", "value": "k7q2mx"}
    ]
    assert await complete("train", "branch", {"branch": "me"}, channel=CHANNEL) == [{"name": "mend", "value": "mend"}]
    (commit,) = await complete("train", "commit", {"branch": "main", "commit": ""}, channel=CHANNEL)
    assert commit["name"].startswith("a1b2c3d Warm up")
    assert len(commit["name"]) == 100
    assert commit["value"] == "a1b2c3d" + "0" * 33
    more = await complete("plot", "more", {"job": "k7q2mx", "more": "k7q2mx, k"}, channel=CHANNEL)
    assert more == [{"name": "k7q2mx k2c3d4", "value": "k7q2mx k2c3d4"}]


# ---- stopping --------------------------------------------------------------------------------------------
async def test_stop(room: Room) -> None:
    room.services.known["k7q2mx"] = a_running_job()
    message = await typed(room, "/stop job:k7q2mx")
    assert message["content"] == "Stopping k7q2mx. I'll post the result in the channel."
    assert [job_id for job_id, _ in room.services.stopped] == ["k7q2mx"]


# ---- a bad day -------------------------------------------------------------------------------------------
async def test_lost_acknowledgement_reply_loses_no_command(room: Room) -> None:
    room.fault("POST", "/interactions/.*/callback", fault="reset", when="after")
    room.services.known["k7q2mx"] = a_running_job()
    message = await typed(room, "/status job:k7q2mx")
    assert message["embeds"][0]["title"] == "mnist k7q2mx"


async def test_lost_gateway_reconnects(room: Room) -> None:
    room.discord.discord.gateway.drop(resumable=True)
    room.services.known["k7q2mx"] = a_running_job()
    message = await typed(room, "/status job:k7q2mx")
    assert message["embeds"]


def _thread() -> Post:
    return a_post(PostKind.THREAD)
