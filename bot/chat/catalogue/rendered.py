"""Messages as the bot makes them, from sample jobs and sweeps."""

from collections.abc import Iterator
from dataclasses import replace

from bot.chat.buttons.views import (
    LABELS,
    card_buttons,
    confirm_buttons,
    end_buttons,
    held_buttons,
    preview_buttons,
    trial_buttons,
)
from bot.chat.cards import choose, confirmation, sweep_preview, trial_card, verdict
from bot.chat.catalogue import remedy_samples, samples
from bot.chat.catalogue.command_entries import command_entries
from bot.chat.catalogue.entries import Entry, button_texts, embed_text
from bot.chat.catalogue.guard_entries import guard_entries, machine_entries
from bot.chat.catalogue.samples import JOB, PROJECT, PROPOSAL, SWEEP
from bot.chat.catalogue.spot_samples import spot_answers, watch_texts
from bot.chat.delivery.messages import ELSEWHERE, file_gone
from bot.chat.error_replies import explain
from bot.chat.reports import spot_lines
from bot.domain.audit.chain import NO_ENTRY, linked
from bot.domain.inert import EMPTY, Inert, phrase
from bot.domain.logs.log_blocks import block, digest
from bot.domain.model.plan import Search
from bot.domain.model.publication import Refusal
from bot.domain.model.states import EndReason, WaitCause
from bot.domain.model.trial import TrialState
from bot.domain.money.hold import Continued
from bot.domain.posts import RULES, PostKind
from bot.domain.sweeps.trial_report import LINES, report
from bot.domain.texts import hold_texts, notes
from bot.domain.texts.audit_lines import audit_line
from bot.domain.texts.engine import engine_title
from bot.domain.texts.waits import wait_note
from bot.errors import CredentialsExpired, Deleted, Denied, Missing, Refused, ServiceError, Throttled, Unavailable
from bot.services.delivery.audit_channel import next_message, refused_entries
from bot.services.running.pending import held_for_failures
from bot.services.sweeps.preview import Proposal

ENGINE = engine_title(PROJECT)
URI = "s3://bucket/jobs/k7q2mx/log.txt"


def rendered() -> Iterator[Entry]:
    jobs = (_cards, _results, _waits, _holds, guard_entries, machine_entries, _notes, _posts)
    others = (_refusals, _answers, _previews, _trials, _lists, _audit, _errors, command_entries, _buttons)
    for section in (*jobs, *others):
        yield from section()


def _cards() -> Iterator[Entry]:
    jobs = [
        *samples.live_jobs(),
        *remedy_samples.retries(),
        *((f"ended: {reason}", samples.ended_job(reason)) for reason in EndReason),
    ]
    undeliverable = replace(JOB.publication, result=JOB.publication.result.given_up("Unknown Channel"))
    closed = JOB.publication.thread_refused(Refusal("Posting a log: Thread is locked (160005)", 1.0))
    gone = JOB.publication.card_refused(Refusal("Posting a card: Unknown Channel (10003)", 1.0, gone=True))
    closed_card = JOB.publication.card_refused(Refusal("Posting a card: Missing Permissions (50013)", 1.0))
    jobs += [("closed thread", replace(JOB, publication=closed)), ("lost card", replace(JOB, publication=gone))]
    jobs.append(("refused card", replace(JOB, publication=closed_card)))
    jobs.append(("undeliverable result", replace(samples.ended_job(EndReason.SUCCEEDED), publication=undeliverable)))
    for name, job in jobs:
        text = f"{embed_text(choose.card(job, PROJECT))}\n{' '.join(button_texts(card_buttons(job)))}"
        yield Entry("Cards of jobs", name, text)
    for name, sweep in samples.sweeps():
        text = f"{embed_text(choose.card(sweep, PROJECT))}\n{' '.join(button_texts(card_buttons(sweep)))}"
        yield Entry("Cards of sweeps", name, text)


def _results() -> Iterator[Entry]:
    lines, _ = block(["Traceback (most recent call last):", samples.DETAIL])
    for reason in EndReason:
        job = samples.ended_job(reason)
        body = lines if reason is EndReason.COMMAND_FAILED else EMPTY
        buttons = " ".join(button_texts(end_buttons(job)))
        yield Entry("Results of jobs", reason, f"{verdict.content(job, PROJECT, body)}\n{buttons}")
    for name, job in remedy_samples.mended():
        buttons = " ".join(button_texts(end_buttons(job)))
        yield Entry("Results of jobs", name, f"{verdict.content(job, PROJECT, EMPTY)}\n{buttons}")
    by_guard = dict(samples.live_jobs())["stopped by the guard"].ended(EndReason.STOPPED, samples.ENDED)
    yield Entry("Results of jobs", "stopped by the guard", verdict.content(by_guard, PROJECT, EMPTY))
    yield Entry("Results of jobs", "the project is gone", verdict.verdict(samples.ended_job(EndReason.LOST), None))
    for name, sweep in samples.sweeps():
        if not sweep.execution.live:
            buttons = " ".join(button_texts(end_buttons(sweep)))
            yield Entry("Results of sweeps", name, f"{verdict.content(sweep, PROJECT, EMPTY)}\n{buttons}")


