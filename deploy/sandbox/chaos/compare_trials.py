"""What came of the sweeps' trials: each submitted once, in the table once with what became of it, and told once."""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from deploy.sandbox.demo.view import Json, text_of

TRIALS = 3
"""Of each sweep."""
_NAME = re.compile(r"-(\w{6})(?:-(\d+))?$")
_TOLD = re.compile(r"^\.(\d+) ", re.MULTILINE)
_STATES = {"no metrics": "SUCCEEDED", "failed": "FAILED"}
"""What the table says of a trial that ended like this: the printer leaves no metrics."""


class TrialProblem(StrEnum):
    """Each is to be 0."""

    LOST = "trials lost"
    DOUBLED = "trials submitted twice"
    FALSE = "trials that their table lacks, doubles or tells wrongly"
    UNTOLD = "trials that their thread lacks or doubles"


def parsed(job_name: str) -> tuple[str, int | None]:
    """Of a Batch job's name the id of the job, or of the sweep with the number of the part."""
    found = _NAME.search(job_name)
    if found is None:
        raise ValueError(f"{job_name} is no name that the bot gives")
    return found[1], None if found[2] is None else int(found[2])


def runs(aws: Iterable[Json]) -> dict[str, dict[int, list[str]]]:
    """By sweep and trial how each of its runs ended: one, if all is well. An array's index is the trial's number."""
    states: dict[str, str] = {}
    calls: list[Json] = []
    for entry in aws:
        if entry["kind"] == "job.state":
            states[entry["jobId"]] = entry["status"]
        elif entry["kind"] == "job.submit":
            calls.append(entry)
    found: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for call in calls:
        sweep_id, part = parsed(call["jobName"])
        if part is not None:
            size = call.get("arraySize")
            batch_ids = {index: f"{call['jobId']}:{index}" for index in range(size)} if size else {part: call["jobId"]}
            for number, batch_id in batch_ids.items():
                found[sweep_id][number].append(states.get(batch_id, "SUBMITTED"))
    return found


def wrong(
    sweep_id: str, ran: Mapping[int, Sequence[str]], ends: Sequence[Json], thread: Sequence[Json], folder: Path
) -> Iterator[tuple[TrialProblem, str]]:
    """What is not right of one sweep. `ends` are the messages on its end, `folder` has their files."""
    for number in sorted({*range(TRIALS), *ran}):
        count = len(ran.get(number, ()))
        if count != 1 or number >= TRIALS:
            kind = TrialProblem.DOUBLED if count else TrialProblem.LOST
            yield kind, f"{sweep_id}.{number}: submitted {count} times"
    rows = [row for end in ends for row in _table(sweep_id, end, folder)]
    expected = {(f"{sweep_id}.{number}", states[-1]) for number, states in ran.items()}
    told = Counter((row["trial"], _STATES.get(row["state"], row["state"])) for row in rows)
    for trial, state in sorted(expected | told.keys()):
        if (trial, state) not in expected or told[trial, state] != 1:
            yield TrialProblem.FALSE, f"{trial} {state}: {told[trial, state]} rows"
    for row in rows:
        if (int(row["seed"]) % 2 == 1) is not (row["state"] == "failed"):
            yield TrialProblem.FALSE, f"{row['trial']} with seed {row['seed']}: {row['state']}"
    numbers = Counter(int(number) for message in thread for number in _TOLD.findall(text_of(message)))
    for number in sorted({*range(TRIALS), *numbers}):
        if numbers[number] != 1:
            yield TrialProblem.UNTOLD, f"{sweep_id}.{number}: {numbers[number]} lines in the thread"


def _table(sweep_id: str, end: Json, folder: Path) -> list[dict[str, str]]:
    names = [a["url"] for a in end["attachments"] if a["filename"] == f"{sweep_id}.csv"]
    return [row for name in names for row in csv.DictReader((folder / name).read_text().splitlines())]
