"""What is asked about jobs: which there are, what they have left, how they compare."""

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.jobs import file_names
from bot.domain.jobs.file_names import option_value
from bot.domain.logs.log_lines import LogEvent
from bot.domain.posts import Change
from bot.errors import BadInput, Unavailable, UnknownName
from bot.ports.store import Store
from bot.services.jobs.complete_options import CompleteOptions
from bot.services.jobs.find import Find
from bot.services.jobs.list_artifacts import PICTURE_BYTES, ListArtifacts
from bot.services.jobs.plot import Plot
from bot.services.people.permits import Permits
from bot.services.tables.table_files import TableFiles
from tests.support.projects import GRANTS, GUILD, PNG, PROJECT
from tests.support.rows import changed
from tests.support.services import MIKA, NOOR, Bot, Outside

CSV = b"epoch,val_accuracy\n1,50\n2,60\n"


@pytest.fixture
def browse(bot: Bot, outside: Outside) -> ListArtifacts:
    return ListArtifacts(bot.find, outside.artifacts, {PROJECT.name: PROJECT})


async def test_a_job_is_found_however_it_is_typed_and_near_ids_are_named(bot: Bot) -> None:
    job = await bot.train()
    assert (await bot.find.job(f" `{job.id.upper()}` ", MIKA)).id == job.id
    with pytest.raises(UnknownName, match=f"Did you mean {job.id}"):
        await bot.find.job(job.id[:-1] + "x", MIKA)


async def test_jobs_match_by_id_branch_commit_and_asker(bot: Bot) -> None:
    first = await bot.train(interaction_id=1)
    second = await bot.train(NOOR, interaction_id=2)
    assert [job.id for job in await bot.find.matching("", MIKA)] == [second.id, first.id]
    assert [job.id for job in await bot.find.matching("noor", MIKA)] == [second.id]
    assert [job.id for job in await bot.find.matching(first.id[:4] + first.id[4:], MIKA)] == [first.id]
    assert len(await bot.find.matching("main@aaaa", MIKA)) == 2
    assert [job.id for job in await bot.find.recent(MIKA, asker_id=NOOR.id)] == [second.id]
    assert len(await bot.find.live(MIKA)) == 2


async def test_what_a_job_has_left_with_links_and_its_newest_picture(
    bot: Bot, outside: Outside, browse: ListArtifacts
) -> None:
    job = await bot.train()
    prefix = f"s3://bucket/jobs/{job.id}/"
    outside.artifacts.objects |= {
        f"{prefix}claim.json": b"{}",
        f"{prefix}metrics.csv": CSV,
        f"{prefix}artifacts/walk-1.mp4": b"old",
        f"{prefix}artifacts/walk-2.MP4": b"newest",
        f"{prefix}artifacts/huge.png": bytes(PICTURE_BYTES + 1),
        f"{prefix}model.pt": b"weights",
        "s3://bucket/jobs/other/model.pt": b"of another job",
    }
    listing = await browse.artifacts(job.id, MIKA)
    assert [artifact.name for artifact in listing.artifacts] == [
        "model.pt",
        "artifacts/walk-2.MP4",
        "artifacts/walk-1.mp4",
        "metrics.csv",
        "artifacts/huge.png",
    ]
    assert set(listing.links) == {artifact.name for artifact in listing.artifacts}
    assert listing.total_bytes == sum(artifact.size for artifact in listing.artifacts)
    assert listing.picture is not None
    assert (listing.picture.name, listing.picture.content) == ("walk-2.MP4", b"newest")


async def test_a_picture_that_no_program_should_unpack_is_passed_over(
    bot: Bot, outside: Outside, browse: ListArtifacts
) -> None:
    job = await bot.train()
    prefix, shown = f"s3://bucket/jobs/{job.id}/artifacts/", png(640, 480)
    outside.artifacts.objects |= {f"{prefix}a b?.png": shown, f"{prefix}bomb.png": png(50_000, 50_000)}
    picture = (await browse.artifacts(job.id, MIKA)).picture
    assert picture is not None
    assert (picture.name, picture.content) == ("a_b.png", shown), "a name that attachment:// takes"


@pytest.mark.parametrize(
    ("name", "attached"),
    [
        ("walk.png", "walk.png"),
        ("caf\u00e9 [1].GIF", "caf___1.GIF"),
        ("../..png", "picture.png"),
        ("SPOILER_x.png", "x.png"),
        ("???.jpg", "picture.jpg"),
        ("a" * 300 + ".png", "a" * 80 + ".png"),
    ],
)
def test_an_attachment_has_a_plain_name(name: str, attached: str) -> None:
    assert file_names.attached(name) == attached


def png(width: int, height: int) -> bytes:
    return PNG + struct.pack(">I4sII", 13, b"IHDR", width, height)


async def test_each_of_300_files_has_a_link_of_its_own(bot: Bot, outside: Outside, browse: ListArtifacts) -> None:
    job = await bot.train()
    prefix = f"s3://bucket/jobs/{job.id}/"
    names = [*(f"run/{n // 50}/epoch-{n}.png" for n in range(298)), f"artifacts/{'長い' * 60}.mp4", "manifest.json"]
    outside.artifacts.objects |= dict.fromkeys([f"{prefix}{name}" for name in names], b"x")
    listed = [artifact.name for artifact in (await browse.artifacts(job.id, MIKA)).artifacts]
    assert sorted(listed) == sorted(names)
    assert listed[-1] == "manifest.json"
    for name in names:
        linked = await browse.one(job.id, option_value(name), MIKA)
        assert (linked.artifact.name, prefix + name in linked.link) == (name, True)
    assert len(await browse.files(job.id, "EPOCH-29", 25, MIKA)) == 9