def _waits() -> Iterator[Entry]:
    for cause in WaitCause:
        job = samples.waiting_job(cause)
        card = (choose.card(job, PROJECT).description or "").split("\n")[1]
        note = wait_note(job.execution, 5, ENGINE)
        yield Entry("Waiting for a machine", cause, f"on the card: {card}\nin the thread: {note}")


def _refusals() -> Iterator[Entry]:
    for name, text in samples.refusals():
        yield Entry("Caps and the pause", name, text)


def _holds() -> Iterator[Entry]:
    for name, sweep in samples.sweeps():
        hold = held_for_failures(sweep)
        if hold is not None:
            buttons = " ".join(button_texts(held_buttons(sweep)))
            yield Entry("Held sweeps", name, f"{hold_texts.held(sweep, hold, ENGINE)}\n{buttons}")
        if sweep.continued is not None:
            yield Entry("Held sweeps", name, hold_texts.continued(sweep, sweep.continued))
    yield Entry("Held sweeps", "a trial succeeds", hold_texts.continued(SWEEP, Continued("", samples.NOW)))
    yield Entry("Held sweeps", "nobody decides", hold_texts.unanswered(24.0))
    yield Entry("Held sweeps", "trials are taken back", hold_texts.held_over())


def _notes() -> Iterator[Entry]:
    made = {
        "an attempt ended": notes.attempt_ended(1, "Host EC2 (instance i-1) terminated."),
        "two engine jobs": notes.second_ended("5f2b…", "1c9d…", ENGINE),
        "an engine job after the end": notes.leftover_ended("5f2b…", ENGINE),
        "a job found again": notes.job_adopted(ENGINE),
        "a sweep found again": notes.sweep_adopted(ENGINE),
        "a message that Discord refuses": notes.refused_message("Posting a log: Message blocked (240000)"),
        "a job restored": notes.job_restored(),
        "a sweep restored": notes.sweep_restored(),
        "the sampler fails": notes.no_points("the process ended"),
        "a secret in the log": notes.redacted(["GitHub token", "private key"]),
        "the whole log": notes.log_file(12_345, partial=0, uri=URI),
        "the last part of a log": notes.log_file(12_345, partial=8 * 1024**2, uri=URI),
        "a log without its middle": notes.log_with_gap(
            1_000, 12_345, partial=8 * 1024**2, uri=URI, group="/aws/batch/job"
        ),
        "the disk is nearly full": notes.disk_nearly_full(),
        "no metrics.csv": notes.no_metrics_file(),
        "no metrics yet": notes.no_metrics("k7q2mx", live=True),
        "no metrics": notes.no_metrics("k7q2mx", live=False),
        "curves of a sweep's best": notes.curves_of_the_best(),
        "no plot": notes.not_drawn("the drawing process ended"),
        "metrics could not be read": notes.metrics_not_read(3),
        "detail of a lost job": notes.END_UNSEEN,
        "detail of a job that was never submitted": notes.STOPPED_UNSUBMITTED,
        "a digest of the log": digest(["epoch 9/10", "epoch 10/10"], 1_200),
        "trials ended": _report(3),
        "many trials ended": _report(LINES + 1),
    }
    for name, text in made.items():
        yield Entry("Notes in threads, and remarks", name, text)


def _report(count: int) -> Inert:
    sweep = dict(samples.sweeps())["running"]
    trials = [trial for name, trial in samples.trials() if trial.ended and name in list(TrialState)]
    ended = [replace(trials[number % len(trials)], number=number % 9, source="") for number in range(count)]
    return report(sweep, ended, PROJECT.metric)


def _posts() -> Iterator[Entry]:
    """What is special about the kinds of posts, and what their messages add."""
    for kind in PostKind:
        rule = RULES[kind]
        yield Entry("Kinds of posts", kind, f"lane {rule.lane}, goes to the {rule.target}")
    yield Entry("Kinds of posts", "beside a file that is gone", file_gone())
    yield Entry("Kinds of posts", "a result in another channel", phrase(ELSEWHERE, channel_id=7))


