"""What came of the jobs, compared with what was asked for and printed: everything once, nothing else."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from deploy.sandbox.chaos import compare_trials
from deploy.sandbox.chaos.compare_trials import TrialProblem
from deploy.sandbox.chaos.printing_job import line
from deploy.sandbox.demo.record import Record
from deploy.sandbox.demo.view import Json, text_of

_LEFT_OUT = re.compile(r"… ([\d,]+) lines? (?:is|are) left out here")
_CARD = re.compile(r"mnist (?:sweep )?(\w{6})$")


class JobProblem(StrEnum):
    """Each is to be 0."""

    JOB_LOST = "jobs lost"
    JOB_DOUBLED = "jobs submitted twice"
    ENDING_LOST = "endings lost"
    ENDING_DOUBLED = "endings told twice"
    ENDING_FALSE = "endings that say something else"
    CARD = "cards lost, doubled or not in the final state"
    LINE_LOST = "log lines lost"
    LINE_DOUBLED = "log lines doubled"
    FILE = "log files in the thread lost, doubled or not whole"
    SHOWN_LOST = "lines missing in a thread and not told as left out"
    SHOWN_DOUBLED = "lines doubled in a thread"
    MESSAGE_DOUBLED = "messages created twice"
    REQUEST = "requests that break Discord's OpenAPI document"


ProblemKind = JobProblem | TrialProblem
PROBLEM_KINDS: tuple[ProblemKind, ...] = (*JobProblem, *TrialProblem)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`confirmed` of the jobs and sweeps had their answer seen; `wrong` has a few words on each thing that is amiss."""

    jobs: int
    sweeps: int
    trials: int
    confirmed: int
    failed: int
    """Jobs and trials that were to fail, and did."""
    lines: int
    wrong: Mapping[ProblemKind, Sequence[str]]
    counts: Mapping[ProblemKind, int]
    """Of lines there may be many in one word."""

    @property
    def well(self) -> bool:
        return not any(self.counts.values())


def account(
    record: Record, folder: Path, archived: Callable[[str], str], confirmed: Iterable[str], lines: int
) -> Comparison:
    """`folder` has the record's files, `archived` gives a job's log in S3; each was to print so many `lines`."""
    return _Comparer(record, folder, archived, lines).account(set(confirmed))


