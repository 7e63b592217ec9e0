"""What may mend a failed job: on its result and its button, and on the card of the job that was retried so."""

from bot.chat.cards.units import CENT, duration, number, plural, usd
from bot.domain.inert import EMPTY, Inert, code, escape, phrase, plain_line, stacked
from bot.domain.jobs.remedies import GIB, out_of_gpu_memory
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.domain.remedy import Obstacle, Offer, Remedied, RemedyKind

LABEL = 80
"""Characters of a button's label: https://docs.discord.com/developers/components/reference#button"""
WHY = 400
GPU_ADVICE = (
    "A GPU's memory ran out, not the machine's: more memory for the job would not help. Use a smaller batch size, "
    "a smaller model or mixed precision, or ask an admin for a machine with a larger GPU."
)


def shows_button(offer: Offer | None) -> bool:
    """Retrying unchanged from the beginning is what plain Retry does."""
    return offer is not None and offer.open and (offer.kind is not RemedyKind.AGAIN or offer.resume_from is not None)


def label(offer: Offer) -> str:
    """`Retry with 18 GiB, at most $0.61`."""
    most = phrase("at most {most}", most=usd(max(CENT, offer.usd_most))) if offer.usd_most else EMPTY
    return plain_line(", ".join(filter(None, (_does(offer), most))), LABEL)


def result(job: Job) -> Inert:
    """Below the result of a failed job; empty if there is nothing to say."""
    if job.execution.reason is EndReason.COMMAND_FAILED and out_of_gpu_memory(job.execution.detail):
        return phrase(GPU_ADVICE)
    offer = job.offer
    if offer is None:
        return EMPTY
    if offer.obstacle is not None:
        return _not_offered(offer)
    if offer.retried_as:
        return retried(offer)
    why = phrase("I didn't retry it by myself: {why}", why=escape(offer.not_by_bot, WHY)) if offer.not_by_bot else EMPTY
    return stacked(why, _offered(offer) if shows_button(offer) else EMPTY)


def retried(offer: Offer) -> Inert:
    """`Retried with 18 GiB as qpwm3x.`"""
    job_id = code(offer.retried_as, 40)
    if offer.kind is RemedyKind.AGAIN:
        how = phrase("from its checkpoint, on another machine") if offer.resume_from else phrase("on another machine")
        return phrase("Retried {how}, as {job_id}.", how=how, job_id=job_id)
    resumed = phrase(", from its checkpoint") if offer.resume_from else EMPTY
    if offer.kind is RemedyKind.ON_DEMAND:
        on = code(offer.machine, 40)
        return phrase("Retried on {on} (on demand) as {job_id}{resumed}.", on=on, job_id=job_id, resumed=resumed)
    return phrase("Retried with {after} as {job_id}{resumed}.", after=_after(offer), job_id=job_id, resumed=resumed)


def changed(job: Job) -> Inert:
    """On the card of the retry: `Memory: 12 → 18 GiB after out of memory in k7q2mx`."""
    remedied = job.run.remedied
    if remedied is None:
        return EMPTY
    origin, of = job.run.resume_from, code(remedied.of, 40)
    resumes = phrase("; from the checkpoint of {job}", job=code(origin.job, 40)) if origin is not None else EMPTY
    if remedied.kind is RemedyKind.AGAIN:
        return phrase("Again after {of} lost its machine{resumes}", of=of, resumes=resumes)
    if remedied.kind is RemedyKind.ON_DEMAND:
        return _moved(remedied, resumes) if job.run.machine == remedied.machine else EMPTY
    if remedied.kind is RemedyKind.TIME:
        before, after = duration(remedied.before), duration(remedied.after)
        return phrase(
            "Time limit: {before} → {after} after {of} reached it{resumes}",
            before=before,
            after=after,
            of=of,
            resumes=resumes,
        )
    return phrase(
        "Memory: {before} → {after} after out of memory in {of}{resumes}",
        before=_in_gib(remedied.before) if remedied.before >= GIB else gib(remedied.before),
        after=gib(remedied.after),
        of=of,
        resumes=resumes,
    )


def gib(mib: int) -> Inert:
    """`18 GiB`, `11.7 GiB`, `512 MiB`."""
    if mib < GIB:
        return phrase("{mib} MiB", mib=mib)
    return phrase("{gib} GiB", gib=_in_gib(mib))


def _does(offer: Offer) -> str:
    """A label has no markup, so nothing is escaped."""
    if offer.kind is RemedyKind.AGAIN:
        return "Resume it"
    if offer.kind is RemedyKind.ON_DEMAND:
        return f"Retry on {offer.machine} (on demand)"
    return f"Retry with {_after(offer)}"


def _moved(remedied: Remedied, resumes: Inert) -> Inert:
    """`Runs on steady after 2 reclaims, the last of k7q2mx`: those before it may have lost machines, too."""
    count, of = plural(remedied.reclaims, "reclaim"), code(remedied.of, 40)
    whose = phrase(" of {of}", of=of) if remedied.reclaims == 1 else phrase(", the last of {of}", of=of)
    on = code(remedied.machine, 40)
    return phrase("Runs on {on} after {count}{whose}{resumes}", on=on, count=count, whose=whose, resumes=resumes)


def _in_gib(mib: int) -> Inert:
    return number(round(mib / GIB, 1))


def _after(offer: Offer) -> Inert:
    return gib(offer.after) if offer.kind is RemedyKind.MEMORY else duration(offer.after)


def _offered(offer: Offer) -> Inert:
    over = phrase("starts over: it left no checkpoint")
    goes_on = phrase("goes on from its checkpoint") if offer.resume_from else over
    if offer.kind is RemedyKind.AGAIN:
        return phrase("The first button runs it on another machine and goes on from its checkpoint; Retry starts over.")
    if offer.kind is RemedyKind.ON_DEMAND:
        return phrase(
            "{count} lost so far. The first button runs it on {on}, on demand, and {goes_on}.",
            count=plural(offer.reclaims, "machine"),
            on=code(offer.machine, 40),
            goes_on=goes_on,
        )
    if offer.kind is RemedyKind.TIME:
        return phrase("The first button allows {after}, and {goes_on}.", after=duration(offer.after), goes_on=goes_on)
    return phrase(
        "It had {before}. The first button asks for {after}, and {goes_on}.",
        before=gib(offer.before),
        after=gib(offer.after),
        goes_on=goes_on,
    )


def _not_offered(offer: Offer) -> Inert:
    if offer.obstacle is Obstacle.MACHINES_TOO_SMALL:
        return phrase(
            "It had {before}. Half as much more is {after}, and the largest machine of the queue has {most} for a job.",
            before=gib(offer.before),
            after=gib(offer.after),
            most=gib(offer.most),
        )
    if offer.obstacle is Obstacle.MACHINES_UNKNOWN:
        return phrase("I don't know how much memory the queue's machines have, so I offer no retry with more of it.")
    return phrase(
        "The project allows {most} at most ({setting}), so I offer no retry with more time.",
        most=duration(offer.most),
        setting=code("longest_timeout_minutes"),
    )