async def test_what_a_trial_has_left_is_below_its_number(bot: Bot, outside: Outside, browse: ListArtifacts) -> None:
    job = await bot.train()
    for number in (3, 30):
        outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/{number}/model.pt"] = bytes(number)
    listing = await browse.artifacts(f"`{job.id.upper()}.3`", MIKA)
    assert listing.job.id == f"{job.id}.3"
    assert [(artifact.name, artifact.size) for artifact in listing.artifacts] == [("model.pt", 3)]


async def test_a_job_that_has_left_nothing(bot: Bot, browse: ListArtifacts) -> None:
    listing = await browse.artifacts((await bot.train()).id, MIKA)
    assert (listing.artifacts, listing.picture, listing.total_bytes) == ((), None, 0)


async def test_several_jobs_on_one_axis_and_those_without_metrics_named(bot: Bot, outside: Outside) -> None:
    jobs = [await bot.train(interaction_id=number, lr=lr) for number, lr in ((1, 0.1), (2, 0.01), (3, 0.001))]
    for job in jobs[:2]:
        outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/metrics.csv"] = CSV
    picture = await bot.plot.plot([job.id for job in jobs], (), MIKA)
    assert picture.png == b"png"
    assert picture.remarks == f"{jobs[2].id} has no metrics yet."
    (request,) = outside.figures.requests
    assert request.title == "mnist: 2 jobs"
    assert [curve.label for curve in request.curves] == [f"{jobs[0].id} lr=0.1", f"{jobs[1].id} lr=0.01"]
    assert "momentum=0.5" in request.subtitle


async def test_jobs_of_two_projects_keep_their_own_column_names(
    bot: Bot, outside: Outside, store: Store, tmp_path: Path
) -> None:
    own, other = await bot.train(interaction_id=1), await bot.train(interaction_id=2)
    asked, run = replace(other.request, interaction_id=3), replace(other.run, project="walker")
    other = replace(other, id="walker", request=asked, run=run)
    await store.add(other, ())
    walker = replace(PROJECT, name="walker", columns={"epoch": "num_timesteps"})
    for job in (own, other):
        outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/metrics.csv"] = CSV
    projects = {PROJECT.name: PROJECT, "walker": walker}
    plot = Plot(
        Find(store, outside.artifacts, projects, bot.permits),
        TableFiles(outside.artifacts, tmp_path / "tables"),
        outside.figures,
        projects,
    )
    await plot.plot([own.id, other.id], (), MIKA)
    (request,) = outside.figures.requests
    assert request.title == "mnist, walker: 2 jobs"
    assert [curve.column_names for curve in request.curves] == [None, {"epoch": "num_timesteps"}]


async def test_a_plot_of_one_job_says_which_code_and_parameters(bot: Bot, outside: Outside) -> None:
    job = await bot.train(lr=0.1)
    assert (await bot.plot.plot([job.id], (), MIKA)).png is None
    outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/metrics.csv"] = CSV
    await bot.plot.plot([job.id], (), MIKA)
    (request,) = outside.figures.requests
    assert request.title == f"mnist {job.id}"
    assert request.subtitle.split() == [f"main@{'a' * 7}", "lr=0.1", "momentum=0.5"]
    with pytest.raises(BadInput, match="Plot 1 to 8 jobs at once"):
        await bot.plot.plot([job.id] * 9, (), MIKA)


async def test_names_for_autocomplete_and_silence_when_git_fails(bot: Bot, outside: Outside) -> None:
    complete = CompleteOptions(outside.code, bot.find, [PROJECT], Permits(GRANTS, GUILD))
    assert await complete.branches("", "W", MIKA) == ["wider-net"]
    assert await complete.branches("", "n", MIKA) == ["main", "wider-net"]
    assert await complete.branches("", "ｗｉｄｅｒ－", MIKA) == ["wider-net"]  # noqa: RUF001  a Japanese keyboard
    assert [commit.branch for commit in await complete.commits("", "", "bbb", MIKA)] == ["wider-net"]
    assert [commit.branch for commit in await complete.commits("", "", "warm", MIKA)] == ["main"]
    outside.code.fail("branches", Unavailable("no network"))
    assert await complete.branches("", "m", MIKA) == []
    assert await complete.branches("nothere", "m", MIKA) == []


async def test_many_long_lines_are_read_a_few_at_a_time_and_shortened(bot: Bot, store: Store) -> None:
    job = await bot.train()
    events = [LogEvent(f"e{number}", "s", number, f"{number} {'x' * 30_000} end") for number in range(130)]
    await store.append_log(job.id, events, lambda stored, new: None)
    excerpt = await bot.find.log(job.id, 120, MIKA)
    lines = excerpt.text.split("\n")
    assert (excerpt.first, excerpt.total, len(lines)) == (10, 130, 120)
    assert [line.split()[0] for line in lines] == [str(number) for number in range(10, 130)]
    assert max(map(len, lines)) <= 1_000


async def test_of_a_stored_log_the_end_is_kept_and_the_lines_are_counted(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    at = outside.clock()
    await bot.store.change(job.id, lambda stored: Change(changed(stored, archived_at=at, lines_posted=1)))
    uri = f"s3://bucket/jobs/{job.id}/log.txt"
    outside.artifacts.objects[uri] = b"".join(b"line %d\n" % number for number in range(300_000))
    excerpt = await bot.find.log(job.id, 3, MIKA)
    assert (excerpt.first, excerpt.total) == (299_997, 300_000)
    assert excerpt.text.split("\n") == ["line 299997", "line 299998", "line 299999"]
