"""What is in the store before anybody asks: three projects, one of which the config no longer has."""

from dataclasses import replace
from itertools import product
from pathlib import Path

from bot.adapters.sqlite import open_store
from bot.domain.logs.log_lines import LogEvent
from bot.domain.model.execution import Execution
from bot.domain.model.job import Job
from bot.domain.model.run import Commit
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.money.hold import Hold, HoldKind
from bot.domain.money.quote import Quote
from bot.domain.posts import Change
from bot.domain.project import Project
from bot.domain.remedy import Offer, RemedyKind
from bot.domain.spending.approval import token
from bot.ports.store import Store
from tests.access.people import BOSS, FIELD, KINDS, MILLER, ORCHARD, PICKER, PROJECTS, Kind
from tests.access.wire import Json
from tests.bot.chat import jobs as looks
from tests.support.clock import Clock

TRAINERS = {"apricot": PICKER, "blueberry": MILLER}
CHANNEL_OF = {"apricot": ORCHARD, "blueberry": FIELD, "cranberry": ORCHARD}
GONE = "cranberry"
"""A project that the config no longer has; some of its jobs are in the store."""
NOW = looks.ENDED + 60
DRAFTS = ("", "x")
"""Everybody has two of each project."""
SMALL = replace(looks.PLAN, trials=2)
"""Of a draft: cheap enough for everybody who may sweep."""


HELD = Hold(HoldKind.FAILURES, NOW - 60, NOW + 86_400, reason=EndReason.COMMAND_FAILED, failed=4, ended=4)
HELD_MARK = HELD.mark
OLDER = "f" * 40
"""The commit of sweeps that are held: there is a newer one."""


def commit_of(project: str) -> Commit:
    return Commit(
        f"{PROJECTS.index(project) if project in PROJECTS else 7}" * 40, f"{project}-main", f"{project} ripens"
    )


def project_named(name: str) -> Project:
    return replace(
        looks.PROJECT,
        name=name,
        repository=f"https://example.org/{name}",
        branches=(f"{name}-main",),
        channel_ids=(CHANNEL_OF[name],),
        timeout_seconds=7_200,
        usd_per_hour=1.0,
        confirm_trials=2,
    )


def known_ids() -> dict[str, str]:
    """Every id that is in the store from the start, and its project."""
    rows = [row for name in (*PROJECTS, GONE) for row, _ in _rows(name, TRAINERS.get(name, BOSS))]
    rows += [_held_sweep(name, TRAINERS[name], f"{name[:5]}9{which}") for name, which in product(PROJECTS, "abc")]
    drafts = {draft_id(name, kind, which): name for name in PROJECTS for kind in KINDS for which in DRAFTS}
    return {**{row.id: row.run.project for row in rows}, **drafts}


def draft_id(project: str, kind: Kind, which: str = "") -> str:
    return f"draft{project[0]}{which}{kind.id}"


async def seed(path: Path) -> Path:
    async with open_store(path, now=Clock(NOW)) as store:
        await fill(store)
    return path


async def fill(store: Store) -> None:
    """For each project: running jobs of its trainer's and of the boss's, an ended one, two sweeps, and a draft of
    everybody's."""
    for name, which in product(PROJECTS, "abc"):  # the oldest, so that lists show the others
        await store.add(_held_sweep(name, TRAINERS[name], f"{name[:5]}9{which}"), (), _failed())
    for name in (*PROJECTS, GONE):
        trainer = TRAINERS.get(name, BOSS)
        for row, trials in _rows(name, trainer):
            await store.add(row, (), trials)
        event = LogEvent("e1", "s", 1_000, f"{name} is pressed")
        await store.append_log(f"{name[:5]}2", [event], lambda job, _: Change(job))
    for name in PROJECTS:
        for kind, which in product(KINDS, DRAFTS):
            about = _about(name, kind, draft_id(name, kind, which))
            await store.keep_draft(looks.a_sweep(plan=SMALL, **about, state=JobState.INTENT))


def _rows(name: str, trainer: Kind) -> list[tuple[Job | Sweep, tuple[Trial, ...]]]:
    stem = name[:5]
    trials = tuple(looks.a_trial(number) for number in range(3))
    ended = _failed()
    failed = looks.ended_sweep(looks.PARTLY, EndReason.SUCCEEDED, **_about(name, trainer, f"{stem}6"))
    if name == GONE:
        # A bot with unfinished jobs of a project that the config no longer has does not start.
        return [
            (looks.an_ended_job(EndReason.SUCCEEDED, **_about(name, trainer, f"{stem}{n}")), ()) for n in (2, 4)
        ] + [(failed, ended)]
    return [
        *((looks.a_running_job(**_about(name, trainer, f"{stem}2{each}")), ()) for each in ("", "a", "b", "c")),
        *((looks.a_running_job(**_about(name, BOSS, f"{stem}3{each}")), ()) for each in ("", "a", "b", "c")),
        (looks.an_ended_job(EndReason.SUCCEEDED, **_about(name, trainer, f"{stem}4")), ()),
        (_offered(_about(name, trainer, f"{stem}9")), ()),
        (looks.a_sweep(**_about(name, trainer, f"{stem}5")), trials),
        (failed, ended),
        *((each, ()) for each in _held(name, trainer)),
    ]


def _offered(about: Json) -> Job:
    """It ran out of memory, and its result has a button that says so."""
    job = looks.an_ended_job(EndReason.OUT_OF_MEMORY, **about)
    return replace(job, offer=Offer(RemedyKind.MEMORY, 12_288, 18_432, usd_most=2.0))


def _failed() -> tuple[Trial, ...]:
    failed = (replace(looks.a_trial(number), state=JobState.FAILED) for number in range(3))
    return tuple(replace(each, reason=EndReason.COMMAND_FAILED) for each in failed)


def _held_sweep(name: str, trainer: Kind, sweep_id: str) -> Sweep:
    """Its trials failed alike."""
    sweep = looks.a_sweep(**_about(name, trainer, sweep_id))
    run = replace(sweep.run, commit=replace(sweep.run.commit, sha=OLDER), quote=Quote(1.0, 7_200.0, runs=2))
    return replace(sweep, run=run, execution=sweep.execution.held(HELD))


def _held(name: str, trainer: Kind) -> list[Job]:
    """Two that wait for somebody else's word."""
    hold = Hold(HoldKind.APPROVAL, NOW - 300, NOW + 3_300, approvers=(BOSS.roles[0],))
    held = [looks.a_job(**_about(name, trainer, f"{name[:5]}{number}")) for number in (7, 8)]
    run = [replace(job.run, quote=Quote(1.0, 7_200.0)) for job in held]
    return [replace(job, run=run[0], execution=Execution(hold=hold)) for job in held]


def approval_token(stem: str, number: str) -> str:
    """What the buttons of the card carry; of a job that nobody has, anything."""
    rows = [row for name in PROJECTS for row in _held(name, TRAINERS[name])]
    return next((token(row) for row in rows if row.id == f"{stem}{number}"), "0" * 10)


def _about(name: str, asker: Kind, job_id: str) -> Json:
    numbers = {
        "id": job_id,
        "project": name,
        "commit": commit_of(name),
        "channel_id": CHANNEL_OF[name],
        "created_at": NOW - 300,
    }
    interaction_id = sum(ord(letter) << (8 * place) for place, letter in enumerate(job_id[-7:]))
    return {**numbers, "interaction_id": interaction_id, "asker_id": asker.id, "asker_name": asker.name}
