"""Watch the trials of sweeps, and sweeps that get no machine: like single jobs, with one message for many trials.

The counts of trials are in memory: a restart begins them anew. Warnings and their grace are stored with the sweep. Logs
are read of as many trials as `stream_metrics` follows; of the others only the time limit is watched.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bot.domain.guard.counters import Counters
from bot.domain.guard.limits import GuardLimits
from bot.domain.guard.losses import Losses
from bot.domain.guard.signs import Condition, Found, Signs, Stage, wrong
from bot.domain.guard.watch import WHOLE, Pass, Turn, Warned, turn
from bot.domain.model.execution import Stop
from bot.domain.model.states import JobState
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.posts import Change
from bot.domain.texts import guard_texts
from bot.ports.artifacts import Artifacts
from bot.ports.store import Step
from bot.services.guard import guard_posts
from bot.services.guard.following import Followed, SteppedClock
from bot.services.guard.watch_jobs import SAVE_GRACE_SECONDS
from bot.services.running.core import Core
from bot.services.running.for_each import for_each
from bot.services.running.life_signs import StreamSigns
from bot.services.running.pending import live
from bot.services.sweeps.trial_book import TrialBook

HOLD_SECONDS = 300.0
"""Between two warnings of one kind in a sweep: trials that fall silent one after the other share a message."""
LISTED = 50
"""Trials whose files are listed in one pass. The others have their turn in the next ones."""


@dataclass(slots=True)
class _Pass:
    """What one pass over a sweep found."""

    holding: dict[Condition, dict[int, Found]] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    live: set[int] = field(default_factory=set)
    listings: int = LISTED

    def note(self, number: int, found: Sequence[Found]) -> None:
        for each in found:
            self.holding.setdefault(each.condition, {})[number] = each


class WatchSweeps:
    """Takes up live sweeps that nobody has stopped."""

    def __init__(self, core: Core, artifacts: Artifacts, trials: TrialBook) -> None:
        self._store, self._projects, self._now = core.store, core.projects, core.now
        self._signs, self._artifacts, self._trials = core.signs, artifacts, trials
        self._followed: dict[tuple[str, int], Followed] = {}
        self._unsaved: dict[str, float] = {}
        """By sweep: how much of a grace has passed that is not stored."""
        self._graces: dict[str, SteppedClock] = {}

    async def once(self) -> set[str]:
        """Look at each of them once. Returns the log streams that matter."""
        streams: set[str] = set()
        followed: set[tuple[str, int]] = set()

        async def watch(sweep: Sweep) -> None:
            if sweep.execution.stop is not None:
                if sweep.watch.warned:
                    await self._store.change(sweep.id, _withdrawn)
                return
            trials = _on_machines((await self._trials.all(sweep.id)).values())
            streams.update(trial.streams[-1] for trial in trials if trial.streams)
            followed.update((sweep.id, number) for number in (WHOLE, *(trial.number for trial in trials)))
            if sweep.execution.unanswered_since is None:
                await self._watch(sweep, trials)

        await for_each(live(await self._store.unfinished_sweeps()), watch)
        self._followed = {key: each for key, each in self._followed.items() if key in followed}
        self._graces = {key: each for key, each in self._graces.items() if (key, WHOLE) in followed}
        return streams

    async def _watch(self, sweep: Sweep, trials: Sequence[Trial]) -> None:
        now, limits = self._now(), self._projects[sweep.run.project].guard
        running = [trial for trial in trials if trial.state is JobState.RUNNING]
        found = _Pass(live={trial.number for trial in trials} | {WHOLE})
        await self._whole(sweep, running, found, limits, now)
        for trial in running:
            await self._trial(sweep, trial, found, limits, now)
        for trial in trials if running else ():  # while none runs, the sweep as one is watched
            if trial.state is JobState.STARTING:
                self._starting(sweep, trial, found, limits, now)
        unsaved = self._unsaved.get(sweep.id, 0.0) + self._of_grace(sweep, found, now)
        self._unsaved[sweep.id] = unsaved
        overdue = found.holding.pop(Condition.OVERTIME, {})
        never_started = overdue.pop(WHOLE, None)
        look = Pass(now, unsaved, limits.grace_seconds, hold=HOLD_SECONDS)
        happens = _turn(sweep, found, look)
        await self._end(sweep, happens.due, overdue, look)
        if never_started is not None or unsaved >= SAVE_GRACE_SECONDS or _is_news(happens, sweep):
            await self._store.change(sweep.id, _step(found, look, never_started))
            guard_posts.count(sweep, happens)
            self._unsaved[sweep.id] = 0.0

    def _of_grace(self, sweep: Sweep, found: _Pass, now: float) -> float:
        """How much of a grace has passed since the log of any trial that stands in a warning was read before: only
        then does it go on."""
        warned = sweep.watch.warned
        if warned and not any(number in found.seen for each in warned for number in each.trials):
            return 0.0
        seconds = self._graces.setdefault(sweep.id, SteppedClock()).step(now)
        return seconds if warned else 0.0

    async def _whole(
        self, sweep: Sweep, running: Sequence[Trial], found: _Pass, limits: GuardLimits, now: float
    ) -> None:
        """The sweep as one: it may get no machine at all."""
        followed = self._followed.setdefault((sweep.id, WHOLE), Followed())
        stage = Stage.RUNNING if running else _stage(await self._store.submissions(sweep.id))
        followed.staged(f"{stage}:{sweep.tally.ended}", now)
        found.seen.add(WHOLE)
        if stage in (Stage.WAITING, Stage.STARTING):
            signs = Signs(stage, followed.counters.stage_seconds, timeout_seconds=sweep.run.timeout_seconds)
            found.note(WHOLE, list(wrong(signs, limits)))

    def _starting(self, sweep: Sweep, trial: Trial, found: _Pass, limits: GuardLimits, now: float) -> None:
        """It has a machine, which is billed, and its container may never start."""
        followed = self._followed.setdefault((sweep.id, trial.number), Followed())
        followed.staged(f"{JobState.STARTING}:{trial.engine_id}:{len(trial.streams)}", now)
        found.seen.add(trial.number)
        seconds = followed.counters.stage_seconds
        signs = Signs(Stage.STARTING, seconds, timeout_seconds=sweep.run.timeout_seconds)
        found.note(trial.number, list(wrong(signs, limits)))

    async def _trial(self, sweep: Sweep, trial: Trial, found: _Pass, limits: GuardLimits, now: float) -> None:
        name = trial.streams[-1] if trial.streams else ""
        scope = name or str(trial.engine_id)
        key = sweep.id, trial.number
        followed = self._followed.setdefault(key, Followed(_counted(sweep, trial, scope)))
        followed.staged(scope, now)
        stream = self._signs.of(name)
        known = followed.listened(stream, now) is not None
        if known and followed.to_list(limits.silent_seconds):
            if not found.listings:
                return
            found.listings -= 1
            files = await self._artifacts.list(await self._trials.prefix(sweep, trial))
            followed.listed(files, limits.silent_seconds, warned=sweep.watch.warns(trial.number))
        if known:
            found.seen.add(trial.number)
        losses, gpu = (stream.losses, stream.gpu) if stream is not None else (Losses(), None)
        ran, quiet = _ran(trial, followed.counters, stream), followed.counters.quiet_seconds
        signs = Signs(Stage.RUNNING, ran, quiet, sweep.run.timeout_seconds, losses, gpu)
        found.note(trial.number, list(wrong(signs, limits)))

    async def _end(self, sweep: Sweep, due: Sequence[Warned], overdue: Mapping[int, Found], look: Pass) -> None:
        """Have `prune` end them. Committed before the warnings go: a kill in between ends them all the same."""
        grace = round(look.grace / 60)
        why = {number: guard_texts.why_stopped(each, grace) for each in due for number in each.trials}
        why |= {number: guard_texts.overtime_why(found.seconds) for number, found in overdue.items()}
        why.pop(WHOLE, None)
        if why:
            await self._trials.update(sweep, {number: partial(_stopped, why=each) for number, each in why.items()})


def _step(found: _Pass, look: Pass, never_started: Found | None) -> Step[Sweep]:
    """`never_started`: none of its trials has, for longer than one may run."""

    def step(sweep: Sweep) -> Change | None:
        if not sweep.execution.live or sweep.execution.stop is not None:
            return None
        happens = _turn(sweep, found, look)
        changed = replace(sweep, watch=happens.watch)
        whole = next((each for each in happens.due if each.of_whole), None)
        why = guard_texts.why_stopped(whole, round(look.grace / 60)) if whole is not None else ""
        if never_started is not None:
            why = guard_texts.overtime_why(never_started.seconds)
        if why:
            stop = Stop(guard_texts.GUARD, look.now, why=why)
            changed = replace(changed, watch=happens.watch.withdrawn(), execution=sweep.execution.stop_requested(stop))
        return Change(changed, guard_posts.posts_of(sweep, happens))

    return step


def _turn(sweep: Sweep, found: _Pass, look: Pass) -> Turn:
    return turn(sweep.watch, found.holding, found.seen, found.live, look)


def _is_news(happens: Turn, sweep: Sweep) -> bool:
    said = happens.begun or happens.over or happens.due
    return bool(said) or len(happens.watch.warned) != len(sweep.watch.warned)


def _on_machines(trials: Collection[Trial]) -> list[Trial]:
    """Those on a machine that nobody has ended."""
    return [t for t in trials if t.state.on_a_machine and t.stop_by is None and t.pruned_at is None]


def _stage(submissions: Sequence[Submission]) -> Stage | None:
    """Of a sweep none of whose trials runs."""
    states = list(_states(submissions))
    if any(state is JobState.STARTING for state in states):
        return Stage.STARTING
    return Stage.WAITING if any(state.waiting for state in states) else None


def _states(submissions: Sequence[Submission]) -> Iterator[JobState]:
    for submission in submissions:
        execution = submission.execution
        if not execution.live or execution.unanswered_since is not None:
            continue
        if submission.children:
            yield from (state for state, count in submission.children.items() if count)
        else:
            yield execution.state


def _counted(sweep: Sweep, trial: Trial, scope: str) -> Counters:
    """Where to begin: after a restart, a trial that was silent is so until it prints something after that."""
    for each in sweep.watch.warned:
        if each.condition is Condition.SILENT and trial.number in each.trials:
            since = each.at - each.seconds / 2  # the log's clock and the bot's may differ by as much
            return Counters(scope, 0.0, each.seconds + each.waited, int(since * 1_000))
    return Counters()


def _ran(trial: Trial, counters: Counters, stream: StreamSigns | None) -> float:
    """How long its attempt has run: by the log's times, too, which are the engine's, while it is the first one."""
    if stream is None or trial.started_at is None or len(trial.streams) > 1:
        return counters.stage_seconds
    return max(counters.stage_seconds, stream.newest / 1_000 - trial.started_at)


def _stopped(trial: Trial, why: str) -> Trial:
    """Unless it has ended, or somebody was first."""
    if trial.ended or trial.stop_by is not None:
        return trial
    return replace(trial, stop_by=guard_texts.GUARD, stop_why=why)


def _withdrawn(sweep: Sweep) -> Change | None:
    return Change(replace(sweep, watch=sweep.watch.withdrawn())) if sweep.watch.warned else None
