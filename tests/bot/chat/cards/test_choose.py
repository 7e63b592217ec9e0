"""Rendering, from the job alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.cards import choose
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.progress import Progress
from bot.domain.model.run import Commit
from bot.domain.model.states import EndReason, JobState, WaitCause
from tests.bot.chat.jobs import CREATED, PROJECT, STARTED, a_job, a_running_job, an_ended_job
from tests.support.rows import changed


def lines(job: Job) -> list[str]:
    return (choose.card(job, PROJECT).description or "").split("\n")


def test_a_running_job() -> None:
    embed = choose.card(a_running_job(), PROJECT)
    assert embed.title == "mnist k7q2mx"
    assert (embed.description or "").split("\n") == [
        f"**Running** · started <t:{STARTED:.0f}:R>",
        "`main` @ `a1b2c3d` Warm up the learning rate",
        "lr **0.1** · epochs **10** · optimizer **sgd** · augment **false**",
        "",
        f"epoch **7**/10 ███████░░░ · ETA <t:{STARTED + 200:.0f}:R>",
        "val_accuracy **96.4**, best **96.7** at epoch 6",
        "val_loss 0.121",
    ]
    assert embed.footer.text == "asked by mika"


def test_a_job_without_parameters_leaves_no_gap() -> None:
    shown = lines(changed(a_running_job(), parameters={}))
    assert shown.count("") == 1
    assert lines(a_running_job()).count("") == 1


def test_an_ended_job_has_a_fixed_duration_and_no_clock() -> None:
    embed = choose.card(an_ended_job(EndReason.SUCCEEDED), PROJECT)
    assert (embed.description or "").startswith("**Succeeded in 4 min 31 s**\n`main`")
    assert "<t:" not in (embed.description or "")


@pytest.mark.parametrize(
    ("reason", "first"),
    [
        (EndReason.STOPPED, "**Stopped by Noor after 4 min 31 s**"),
        (EndReason.LOST, "**Lost: AWS Batch no longer knows it**"),
        (EndReason.TIMED_OUT, "**Failed: it reached its time limit of 2 h**"),
    ],
)
def test_the_first_line_says_how_it_ended(reason: EndReason, first: str) -> None:
    assert lines(an_ended_job(reason, stop_by="Noor"))[0] == first


def test_a_waiting_job_is_explained_in_plain_words() -> None:
    waiting = a_job(state=JobState.RUNNABLE)
    assert lines(waiting)[:2] == [
        f"**Waiting for a machine** · requested <t:{CREATED:.0f}:R>",
        "It starts as soon as a machine is free. Waiting costs nothing.",
    ]
    stuck = changed(waiting, status_reason="CAPACITY - no machine", wait=WaitCause.NO_CAPACITY)
    assert lines(stuck)[1] == "No machine of this kind is free right now. AWS Batch keeps trying."
    again = changed(waiting, attempts_ended=1)
    assert lines(again)[1] == "The machine was taken away. The job continues on another one from its last checkpoint."


def test_an_old_state_says_since_when() -> None:
    old = a_running_job(unanswered_since=STARTED)
    assert lines(old)[1] == f"AWS Batch has not answered since <t:{STARTED:.0f}:R>. This is the last known state."


def test_an_undeliverable_result_says_why() -> None:
    ended = an_ended_job(EndReason.SUCCEEDED, undeliverable="Unknown Channel (10003)")
    assert lines(ended)[1] == "The result could not be posted: Unknown Channel (10003)"


def test_a_stopping_job_says_who_asked() -> None:
    job = a_running_job(stop_at=STARTED + 100, stop_by="no*or")
    assert lines(job)[0] == f"**Stopping** · requested by no\\*or <t:{STARTED + 100:.0f}:R>"


@pytest.mark.parametrize(
    ("changes", "footer"),
    [
        ({"attempts_ended": 1, "attempts": (Attempt(stopped_at=1.0),)}, "asked by mika · attempt 2"),
        ({"attempts_ended": 1, "attempts": (Attempt(stopped_at=1.0), Attempt())}, "asked by mika · attempt 2"),
        ({"attempts": (Attempt(),)}, "asked by mika"),
        ({"retry_of": "b2c3d4"}, "asked by mika · retry of b2c3d4"),
        ({"asker_name": "<@&1>\n*x*"}, "asked by <@&1> *x*"),
    ],
)
def test_the_footer(changes: dict[str, object], footer: str) -> None:
    assert choose.card(a_running_job(**changes), PROJECT).footer.text == footer


def test_an_ended_job_counts_the_attempts_that_it_had() -> None:
    job = an_ended_job(
        EndReason.HOST_LOST, attempts=(Attempt(stopped_at=1.0), Attempt(stopped_at=2.0)), attempts_ended=2
    )
    assert choose.card(job, PROJECT).footer.text == "asked by mika · attempt 2"


def test_states_have_colours_of_their_own() -> None:
    jobs = [
        a_job(),
        a_job(state=JobState.STARTING),
        a_running_job(),
        an_ended_job(EndReason.SUCCEEDED),
        an_ended_job(EndReason.COMMAND_FAILED),
        an_ended_job(EndReason.STOPPED),
    ]
    assert len({choose.card(job, PROJECT).colour for job in jobs}) == len(jobs)


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_has_a_word(state: JobState) -> None:
    assert choose.state_word(a_job(state=state))


def test_a_list_line_and_a_choice() -> None:
    assert choose.summary(a_running_job(), PROJECT) == "`k7q2mx` mnist main@a1b2c3d — running, epoch 7/10"
    ended = an_ended_job(EndReason.SUCCEEDED)
    assert choose.summary(ended, PROJECT) == "`k7q2mx` mnist main@a1b2c3d — succeeded, val_accuracy 96.7"
    assert choose.summary(an_ended_job(EndReason.STOPPED), None) == "`k7q2mx` mnist main@a1b2c3d — stopped"
    assert choose.choice(a_running_job()) == "k7q2mx  mnist main@a1b2c3d running"


def test_a_job_of_a_removed_project_still_shows() -> None:
    text = choose.card(a_running_job(), None).description or ""
    assert "val_accuracy 96.4 · val_loss 0.121" in text


texts = st.text(max_size=300) | st.sampled_from(["*" * 4_000, "@everyone " * 400, "`" * 4_000, "x" * 4_000])
floats = st.floats()
any_progress = st.builds(
    Progress,
    epoch=st.none() | st.integers(-5, 10**9),
    epochs=st.none() | st.integers(-5, 10**9),
    latest=st.dictionaries(texts, floats, max_size=20),
    best=st.none() | floats,
    best_epoch=st.none() | st.integers(0, 10**9),
    first_at=st.none() | st.floats(1.7e9, 1.8e9),
    last_at=st.none() | st.floats(1.7e9, 1.8e9),
    epochs_seen=st.integers(0, 10**6),
)


@st.composite
def any_jobs(draw: st.DrawFn) -> Job:
    job = a_job(
        commit=Commit("f" * 40, draw(texts), draw(texts)),
        parameters=draw(st.dictionaries(texts, texts | st.integers() | floats | st.booleans(), max_size=22)),
        asker_name=draw(texts),
        status_reason=draw(texts),
        stop_by=draw(texts),
        stop_at=draw(st.none() | st.just(CREATED)),
        state=draw(st.sampled_from([state for state in JobState if not state.terminal])),
        started_at=draw(st.none() | st.just(STARTED)),
        progress=draw(any_progress),
        detail=draw(texts),
    )
    return job if draw(st.booleans()) else job.ended(draw(st.sampled_from(list(EndReason))), STARTED + 10)


@settings(deadline=None)
@given(any_jobs())
def test_no_card_is_larger_than_discord_takes(job: Job) -> None:
    embed = choose.card(job, PROJECT)
    assert len(embed) <= 6_000
    assert 0 < len(embed.title or "") <= 256
    assert 0 < len(embed.description or "") < 4_096, "cut by its pieces, never in the middle of an escape"
    assert len(embed.footer.text or "") <= 2_048
    assert len(choose.summary(job, PROJECT)) <= 400
    assert len(choose.choice(job)) <= 100
