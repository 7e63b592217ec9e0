"""Compare what happened with what was requested: every job, result, log line and message exactly once."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from deploy.sandbox.chaos import compare_trials
from deploy.sandbox.chaos.compare_trials import TrialProblem, parse_job_name
from deploy.sandbox.chaos.printing_job import line
from deploy.sandbox.demo.record import Record
from deploy.sandbox.demo.view import Json, text_of

_LEFT_OUT = re.compile(r"… ([\d,]+) lines? left out here")
_CARD = re.compile(r"mnist (?:sweep )?(\w{6})$")


class JobProblem(StrEnum):
    """Each count must be 0."""

    JOB_LOST = "jobs lost"
    JOB_DOUBLED = "jobs submitted twice"
    RESULT_LOST = "results never posted"
    RESULT_DOUBLED = "results posted twice"
    RESULT_FALSE = "results with a wrong verdict"
    CARD = "cards missing, duplicated or not in the final state"
    LINE_LOST = "log lines lost"
    LINE_DOUBLED = "log lines archived twice"
    FILE = "log files in a thread missing, duplicated or cut off"
    SHOWN_LOST = "lines missing in a thread and not counted there"
    SHOWN_DOUBLED = "lines posted twice in a thread"
    MESSAGE_DOUBLED = "messages created twice"
    REQUEST = "requests that violate Discord's OpenAPI document"


ProblemKind = JobProblem | TrialProblem
PROBLEM_KINDS: tuple[ProblemKind, ...] = (*JobProblem, *TrialProblem)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many jobs there were, and what went wrong with them."""

    jobs: int
    sweeps: int
    trials: int
    confirmed: int
    """Jobs and sweeps whose id a person saw in the reply."""
    failed: int
    """Jobs and trials that failed as intended."""
    lines: int
    problems: Mapping[ProblemKind, Sequence[str]]
    """A few words about each problem."""
    counts: Mapping[ProblemKind, int]
    """How often each problem occurred: one entry in `problems` can stand for many lines."""

    @property
    def clean(self) -> bool:
        return not any(self.counts.values())


def compare_jobs(
    record: Record, folder: Path, archived: Callable[[str], str], confirmed: Iterable[str], lines: int
) -> Comparison:
    """`folder` has the record's files; `archived` returns a job's log in S3; each job should print `lines` lines."""
    return _Comparer(record, folder, archived, lines).compare(set(confirmed))


