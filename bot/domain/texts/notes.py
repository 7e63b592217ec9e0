"""Sentences that the services write: notes in a thread, and lines about pictures, log files and previews."""

from collections.abc import Sequence

from bot.domain.inert import Inert, code, escape, joined, phrase
from bot.domain.model.plan import Plan, Search
from bot.domain.numbers import dollars
from bot.domain.texts.command_names import command

ERROR = 300
"""Characters of an error in a sentence."""
REASON = 200
"""Characters of the engine's reason for the end of an attempt."""

REFUSED = phrase("(Discord refused the message that belongs here")

# Details of an end, which follow its verdict. They are stored as plain text and made inert where they are shown.
END_UNSEEN = "How it ended is unknown."
STOPPED_UNSUBMITTED = "Stopped before it was submitted."


# ---- in the thread ---------------------------------------------------------------------------------------
def attempt_ended(number: int, reason: str) -> Inert:
    """`reason` is the engine's."""
    why = escape(reason.rstrip(".") or "host lost", REASON)
    return phrase("Attempt {number} ended ({why}). The job continues with another attempt.", number=number, why=why)


def second_ended(second: str, first: str, engine: Inert) -> Inert:
    """The ids are the engine's."""
    return phrase(
        "This command had two jobs in {engine}. {second} is being ended; {first} continues.",
        engine=engine,
        second=code(second),
        first=code(first),
    )


def leftover_ended(engine_id: str, engine: Inert) -> Inert:
    return phrase(
        "This job has ended, but {engine} was still running {engine_id} for it. That is being ended.",
        engine=engine,
        engine_id=code(engine_id),
    )


def job_adopted(engine: Inert) -> Inert:
    return phrase(
        "The bot lost its record of this job and found the job again in {engine}. Earlier output may be missing here; "
        "the whole log is attached at the end.",
        engine=engine,
    )


def sweep_adopted(engine: Inert) -> Inert:
    return phrase("The bot lost its record of this sweep and found the sweep again in {engine}.", engine=engine)


def job_restored() -> Inert:
    return phrase(
        "The bot's record of this job was restored from a snapshot. Output since then may be missing here; the whole "
        "log is attached at the end."
    )


def sweep_restored() -> Inert:
    return phrase(
        "The bot's record of this sweep was restored from a snapshot. What its trials did since then is read again "
        "from the engine."
    )


def refused_message(why: str) -> Inert:
    """In place of a message that Discord refuses. `why` is Discord's reason."""
    return phrase("{begin}: {why})", begin=REFUSED, why=escape(why.rstrip("."), ERROR))


def no_points(error: str) -> Inert:
    return phrase(
        "The sampler cannot choose the next points ({error}). The bot keeps trying; {stop} ends the sweep.",
        error=escape(error, ERROR),
        stop=command("stop"),
    )


def redacted(kinds: Sequence[str]) -> Inert:
    """`kinds` are the bot's own words for what was replaced in the log."""
    return phrase(
        "This log held a secret ({kinds}). It is replaced here and in the stored log, but whoever can read the job's "
        "log at the engine or its machine may have seen it: rotate it, and stop the code from printing it.",
        kinds=joined([escape(kind, 40) for kind in kinds], ", ", 300),
    )


def disk_nearly_full() -> Inert:
    return phrase(
        "The bot's disk is nearly full, so it has stopped storing logs. Nothing is lost: the lines wait in the log "
        "service and follow here once there is room. Ask an admin to make some."
    )


# ---- beside the log --------------------------------------------------------------------------------------
def lines_left_out(count: int, *, whole: bool = True) -> Inert:
    """Above the last lines of a log that its thread cannot keep up with. `whole` unless the store dropped lines."""
    left_out = phrase("1 line") if count == 1 else phrase("{count:,} lines", count=count)
    if not whole:
        return phrase("… {left_out} left out here: this log is too long for the bot to keep whole", left_out=left_out)
    return phrase("… {left_out} left out here; the whole log is attached at the end", left_out=left_out)


