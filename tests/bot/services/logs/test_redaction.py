"""A secret in a log, from the log service to everything that shows or stores it."""

from pathlib import Path

from bot.domain.model.observation import Attempt
from bot.domain.model.states import JobState
from bot.domain.posts import PostKind
from bot.ports.artifacts import Artifact
from bot.services.jobs.list_artifacts import ListArtifacts
from tests.support.services import MIKA, PROJECT, Bot, Outside

TOKEN = "ghp_0123456789ABCDEFGHIJabcdefghij012345"
STREAM = "trainer/default/1"


async def test_secret_is_shown_and_stored_nowhere_and_the_thread_says_so_once(
    bot: Bot, outside: Outside, tmp_path: Path
) -> None:
    job = await bot.train()
    await bot.turn()
    outside.engine.move("batch-1", JobState.RUNNING, Attempt(STREAM, outside.clock()))
    outside.logs.write(STREAM, f"token {TOKEN}", f'@metrics {{"epoch": 1, "loss {TOKEN}": 1.5}}', at=outside.clock())
    await bot.turn()
    outside.logs.write(STREAM, f"again {TOKEN}", f"ValueError: {TOKEN}", at=outside.clock())
    outside.engine.move("batch-1", JobState.FAILED, Attempt(STREAM, outside.clock(), outside.clock(), 1))
    for _ in range(6):
        await bot.turn()
        outside.clock.tick(15)
    (note,) = bot.said(PostKind.NOTE)
    assert note.startswith("This log held a secret (GitHub token).")
    assert bot.said(PostKind.LOG)[0] == "```\ntoken [redacted: GitHub token]\n```"
    ended = await bot.job(job.id)
    assert ended.execution.detail == "ValueError: [redacted: GitHub token]"
    shown = [str(message) for message in outside.chat.messages] + [str(edit) for edit in outside.chat.edits]
    assert not [text for text in shown if TOKEN in text]
    assert TOKEN not in str(outside.artifacts.objects)
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes(), path


async def test_file_with_a_secret_in_its_name_is_listed_without_it_and_without_link(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    prefix = f"s3://bucket/jobs/{job.id}/"
    outside.artifacts.objects |= {f"{prefix}artifacts/{TOKEN}.png": b"x", f"{prefix}model.pt": b"x"}
    files = ListArtifacts(bot.find, outside.artifacts, {PROJECT.name: PROJECT})
    listing = await files.artifacts(job.id, MIKA)
    assert TOKEN not in f"{[each.name for each in listing.artifacts]} {listing.links} {listing.picture}"
    assert list(listing.links) == ["model.pt"]
    found: list[Artifact] = await files.files(job.id, "redacted", 25, MIKA)
    assert [each.name for each in found] == ["artifacts/[redacted: GitHub token].png"]