def _answers() -> Iterator[Entry]:
    again = replace(JOB, request=replace(JOB.request, retry_of="c5d6f7"))
    starting, retrying = "Starting k7q2mx: <link to the card>", "Retrying c5d6f7 as k7q2mx: <link to the card>"
    answers = {
        "train": confirmation.text(starting, JOB, PROJECT),
        "train without options": confirmation.text(starting, JOB, PROJECT, given=False),
        "retry": confirmation.text(retrying, again, PROJECT),
        "retry without options": confirmation.text(retrying, again, PROJECT, given=False),
        "sweep": confirmation.text("Starting b2c3d4: <link to the card>", SWEEP, PROJECT, [notes.single_point()]),
    }
    answers |= {name: confirmation.text(starting, job, PROJECT) for name, job in samples.offers()}
    for name, text in answers.items():
        yield Entry("Answers to whoever starts something", name, text)
    for name, answer in spot_answers():
        yield Entry("Answers about spot prices", name, spot_lines.text(answer))
    for name, text in watch_texts():
        yield Entry("Answers about spot prices", name, text)


def _audit() -> Iterator[Entry]:
    for name, entry in samples.audit_entries():
        yield Entry("Lines of the audit", name, audit_line(linked(entry, samples.STARTED, NO_ENTRY).fields))
    entries = [linked(entry, samples.STARTED, NO_ENTRY) for _, entry in samples.audit_entries()]
    message = next_message(entries)
    yield Entry("The audit's channel", "several entries in one message", message.text if message is not None else "")
    yield Entry("The audit's channel", "a message that Discord refuses", refused_entries(812, 820))


def _previews() -> Iterator[Entry]:
    tpe = replace(SWEEP.plan, search=Search.TPE, trials=50, folds=5, parallel=4, stop_losers=True)
    folds = replace(SWEEP, plan=tpe)
    previews = {
        "all is known": PROPOSAL,
        "nothing is known": replace(_unpriced(PROPOSAL), machines=None, seconds=None),
        "no earlier job": replace(PROPOSAL, seconds=None),
        "tpe": _remarked(replace(PROPOSAL, sweep=folds), notes.one_by_one(tpe), notes.stops_weak_trials()),
        "parallel": _remarked(PROPOSAL, notes.one_by_one(replace(SWEEP.plan, parallel=2))),
        "a pilot": _remarked(PROPOSAL, notes.pilot_first(8)),
        "one point": _remarked(PROPOSAL, notes.single_point()),
        "above the sum for approval": _remarked(PROPOSAL, notes.needs_approval(5)),
        "many trials": _remarked(PROPOSAL, notes.several_arrays(3, 10_000, ENGINE)),
    }
    buttons = " ".join(button_texts(preview_buttons(SWEEP.id)))
    for name, proposal in previews.items():
        yield Entry("Previews of sweeps", name, f"{embed_text(sweep_preview.embed(proposal, PROJECT))}\n{buttons}")
    shown = f"{sweep_preview.waiting(SWEEP)}\n{sweep_preview.choice(SWEEP)}"
    yield Entry("Lines of lists", "a sweep that waits to be confirmed", shown)


def _unpriced(proposal: Proposal) -> Proposal:
    return replace(proposal, sweep=replace(proposal.sweep, run=replace(proposal.sweep.run, quote=None)))


def _remarked(proposal: Proposal, *remarks: Inert) -> Proposal:
    return replace(proposal, remarks=remarks)


def _trials() -> Iterator[Entry]:
    sweep = dict(samples.sweeps())["running"]
    for name, trial in samples.trials():
        buttons = " ".join(button_texts(trial_buttons(sweep, trial)))
        text = f"{embed_text(trial_card.card(sweep, trial, PROJECT))}\n{buttons}"
        yield Entry("Cards of trials", name, text)
        yield Entry("Cards of trials", f"{name}, in a list", trial_card.choice(sweep, trial))
    sampled = replace(sweep, plan=replace(sweep.plan, search=Search.TPE))
    embed = trial_card.card(sampled, dict(samples.trials())["waiting"], PROJECT)
    yield Entry("Cards of trials", "no point yet", embed_text(embed))


def _lists() -> Iterator[Entry]:
    for name, job in samples.live_jobs():
        yield Entry("Lines of lists", name, f"{choose.summary(job, PROJECT)}\n{choose.choice(job)}")
    for name, sweep in samples.sweeps():
        yield Entry("Lines of lists", name, f"{choose.summary(sweep, PROJECT)}\n{choose.choice(sweep)}")


def _errors() -> Iterator[Entry]:
    errors: tuple[ServiceError, ...] = (
        Unavailable("SubmitJob timed out"),
        Throttled("SubmitJob: Too Many Requests"),
        CredentialsExpired("S3 GetObject: The provided token has expired"),
        Refused("SubmitJob: InvalidParameterValue"),
        Missing("the bucket does not exist"),
        Deleted("the message has arrived and was deleted"),
        Denied("AccessDenied: batch:SubmitJob"),
    )
    for error in errors:
        yield Entry("Errors of outside systems", type(error).__name__, explain(error))


def _buttons() -> Iterator[Entry]:
    for action, (label, _) in LABELS.items():
        yield Entry("Buttons", action, label)
    yield Entry("Buttons", "after a question", " ".join(button_texts(confirm_buttons(JOB.id))))