def log_file(lines: int, *, partial: int, uri: str) -> Inert:
    """`partial` is the size in bytes of the attached last part, 0 if the file is the whole log."""
    counted = phrase("1 line") if lines == 1 else phrase("{lines:,} lines", lines=lines)
    if not partial:
        return phrase("The whole log, {counted}.", counted=counted)
    return phrase(
        "The last {size:.0f} MiB of the log. The whole log ({counted}) is too large for Discord: it is in {uri}, and "
        "{artifacts} has a link.",
        size=partial / 1024**2,
        counted=counted,
        uri=code(uri, 300),
        artifacts=command("artifacts"),
    )


def log_with_gap(kept: int, dropped: int, *, partial: int, uri: str, group: str) -> Inert:
    """A log that is stored without its middle. `partial` is the size of the attached last part, 0 if the file is all
    that is stored; `group` is the log group that has the whole."""
    return phrase(
        "This log has {total:,} lines, more than the bot keeps. Its beginning and end, {kept:,} lines, are {where}. "
        "The {dropped:,} lines between them are only in the log group {group}, until that drops them.",
        total=kept + dropped,
        kept=kept,
        dropped=dropped,
        where=phrase("in {uri}, the last part also here", uri=code(uri, 300)) if partial else phrase("in this file"),
        group=code(group, 200),
    )


# ---- beside a picture ------------------------------------------------------------------------------------
def no_metrics_file() -> Inert:
    """Name what the entrypoint looks for (`trainer/metrics/discovery.py`), and the shortest way to have metrics."""
    return phrase(
        "It left no metrics, so there is no plot. I looked below its folders for CSV files, JSON lines, "
        "`trainer_state.json` and the files of TensorBoard, MLflow and W&B, and in its output for lines with "
        "`@metrics` or such as `epoch=3 loss=0.2`. To have some, print such a line after each epoch."
    )


def no_metrics(name: str, *, live: bool) -> Inert:
    """`name` is a job's or a trial's."""
    if live:
        return phrase("{name} has no metrics yet.", name=escape(name, 40))
    return phrase("{name} has ended without metrics.", name=escape(name, 40))


def curves_of_the_best() -> Inert:
    return phrase("Curves of the best trials:")


def metrics_not_read(times: int) -> Inert:
    return phrase(
        "Its metrics could not be read in {times} tries, so there is no plot, and the values are those of its log.",
        times=times,
    )


def not_drawn(error: str) -> Inert:
    return phrase("The plot could not be drawn: {error}", error=escape(error, ERROR))


# ---- in the preview of a sweep ---------------------------------------------------------------------------
def needs_approval(above: float) -> Inert:
    sum_ = escape(dollars(above), 20)
    return phrase("It may cost more than {sum}, so after Confirm it waits until somebody else approves it.", sum=sum_)


def single_point() -> Inert:
    return phrase("There is only one point: it runs as a single trial.")


def one_by_one(plan: Plan) -> Inert:
    if plan.search is Search.TPE:
        return phrase(
            "`tpe` learns from each result, so at most {parallel:,} trials run at a time.", parallel=plan.parallel
        )
    return phrase("At most {parallel:,} trials run at a time, because of `parallel`.", parallel=plan.parallel)


def pilot_first(others: int) -> Inert:
    return phrase(
        "A pilot trial runs first; {others:,} wait for its first metric. If it fails, they don't start.", others=others
    )


def several_arrays(arrays: int, most: int, engine: Inert) -> Inert:
    """`most` is how many trials one array may have."""
    return phrase(
        "{engine} takes at most {most:,} trials in one array, so there are {arrays:,} arrays.",
        engine=engine,
        most=most,
        arrays=arrays,
    )


def stops_weak_trials() -> Inert:
    return phrase(
        "Trials that look hopeless are stopped early. They must report `epoch`, and `epochs` unless it is a parameter."
    )
