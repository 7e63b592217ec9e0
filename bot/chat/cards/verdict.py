"""How a job or a sweep ended: the first line of its result, the headline of its card, and what to do about it."""

from bot.chat.cards import money_lines, sweep_verdict
from bot.chat.cards.card_lines import by_request, headline, with_detail
from bot.chat.cards.remedies import remedy_lines
from bot.chat.cards.units import at_epoch, duration, grouped, number
from bot.chat.limits import CONTENT_CHARACTERS
from bot.domain.inert import EMPTY, Inert, cut_blocks, escape, listed, phrase, stacked
from bot.domain.model.execution import Execution
from bot.domain.model.job import Job
from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason
from bot.domain.model.sweep import Sweep
from bot.domain.project import Project
from bot.domain.remedy import RemedyKind
from bot.domain.texts.command_names import command, commands
from bot.domain.texts.endings import ENDINGS
from bot.domain.texts.engine import engine_title
from bot.domain.texts.state_words import state_text
from bot.domain.texts.waits import WAITS

DETAIL = 300


def content(job: Posted, project: Project | None, body: Inert) -> Inert:
    """The whole result: the verdict, who asked, `body`, and what to do."""
    first = phrase("{verdict} <@{asker_id}>", verdict=verdict(job, project), asker_id=job.request.asker_id)
    notes = sweep_verdict.notes(job, project) if isinstance(job, Sweep) else [money_lines.result(job, project)]
    head, advice = stacked(first, *notes), stacked(_remedy(job), _advice(job))
    room = CONTENT_CHARACTERS - len(head) - len(advice) - 2
    return stacked(head, cut_blocks(body, room), advice)


def short(job: Posted, body: Inert) -> Inert:
    """The result in words of the bot's own alone, if Discord refuses the whole one."""
    name, state = escape(job.id, 40), escape(state_text(job.execution), 40)
    first = phrase("{name} {state} <@{asker_id}>", name=name, state=state, asker_id=job.request.asker_id)
    return stacked(first, body, phrase("{status} shows the rest.", status=command("status", f"job:{job.id}")))


def verdict(job: Posted, project: Project | None) -> Inert:
    """One line: `k7q2mx succeeded: val_accuracy 96.7 at epoch 6 of 10, 4 min 31 s`."""
    return phrase("{name} {sentence}", name=escape(job.id, 40), sentence=_sentence(job, project))


def card_headline(job: Posted, project: Project | None) -> Inert:
    """`**Failed: exit code 1 after 12 s**`, without metric and cost, which have lines of their own on the card."""
    if isinstance(job, Sweep):
        return headline(sweep_verdict.card(job, project, ran_seconds(job)))
    return headline(_filled(job, project, card=True))


def ran_seconds(job: Posted) -> float:
    """How long it had a machine, over all attempts; if it never had one, since the command. 0 while it is not known."""
    execution, created_at = job.execution, job.request.created_at
    if isinstance(execution, Execution) and (seconds := execution.machine_seconds):
        return seconds
    return max(0.0, (execution.ended_at or created_at) - (execution.started_at or created_at))


def _sentence(job: Posted, project: Project | None) -> Inert:
    if isinstance(job, Sweep):
        return sweep_verdict.sentence(job, project, ran_seconds(job))
    if _reason(job) is EndReason.SUCCEEDED and (best := _best(job, project)):
        text = phrase("succeeded: {best}, {took}", best=best, took=duration(ran_seconds(job)))
        return with_detail(text, job.execution.detail, DETAIL)
    return _filled(job, project, card=False)


def _filled(job: Job, project: Project | None, *, card: bool) -> Inert:
    ending, execution = ENDINGS[_reason(job)], job.execution
    times, exit_code = len(execution.attempts), execution.exit_code
    no_code = phrase("it ended without an exit code")
    text = phrase(
        ending.card if card else ending.sentence,
        how=no_code if exit_code is None else phrase("exit code {code}", code=exit_code),
        took=duration(ran_seconds(job)),
        by=by_request(execution.stop),
        limit=duration(job.run.timeout_seconds),
        times=phrase(" {times} times", times=times) if times > 1 else EMPTY,
        engine=engine_title(project),
    )
    return with_detail(text, execution.detail, DETAIL)


def _remedy(job: Posted) -> Inert:
    return EMPTY if isinstance(job, Sweep) else remedy_lines.result(job)


def _advice(job: Posted) -> Inert:
    if isinstance(job, Sweep):
        return sweep_verdict.advice(job)
    if job.offer is not None and job.offer.kind is RemedyKind.ON_DEMAND:
        return EMPTY  # the advice is to ask an admin for what is offered
    advice, wait = phrase(ENDINGS[_reason(job)].advice, **commands()), job.execution.wait
    if _reason(job) is not EndReason.NEVER_STARTED or wait is None:
        return advice
    return listed(advice, phrase(WAITS[wait].advice, **commands()), separator=" ")


def _best(job: Job, project: Project | None) -> Inert:
    """`val_accuracy 96.7 at epoch 6 of 10`; empty if it is not known."""
    progress = job.progress
    if project is None or progress.best is None:
        return EMPTY
    best = phrase("{metric} {value}", metric=escape(project.metric, 40), value=number(progress.best))
    if progress.best_epoch is None:
        return best
    of = phrase(" of {epochs}", epochs=grouped(progress.epochs)) if progress.epochs is not None else EMPTY
    return listed(best, at_epoch(progress.unit, progress.best_epoch), of, separator="")


def _reason(job: Posted) -> EndReason:
    return job.execution.reason or EndReason.LOST