class _Comparer:
    def __init__(self, record: Record, folder: Path, archived: Callable[[str], str], lines: int) -> None:
        self._record, self._folder, self._archived, self._lines = record, folder, archived, lines
        self._problems: dict[ProblemKind, list[str]] = {kind: [] for kind in PROBLEM_KINDS}
        self._counts: Counter[ProblemKind] = Counter()
        self._threads = {channel["id"]: channel for channel in record.transcript["channels"]}
        self._results: dict[str, list[Json]] = defaultdict(list)
        self._cards: dict[str, list[Json]] = defaultdict(list)

    def compare(self, confirmed: set[str]) -> Comparison:
        names = [parse_job_name(name) for name in self._record.submissions]
        calls = Counter(job for job, part in names if part is None)
        sweeps, states = compare_trials.final_states(self._record.aws), self._final_states()
        self._sort_messages()
        for job in sorted((confirmed | set(calls)) - sweeps.keys()):
            self._compare_submissions(job, calls[job])
            state = states.get(job, "FAILED")
            self._compare_result_and_card(job, state, state.lower())
            self._compare_log(job)
        for sweep_id, ran in sweeps.items():
            self._compare_result_and_card(sweep_id, "FINISHED", "finished")
            results, thread = self._results[sweep_id], self._thread(sweep_id)
            for kind, words in compare_trials.find_problems(sweep_id, ran, results, thread, self._folder):
                self._add(kind, words)
        self._compare_requests()
        trials = [states for ran in sweeps.values() for states in ran.values()]
        failed = sum(state == "FAILED" for state in (*states.values(), *(ended[-1] for ended in trials)))
        return Comparison(
            *(len(calls), len(sweeps), len(trials), len(confirmed), failed, len(calls) * self._lines),
            self._problems,
            self._counts,
        )

    def _final_states(self) -> dict[str, str]:
        """Batch's final state by job, without the submissions of sweeps."""
        entries = [entry for entry in self._record.aws if entry["kind"] == "job.state"]
        named = [(parse_job_name(entry["jobName"]), entry["status"]) for entry in entries]
        return {job: status for (job, part), status in named if part is None}

    def _sort_messages(self) -> None:
        """Sort the bot's messages in the channel into results and cards, by job."""
        for message in self._record.messages:
            text = text_of(message)
            title = next((embed.get("title") or "" for embed in message["embeds"]), "")
            if message.get("mentions"):
                self._results[text[:6]].append(message)
            elif not message["flags"] & 64 and (card := _CARD.match(title)):
                self._cards[card[1]].append(message)

    def _compare_submissions(self, job: str, calls: int) -> None:
        if calls != 1:
            self._add(JobProblem.JOB_DOUBLED if calls else JobProblem.JOB_LOST, f"{job}: {calls} SubmitJob calls")

    def _compare_result_and_card(self, job: str, state: str, verdict: str) -> None:
        results, cards = self._results[job], self._cards[job]
        if len(results) != 1:
            kind = JobProblem.RESULT_DOUBLED if results else JobProblem.RESULT_LOST
            self._add(kind, f"{job}: {len(results)} results")
        elif not text_of(results[0]).startswith(f"{job} {verdict}"):
            self._add(JobProblem.RESULT_FALSE, f"{job} {state}: {text_of(results[0])[:80]!r}")
        if any(str(card["embeds"][0].get("image", {}).get("url")).startswith("attachment:") for card in cards):
            self._add(JobProblem.CARD, f"{job} {state}: the card has no picture")
        shown = [(card["embeds"][0].get("description") or "").strip("*")[:9].upper() for card in cards]
        if [each.startswith(state) for each in shown] != [True]:
            self._add(JobProblem.CARD, f"{job} {state}: {shown}")

    # ---- the log -----------------------------------------------------------------------------------------
    def _compare_log(self, job: str) -> None:
        printed = [line(job, number) for number in range(1, self._lines + 1)]
        archived = self._archived(job).splitlines()
        found = Counter(archived)
        self._add_count(JobProblem.LINE_LOST, job, sum(found[each] == 0 for each in printed))
        self._add_count(JobProblem.LINE_DOUBLED, job, sum(count - 1 for count in found.values()))
        messages = self._thread(job)
        files = [a["url"] for m in messages for a in m["attachments"] if a["filename"] == f"{job}.log"]
        whole = [(self._folder / name).read_text().splitlines() == printed for name in files]
        if whole != [True] or archived != printed:
            words = f"{job}: {len(files)} files, whole: {whole}, in order in S3: {archived == printed}"
            self._add(JobProblem.FILE, words)
        self._compare_shown_lines(job, messages)

    def _thread(self, job: str) -> list[Json]:
        """The messages in the thread of the job's card. A thread has the id of its card."""
        return [m for card in self._cards[job] for m in self._threads.get(card["id"], {"messages": ()})["messages"]]

    def _compare_shown_lines(self, job: str, messages: Sequence[Json]) -> None:
        """Each line must be in the thread once, in any order, or be counted there as left out."""
        numbered = re.compile(rf"^{job} line (\d+)$", re.MULTILINE)
        texts = [text_of(message) for message in messages]
        numbers = Counter(number for text in texts for number in numbered.findall(text))
        left_out = sum(int(count.replace(",", "")) for text in texts for count in _LEFT_OUT.findall(text))
        self._add_count(JobProblem.SHOWN_DOUBLED, job, sum(numbers.values()) - len(numbers))
        self._add_count(JobProblem.SHOWN_LOST, job, abs(self._lines - left_out - len(numbers)))

    # ---- requests ----------------------------------------------------------------------------------------
    def _compare_requests(self) -> None:
        for nonce, count in self._record.repeated_nonces().items():
            self._add(JobProblem.MESSAGE_DOUBLED, f"nonce {nonce}: {count} messages")
        for entry in self._record.invalid_requests():
            self._add(JobProblem.REQUEST, str(entry))

    def _add_count(self, kind: JobProblem, job: str, count: int) -> None:
        if count:
            self._add(kind, f"{job}: {count}", count)

    def _add(self, kind: ProblemKind, words: str, count: int = 1) -> None:
        self._problems[kind].append(words)
        self._counts[kind] += count
