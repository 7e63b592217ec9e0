"""How a job ended, and what to do about it: one row for each reason."""

from dataclasses import dataclass

from bot.domain.model.states import EndReason
from bot.domain.model.trial import TrialState


@dataclass(frozen=True, slots=True)
class Ending:
    """Templates for `phrase`.

    `sentence` and `card` may use {how}, {took}, {limit}, {by}, {times} and {engine}; `short` may use {engine}.
    """

    sentence: str
    """Follows the job's id: `k7q2mx was stopped after 12 s`."""
    card: str
    """The headline of the card: `Stopped after 12 s`."""
    short: str
    """For one trial among many, where there is room for a few words."""
    advice: str
    """What to do about it; empty if there is nothing to do. May use {train} and the other `commands`."""


def _ending(sentence: str, short: str, advice: str, *, card: str = "") -> Ending:
    return Ending(sentence, card or sentence, short, advice)


ENDINGS: dict[EndReason, Ending] = {
    EndReason.SUCCEEDED: _ending("succeeded in {took}", "no metrics to compare", ""),
    EndReason.COMMAND_FAILED: _ending(
        "failed: {how} after {took}",
        "the command failed",
        "The thread has the whole log. Push a fix and use {train} again; Retry runs the same commit.",
    ),
    EndReason.SETUP_FAILED: _ending(
        "failed before training started, after {took}",
        "setup failed",
        "The code, the requirements, the bucket or the machine's disk is the problem: the log says which.",
    ),
    EndReason.RESULTS_NOT_STORED: _ending(
        "trained to its end in {took}, but not all of its results are stored",
        "its results are not stored",
        "What is missing is lost with the machine; {artifacts} has the rest. Ask an admin to run `signalbox doctor`, "
        "which checks the bucket, then Retry.",
    ),
    EndReason.SUPERSEDED: _ending(
        "ended after {took}: another run of it has taken over",
        "another run has taken over",
        "Only one run of a job may store its results. The log in the thread names the other one.",
    ),
    EndReason.TRAINER_FAILED: _ending(
        "failed by an error in Signalbox's trainer, after {took}",
        "an error in Signalbox's trainer",
        "Everything it saved is in {artifacts}. The traceback is in the thread; please report it. Retry may help.",
    ),
    EndReason.STOPPED: _ending(
        "was stopped{by} after {took}",
        "stopped",
        "Everything it saved is in {artifacts}. Retry starts from the beginning.",
        card="stopped{by} after {took}",
    ),
    EndReason.TIMED_OUT: _ending(
        "failed: it reached its time limit of {limit}",
        "reached the time limit",
        "Everything it saved is in {artifacts}. Train for fewer epochs, or ask an admin to raise the project's "
        "`timeout_minutes`.",
    ),
    EndReason.HOST_LOST: _ending(
        "failed: it lost its machine{times}, after {took} in total",
        "lost its machine",
        "The machine was taken away at every attempt. Retry later, or ask an admin to move the queue to on-demand "
        "machines.",
    ),
    EndReason.OUT_OF_MEMORY: _ending(
        "failed: it ran out of memory after {took}",
        "ran out of memory",
        "Use a smaller batch size, or ask an admin to give the job definition more memory.",
    ),
    EndReason.IMAGE_NOT_PULLED: _ending(
        "failed: its image could not be pulled",
        "the image could not be pulled",
        "Ask an admin to check the image in the job definition, and that the machines may pull it.",
    ),
    EndReason.NOT_STARTED: _ending(
        "failed: its container did not start",
        "the container did not start",
        "Retry may help. If it does not, ask an admin to check the job definition.",
    ),
    EndReason.NEVER_STARTED: _ending(
        "never started: it got no machine, after {took} of waiting",
        "got no machine",
        "Nothing ran, and nothing was spent. The queue ends a wait that takes too long. Retry waits again.",
    ),
    EndReason.NOT_SUBMITTED: _ending(
        "failed: {engine} refused it",
        "{engine} refused it",
        "Nothing was started. Ask an admin to run `signalbox doctor`, then Retry.",
    ),
    EndReason.NOT_APPROVED: _ending(
        "was not approved",
        "not approved",
        "Nothing was started, and nothing was spent. Started again, it needs approval again.",
        card="not approved",
    ),
    EndReason.NOT_STARTED_IN_TIME: _ending(
        "was not started in time",
        "not started in time",
        "Nothing was started, and nothing was spent. Retry starts it at once, whatever the price; {train} with a "
        "higher `start_below` waits again, and {spot} shows how the price has moved.",
        card="not started in time",
    ),
    EndReason.OVER_CAP: _ending(
        "was not started: there is no room under a cap any more",
        "no room under a cap",
        "Nothing was started, and nothing was spent. Retry asks again.",
        card="not started: no room under a cap",
    ),
    EndReason.NOT_CONTINUED: _ending(
        "was held because its trials failed alike, and nobody continued it",
        "held, and not continued",
        "The other trials were never started. Push a fix and use {sweep} again, or Retry failed runs the rest.",
        card="held, and not continued in time",
    ),
    EndReason.LOST: _ending(
        "is lost: {engine} no longer knows it",
        "{engine} no longer knows it",
        "Nobody saw how it ended. Everything it saved is in {artifacts}; Retry runs it again.",
        card="lost: {engine} no longer knows it",
    ),
}

TRIAL_ENDINGS: dict[TrialState, str] = {
    TrialState.SUCCEEDED: "succeeded in {took}",
    TrialState.MISSING: "ended after {took} without metrics",
    TrialState.PRUNED: "stopped early after {took}: it looked hopeless",
    TrialState.STOPPED: "stopped{by} after {took}",
    TrialState.FAILED: "failed after {took}: {why}",
}
"""The headline of an ended trial's card; templates for `phrase`."""
