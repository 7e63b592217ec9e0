"""Compare what happened to sweeps' trials with what should have: each submitted, tabled and posted exactly once."""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from deploy.sandbox.demo.view import Json, text_of

TRIALS = 3
"""Trials of each sweep."""
_NAME = re.compile(r"-(\w{6})(?:-(\d+))?$")
_POSTED = re.compile(r"^\.(\d+) ", re.MULTILINE)
_STATES = {"ended without metrics": "SUCCEEDED", "failed": "FAILED"}
"""Batch's state by the table's. Chaos's jobs write no metrics, so the table shows successful trials so."""


class TrialProblem(StrEnum):
    """Each count must be 0."""

    LOST = "trials lost"
    DOUBLED = "trials submitted twice"
    FALSE = "trials missing, duplicated or wrong in their table"
    UNPOSTED = "trials missing or duplicated in their thread"


def parse_job_name(job_name: str) -> tuple[str, int | None]:
    """The job id in a Batch job's name; for a sweep, its id and the number of the submission."""
    found = _NAME.search(job_name)
    if found is None:
        raise ValueError(f"{job_name} is not a name that the bot gives to a Batch job")
    return found[1], None if found[2] is None else int(found[2])


def final_states(aws: Iterable[Json]) -> dict[str, dict[int, list[str]]]:
    """Final Batch states by sweep and trial: one for each time the trial was submitted, so exactly one if all is well.

    A trial's number is its index in the array, or the number of its own submission.
    """
    states: dict[str, str] = {}
    calls: list[Json] = []
    for entry in aws:
        if entry["kind"] == "job.state":
            states[entry["jobId"]] = entry["status"]
        elif entry["kind"] == "job.submit":
            calls.append(entry)
    found: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for call in calls:
        sweep_id, part = parse_job_name(call["jobName"])
        if part is not None:
            size = call.get("arraySize")
            batch_ids = {index: f"{call['jobId']}:{index}" for index in range(size)} if size else {part: call["jobId"]}
            for number, batch_id in batch_ids.items():
                found[sweep_id][number].append(states.get(batch_id, "SUBMITTED"))
    return found


def find_problems(
    sweep_id: str, ran: Mapping[int, Sequence[str]], results: Sequence[Json], thread: Sequence[Json], folder: Path
) -> Iterator[tuple[TrialProblem, str]]:
    """Everything wrong with one sweep. `results` are the messages at its end, whose files are in `folder`."""
    for number in sorted({*range(TRIALS), *ran}):
        count = len(ran.get(number, ()))
        if count != 1 or number >= TRIALS:
            kind = TrialProblem.DOUBLED if count else TrialProblem.LOST
            yield kind, f"{sweep_id}.{number}: submitted {count} times"
    rows = [row for result in results for row in _table(sweep_id, result, folder)]
    expected = {(f"{sweep_id}.{number}", states[-1]) for number, states in ran.items()}
    shown = Counter((row["trial"], _STATES.get(row["state"], row["state"])) for row in rows)
    for trial, state in sorted(expected | shown.keys()):
        if (trial, state) not in expected or shown[trial, state] != 1:
            yield TrialProblem.FALSE, f"{trial} {state}: {shown[trial, state]} rows"
    for row in rows:
        if (int(row["seed"]) % 2 == 1) is not (row["state"] == "failed"):
            yield TrialProblem.FALSE, f"{row['trial']} with seed {row['seed']}: {row['state']}"
    posted = Counter(int(number) for message in thread for number in _POSTED.findall(text_of(message)))
    for number in sorted({*range(TRIALS), *posted}):
        if posted[number] != 1:
            yield TrialProblem.UNPOSTED, f"{sweep_id}.{number}: {posted[number]} lines in the thread"


def _table(sweep_id: str, result: Json, folder: Path) -> list[dict[str, str]]:
    names = [a["url"] for a in result["attachments"] if a["filename"] == f"{sweep_id}.csv"]
    return [row for name in names for row in csv.DictReader((folder / name).read_text().splitlines())]