class _Comparer:
    def __init__(self, record: Record, folder: Path, archived: Callable[[str], str], lines: int) -> None:
        self._record, self._folder, self._archived, self._lines = record, folder, archived, lines
        self._wrong: dict[ProblemKind, list[str]] = {kind: [] for kind in PROBLEM_KINDS}
        self._counts: Counter[ProblemKind] = Counter()
        self._threads = {channel["id"]: channel for channel in record.transcript["channels"]}
        self._endings: dict[str, list[Json]] = defaultdict(list)
        self._cards: dict[str, list[Json]] = defaultdict(list)

    def account(self, confirmed: set[str]) -> Comparison:
        names = [compare_trials.parsed(name) for name in self._record.submissions]
        calls = Counter(job for job, part in names if part is None)
        sweeps, ends = compare_trials.runs(self._record.aws), self._ends()
        self._sort()
        for job in sorted((confirmed | set(calls)) - sweeps.keys()):
            self._job(job, calls[job])
            end = ends.get(job, "FAILED")
            self._ending(job, end, end.lower())
            self._log(job)
        for sweep_id, ran in sweeps.items():
            self._ending(sweep_id, "SWEPT", "swept")
            for kind, words in compare_trials.wrong(
                sweep_id, ran, self._endings[sweep_id], self._thread(sweep_id), self._folder
            ):
                self._note(kind, words)
        self._messages()
        trials = [states for ran in sweeps.values() for states in ran.values()]
        failed = sum(end == "FAILED" for end in (*ends.values(), *(states[-1] for states in trials)))
        return Comparison(
            *(len(calls), len(sweeps), len(trials), len(confirmed), failed, len(calls) * self._lines),
            self._wrong,
            self._counts,
        )

    def _ends(self) -> dict[str, str]:
        """By job the state that Batch ended it in; not of the parts of sweeps."""
        states = [entry for entry in self._record.aws if entry["kind"] == "job.state"]
        named = [(compare_trials.parsed(entry["jobName"]), entry["status"]) for entry in states]
        return {job: status for (job, part), status in named if part is None}

    def _sort(self) -> None:
        """The bot's messages in the channel, by job."""
        for message in self._record.messages:
            text = text_of(message)
            title = next((embed.get("title") or "" for embed in message["embeds"]), "")
            if message.get("mentions"):
                self._endings[text[:6]].append(message)
            elif not message["flags"] & 64 and (card := _CARD.match(title)):
                self._cards[card[1]].append(message)

    def _job(self, job: str, calls: int) -> None:
        if calls != 1:
            self._note(JobProblem.JOB_DOUBLED if calls else JobProblem.JOB_LOST, f"{job}: {calls} SubmitJob calls")

    def _ending(self, job: str, end: str, verdict: str) -> None:
        told, cards = self._endings[job], self._cards[job]
        if len(told) != 1:
            self._note(JobProblem.ENDING_DOUBLED if told else JobProblem.ENDING_LOST, f"{job}: {len(told)} endings")
        elif not text_of(told[0]).startswith(f"{job} {verdict}"):
            self._note(JobProblem.ENDING_FALSE, f"{job} {end}: {text_of(told[0])[:80]!r}")
        if any(str(card["embeds"][0].get("image", {}).get("url")).startswith("attachment:") for card in cards):
            self._note(JobProblem.CARD, f"{job} {end}: the card lacks its picture")
        shown = [(card["embeds"][0].get("description") or "").strip("*")[:9].upper() for card in cards]
        if [state.startswith(end) for state in shown] != [True]:
            self._note(JobProblem.CARD, f"{job} {end}: {shown}")

    # ---- the log -----------------------------------------------------------------------------------------
    def _log(self, job: str) -> None:
        printed = [line(job, number) for number in range(1, self._lines + 1)]
        archived = self._archived(job).splitlines()
        found = Counter(archived)
        self._count(JobProblem.LINE_LOST, job, sum(found[each] == 0 for each in printed))
        self._count(JobProblem.LINE_DOUBLED, job, sum(count - 1 for count in found.values()))
        messages = self._thread(job)
        files = [a["url"] for m in messages for a in m["attachments"] if a["filename"] == f"{job}.log"]
        whole = [(self._folder / name).read_text().splitlines() == printed for name in files]
        if whole != [True] or archived != printed:
            self._note(
                JobProblem.FILE, f"{job}: {len(files)} files, whole: {whole}, in order in S3: {archived == printed}"
            )
        self._shown(job, messages)

    def _thread(self, job: str) -> list[Json]:
        """The messages in the thread of the job's card, whose id is its own."""
        return [m for card in self._cards[job] for m in self._threads.get(card["id"], {"messages": ()})["messages"]]

    def _shown(self, job: str, messages: Sequence[Json]) -> None:
        """In the thread each line is there, late ones behind others, or counted among those that are left out."""
        numbered = re.compile(rf"^{job} line (\d+)$", re.MULTILINE)
        texts = [text_of(message) for message in messages]
        numbers = Counter(number for text in texts for number in numbered.findall(text))
        left_out = sum(int(count.replace(",", "")) for text in texts for count in _LEFT_OUT.findall(text))
        doubled = sum(numbers.values()) - len(numbers)
        self._count(JobProblem.SHOWN_DOUBLED, job, doubled)
        self._count(JobProblem.SHOWN_LOST, job, abs(self._lines - left_out - len(numbers)))

    # ---- requests ----------------------------------------------------------------------------------------
    def _messages(self) -> None:
        created = [e for e in self._record.discord if e["kind"] == "message.create" and not e.get("replayed")]
        nonces = Counter(entry["nonce"] for entry in created if entry.get("nonce"))
        for nonce, count in nonces.items():
            if count > 1:
                self._note(JobProblem.MESSAGE_DOUBLED, f"nonce {nonce}: {count} messages")
        for entry in self._record.discord:
            if entry["kind"] == "openapi.violation":
                self._note(JobProblem.REQUEST, str(entry))

    def _count(self, kind: JobProblem, job: str, count: int) -> None:
        if count:
            self._note(kind, f"{job}: {count}", count)

    def _note(self, kind: ProblemKind, words: str, count: int = 1) -> None:
        self._wrong[kind].append(words)
        self._counts[kind] += count
