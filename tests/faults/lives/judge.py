"""An independent judge: it knows what the machines did, what people said and what the config allows, and no service."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator

from bot.adapters.sqlite import job_rows
from bot.domain.guard.signs import Condition
from bot.domain.model.job import Job
from bot.domain.model.rows import Row
from bot.domain.model.states import EndReason
from bot.services.jobs.submit_call import BOT_TAG
from tests.bot.adapters.sqlite.ledger import balance
from tests.faults.lives.allowed import Allowed
from tests.faults.lives.batch import Attempt, SimBatch, Truth
from tests.faults.lives.fates import Wrong
from tests.faults.lives.rules import PRICES, USD_PER_HOUR, Rules
from tests.faults.lives.strangers import OTHER_BOT
from tests.faults.lives.verdict import Asked, Verdict
from tests.faults.lives.wired import BOT_NAME, InlineStore
from tests.support.clock import Clock
from tests.support.fakes import FakeChat

ORPHAN_SECONDS = 600.0
CENT = 0.01


class Judge:
    def __init__(self, clock: Clock, rules: Rules, engine: SimBatch, chat: FakeChat) -> None:
        self._clock, self._rules, self._engine, self._chat = clock, rules, engine, chat
        self.verdict, self.allowed = Verdict(), Allowed(rules.guard)
        self.asked: dict[str, Asked] = {}
        self._rows: dict[str, Row] = {}
        self._reserved: dict[str, float] = {}
        self._unbalanced: list[str] = []
        self._looked_at = clock()
        self._paused_at: float | None = None
        self._alone: dict[str, float] = {}
        """By engine job: the good seconds for which nobody has followed it."""
        self._alone_since: dict[str, float] = {}
        self._known: set[str] = set()
        self._most_above: dict[str, float] = {}
        self.machine_seconds = 0.0

    # ---- what the world says ---------------------------------------------------------------------------------
    def accepted(self, asked: Asked) -> None:
        self.asked[asked.job_id] = asked

    def stopped(self, job_id: str) -> None:
        self.allowed.stopped.setdefault(job_id, self._clock())

    def left(self, job_id: str, attempt: int, conditions: Iterable[Condition]) -> None:
        self.allowed.left[job_id] += [(attempt, each) for each in conditions]

    def paused(self, *, at: float | None) -> None:
        self._paused_at = at

    def down(self, since: float, until: float) -> None:
        self.allowed.bad.append((since - 60.0, until))
        self.allowed.restarts.append(until)
        self._looked_at = until

    def restored(self, taken_at: float) -> None:
        """The store is as it was at the snapshot: what had not reached the engine is not there any more, nor is a
        pause, a stop or a part of a count that is younger."""
        self._paused_at = None
        stopped = self.allowed.stopped.items()
        self.allowed.stopped = {key: at for key, at in stopped if at <= taken_at or not self._runs(key)}
        self.allowed.lost_counts.append((self._clock(), self._clock() - taken_at))
        sent = {job.call.environment["JOB_ID"] for job in self._engine.jobs.values()}
        self.asked = {job_id: asked for job_id, asked in self.asked.items() if job_id in sent}

    # ---- at every moment -------------------------------------------------------------------------------------
    def look(self, store: InlineStore, *, troubled: bool) -> None:
        now = self._clock()
        if troubled:
            self.allowed.bad.append((self._looked_at, now + 60.0))
        self._read(store)
        self._look_for_orphans(0.0 if troubled else now - self._looked_at)
        self._look_at_new()
        self._look_at_caps()
        self._looked_at = now

    @property
    def quiet(self) -> bool:
        return not any(job.live for job in self._ours())

    def done(self, job_id: str) -> bool:
        """It has ended, in the store and at the engine."""
        row = self._rows.get(job_id)
        if row is None:
            return job_id not in self.asked
        return not row.execution.live and not self._runs(job_id)

    def _runs(self, job_id: str) -> bool:
        return any(job.live for job in self._of(job_id))

    def _read(self, store: InlineStore) -> None:
        connection = store._connection
        self._rows = {row.id: row for row in job_rows._many(connection, "WHERE true")}
        found = connection.execute("SELECT id, reserved_usd FROM ledger WHERE live OR reserved_usd > 0")
        self._reserved = dict(found.fetchall())
        self._unbalanced = balance.wrong(connection) if self.quiet else []

    def _ours(self) -> list[Truth]:
        return [job for job in self._engine.jobs.values() if job.call.tags[BOT_TAG] == BOT_NAME]

    def _of(self, job_id: str) -> list[Truth]:
        return [job for job in self._ours() if job.call.environment["JOB_ID"] == job_id]

    def _followed(self, job: Truth) -> bool:
        row = self._rows.get(job.call.environment["JOB_ID"])
        return isinstance(row, Job) and row.execution.live and row.execution.engine_id == job.id

    def _look_for_orphans(self, seconds: float) -> None:
        for job in self._ours():
            if not job.live or self._followed(job):
                self._alone.pop(job.id, None)
                self._alone_since.pop(job.id, None)
                continue
            self._alone[job.id] = self._alone.get(job.id, 0.0) + seconds
            self._alone_since.setdefault(job.id, self._clock())
            if self._alone[job.id] <= ORPHAN_SECONDS or job.id in self._known:
                continue
            if self._named(job):
                self.allowed.named_at.setdefault(job.id, self._clock())
                continue
            self._known.add(job.id)
            self.verdict.orphans += 1
            self._found(job, f"{job.id} has run for 10 minutes, and nobody follows it")

    def _named(self, job: Truth) -> bool:
        """It cannot be adopted, and the channel knows of it."""
        return job.id in self.allowed.named_at or any(job.id in text for _, _, text in self._chat.texts)

    def _look_at_new(self) -> None:
        for job in self._engine.jobs.values():
            new = self._looked_at < job.created_at and job.call.environment["JOB_ID"] in self.asked
            if new and self._paused_at is not None and self._paused_at < job.created_at:
                self.verdict.started_in_pause += 1
                self._found(job, f"{job.id} was submitted during a pause")

    def _found(self, job: Truth, what: str) -> None:
        self.verdict.why.append(f"{job.call.environment['JOB_ID']}: {what} ({job.fate.wrong})")

    # ---- money ------------------------------------------------------------------------------------------------
    def _look_at_caps(self) -> None:
        limits = self._rules.caps.general
        by_person, in_all = defaultdict[tuple[int, dt.date], float](float), 0.0
        for asked in self.asked.values():
            usd = self._committed_usd(asked)
            by_person[asked.life.asker, asked.day] += usd
            in_all += usd
        for (asker, day), usd in by_person.items():
            self._compare(f"asker{asker} on {day}", usd, limits.person_day_usd or 0.0)
        self._compare("the project", in_all, limits.project_month_usd or 0.0)

    def _compare(self, whose: str, usd: float, most: float) -> None:
        above = usd - most
        if above < CENT or above <= self._most_above.get(whose, 0.0):
            return
        self.verdict.above_cap_usd += above - self._most_above.get(whose, 0.0)
        if whose not in self._most_above:
            parts = ", ".join(f"{each.job_id} {self._committed_usd(each):.2f}" for each in self.asked.values())
            self.verdict.why.append(f"{whose}: {usd:.2f} USD, and the cap is {most:.2f}: {parts}")
        self._most_above[whose] = above

    def _committed_usd(self, asked: Asked) -> float:
        """What it has cost by the engine's own bill, and while it lives what it may still cost. What one costs beyond
        what it was quoted at most is weighed by its seconds."""
        row = self._rows.get(asked.job_id)
        jobs = self._of(asked.job_id)
        bill = sum(self.billed_seconds(each) for each in jobs) * USD_PER_HOUR / 3_600
        live = row is None or row.execution.live or any(job.live for job in jobs)
        return self._rules.most_usd if live else min(bill, self._rules.most_usd)

    def billed_seconds(self, job: Truth) -> float:
        return sum(_billed(each, self._clock()) for each in job.attempts)

    # ---- at the end --------------------------------------------------------------------------------------------
    def settle(self) -> None:
        for job in self._ours():
            for number, attempt in enumerate(job.attempts):
                self._weigh(job, number, attempt)
        for job_id in self.asked:
            self._look_for_leaks(job_id)
        self._look_for_false_alarms()
        for name, times in self._engine.submitted.items():
            if times > 1:
                self.verdict.twice += times - 1
                self.verdict.why.append(f"{name.rpartition('-')[2]}: was submitted {times} times")
        for line in self._unbalanced:
            self.verdict.leaks += 1
            self.verdict.why.append(f"the ledger is wrong: {line}")

    def _look_for_leaks(self, job_id: str) -> None:
        row = self._rows.get(job_id)
        live = [job.id for job in self._of(job_id) if job.live]
        problems = []
        if row is None:
            problems.append("is not in the store")
        elif row.execution.live:
            problems.append(f"has not ended: {row.execution.state}")
        if live:
            problems.append(f"still runs: {', '.join(live)}")
        if self._reserved.get(job_id):
            problems.append(f"still has {self._reserved[job_id]:.2f} USD reserved")
        self.verdict.leaks += len(problems)
        self.verdict.why += [f"{job_id}: {each}" for each in problems]

    def _look_for_false_alarms(self) -> None:
        """A run that was well, or another bot's, was ended by this bot."""
        for job in self._engine.jobs.values():
            if job.call.tags[BOT_TAG] == OTHER_BOT and job.asked_to_end:
                self.verdict.false_alarms += 1
                self._found(job, f"{job.id} is another bot's, and was ended")
        for job_id, asked in self.asked.items():
            row = self._rows.get(job_id)
            if not isinstance(row, Job) or asked.life.fate.wrong not in (Wrong.NOTHING, Wrong.QUIET, Wrong.CRASH):
                continue
            stop = row.execution.stop
            if row.execution.reason is EndReason.STOPPED and stop is not None and not stop.by_id:
                self.verdict.false_alarms += 1
                self.verdict.why.append(f"{job_id}: ended though it was well: {stop.why}")

    def history(self, job_id: str) -> Iterator[str]:
        """What the engine did for this command, by seconds since it was asked for."""
        asked = self.asked.get(job_id)
        if asked is None:
            yield f"{job_id} was not accepted, or was lost with the store"
            return
        yield f"{asked.life}"
        for job in self._of(job_id):
            yield f"{job.id}: {job.state}, {job.reason or 'no reason'}"
            for attempt in job.attempts:
                times = attempt.machine_at, attempt.run_at, attempt.gone_at
                machine, run, gone = (f"{at - asked.at:,.0f} s" if at is not None else "-" for at in times)
                yield f"  machine from {machine}, container from {run}, gone at {gone}"
        yield f"in the store: {self._rows[job_id].execution if job_id in self._rows else 'nothing'}"

    def _weigh(self, job: Truth, number: int, attempt: Attempt) -> None:
        """How long its machine was there beyond what is allowed."""
        gone = attempt.gone_at if attempt.gone_at is not None else self._clock()
        self.machine_seconds += gone - attempt.machine_at
        worst, why = self.allowed.excess(job, number, gone, self.asked)
        if worst > 0:
            self.verdict.excess_seconds += worst
            self._found(job, f"attempt {number + 1} of {job.id} was {worst:.0f} s too long on its machine: {why}")


def _billed(attempt: Attempt, now: float) -> float:
    """Its machine boots before, and is kept a while after."""
    gone = attempt.gone_at if attempt.gone_at is not None else now
    run = attempt.run_at if attempt.run_at is not None else gone
    return gone - run + max(PRICES.start_seconds, run - attempt.machine_at) + PRICES.idle_seconds
