"""The comparison notices every kind of problem: a clean record, and the same with one thing changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.chaos.compare_jobs import Comparison, JobProblem, compare_jobs
from deploy.sandbox.chaos.compare_trials import TrialProblem
from deploy.sandbox.chaos.printing_job import line, seed
from deploy.sandbox.demo.record import Record

JOB, CARD, CHANNEL = "k7q2mx", "11", "1"
LINES = [line(JOB, number) for number in range(1, 7)]
BLOCK = 3
"""Lines in a message."""


def _message(content: str = "", **more: Any) -> dict[str, Any]:
    return {"author": {"bot": True}, "content": content, "embeds": [], "attachments": [], "flags": 0, **more}


class Story:
    """The record of one job that went well. Tests change it before the comparison."""

    def __init__(self) -> None:
        self.submissions = [f"signalbox-mnist-{JOB}"]
        self.end = "SUCCEEDED"
        self.card = _message(embeds=[{"title": f"mnist {JOB}", "description": "**Succeeded: val_accuracy 96**"}])
        self.results = [_message(f"**{JOB} succeeded**: all well <@5>", mentions=[{"id": "5"}])]
        self.blocks = [_block(LINES[:BLOCK]), _block(LINES[BLOCK:])]
        self.files = [_message(attachments=[{"filename": f"{JOB}.log", "url": "whole.log"}])]
        self.discord: list[dict[str, Any]] = [{"kind": "message.create", "nonce": "7", "replayed": False}]
        self.archived = "".join(f"{each}\n" for each in LINES)

    def compare(self, folder: Path) -> Comparison:
        (folder / "whole.log").write_text("".join(f"{each}\n" for each in LINES))
        channel = {"id": CHANNEL, "messages": [{**self.card, "id": CARD}, *self.results]}
        thread = {"id": CARD, "messages": [*self.blocks, *self.files]}
        aws = [{"kind": "job.submit", "jobName": name} for name in self.submissions]
        aws += [{"kind": "job.state", "jobName": f"signalbox-mnist-{JOB}", "jobId": "b", "status": self.end}]
        record = Record({"channels": [channel, thread]}, self.discord, aws)
        return compare_jobs(record, folder, lambda _: self.archived, {JOB}, len(LINES))


def _block(lines: list[str]) -> dict[str, Any]:
    return _message("```\n" + "\n".join(lines) + "\n```")


def _digest(left_out: int, lines: list[str]) -> dict[str, Any]:
    text = f"… {left_out} lines left out here; the whole log is attached at the end\n" + _block(lines)["content"]
    return _message(embeds=[{"description": text}])


def test_clean_record_has_no_problems(tmp_path: Path) -> None:
    found = Story().compare(tmp_path)
    assert found.clean, found.problems
    assert (found.jobs, found.sweeps, found.confirmed, found.failed, found.lines) == (1, 0, 1, 0, len(LINES))


def test_lines_counted_as_left_out_are_not_lost(tmp_path: Path) -> None:
    story = Story()
    story.blocks = [_digest(4, LINES[4:])]
    assert story.compare(tmp_path).clean


def _doubled_nonce(story: Story) -> None:
    story.discord += story.discord


def _violation(story: Story) -> None:
    story.discord.append({"kind": "openapi.violation"})


CHANGES: dict[str, tuple[Callable[[Story], object], set[JobProblem]]] = {
    "never submitted": (lambda s: s.submissions.clear(), {JobProblem.JOB_LOST}),
    "submitted twice": (lambda s: s.submissions.append(s.submissions[0]), {JobProblem.JOB_DOUBLED}),
    "no result": (lambda s: s.results.clear(), {JobProblem.RESULT_LOST}),
    "two results": (lambda s: s.results.append(s.results[0]), {JobProblem.RESULT_DOUBLED}),
    "failed": (lambda s: setattr(s, "end", "FAILED"), {JobProblem.RESULT_FALSE, JobProblem.CARD}),
    "an old card": (lambda s: s.card["embeds"][0].update(description="**Running**"), {JobProblem.CARD}),
    "a line lost": (lambda s: setattr(s, "archived", s.archived[14:]), {JobProblem.LINE_LOST, JobProblem.FILE}),
    "a line doubled": (
        lambda s: setattr(s, "archived", s.archived + LINES[-1]),
        {JobProblem.LINE_DOUBLED, JobProblem.FILE},
    ),
    "no file": (lambda s: s.files.clear(), {JobProblem.FILE}),
    "two files": (lambda s: s.files.append(s.files[0]), {JobProblem.FILE}),
    "a block lost": (lambda s: s.blocks.pop(), {JobProblem.SHOWN_LOST}),
    "a block doubled": (lambda s: s.blocks.append(s.blocks[-1]), {JobProblem.SHOWN_DOUBLED}),
    "a wrong digest": (lambda s: s.blocks.append(_digest(9, [])), {JobProblem.SHOWN_LOST}),
    "a message twice": (_doubled_nonce, {JobProblem.MESSAGE_DOUBLED}),
    "a bad request": (_violation, {JobProblem.REQUEST}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_job_problem_is_noticed(tmp_path: Path, change: str) -> None:
    alter, expected = CHANGES[change]
    story = Story()
    alter(story)
    found = story.compare(tmp_path)
    assert {kind for kind, count in found.counts.items() if count} == expected
    assert {kind for kind, words in found.problems.items() if words} == expected


def test_replayed_message_is_not_a_duplicate(tmp_path: Path) -> None:
    story = Story()
    story.discord.append({"kind": "message.create", "nonce": "7", "replayed": True})
    assert story.compare(tmp_path).clean


# ---- sweeps ------------------------------------------------------------------------------------------------
SWEEP = "m4x7kq"


class SweepStory:
    """The record of a sweep of three trials, the second of which fails: one array, or one job for each trial."""

    def __init__(self, *, one_by_one: bool = False) -> None:
        name = f"signalbox-mnist-{SWEEP}"
        self.calls = [{"jobName": f"{name}-0", "jobId": "b0", "arraySize": 3}]
        ids = ["b0:0", "b0:1", "b0:2"]
        if one_by_one:
            ids = ["b0", "b1", "b2"]
            self.calls = [{"jobName": f"{name}-{n}", "jobId": each, "arraySize": None} for n, each in enumerate(ids)]
        names = [self.calls[n if one_by_one else 0]["jobName"] for n in range(3)]
        ends = zip(names, ids, ("SUCCEEDED", "FAILED", "SUCCEEDED"), strict=True)
        self.states = [{"jobName": name, "jobId": each, "status": end} for name, each, end in ends]
        self.rows = [f"{SWEEP}.0,4,ended without metrics", f"{SWEEP}.1,7,failed", f"{SWEEP}.2,8,ended without metrics"]
        self.card = _message(embeds=[{"title": f"mnist sweep {SWEEP}", "description": "**Finished 3 trials in 9 s**"}])
        self.results = [
            _message(f"**{SWEEP} finished 3 trials** in 9 s <@5>", mentions=[{"id": "5"}], attachments=[_CSV])
        ]
        self.notes = [
            _message("```\n.0     -   2 s   seed 4\n.1     -   2 s   seed 7\n```"),
            _message("```\n.2     -\n```"),
        ]

    def compare(self, folder: Path) -> Comparison:
        (folder / "table.csv").write_text("\n".join(["trial,seed,state", *self.rows]))
        channel = {"id": CHANNEL, "messages": [{**self.card, "id": CARD}, *self.results]}
        thread = {"id": CARD, "messages": self.notes}
        aws = [{"kind": "job.submit", **call} for call in self.calls]
        aws += [{"kind": "job.state", **state} for state in self.states]
        record = Record({"channels": [channel, thread]}, [], aws)
        return compare_jobs(record, folder, lambda _: "", {SWEEP}, len(LINES))


_CSV = {"filename": f"{SWEEP}.csv", "url": "table.csv"}


@pytest.mark.parametrize("one_by_one", [False, True])
def test_clean_sweep_has_no_problems(tmp_path: Path, one_by_one: bool) -> None:
    found = SweepStory(one_by_one=one_by_one).compare(tmp_path)
    assert found.clean, found.problems
    assert (found.jobs, found.sweeps, found.trials, found.failed, found.lines) == (0, 1, 3, 1, 0)


def _again(story: SweepStory) -> None:
    """Repeat the last submission and its states."""
    last = story.calls[-1]
    story.calls.append({**last, "jobId": "b9"})
    story.states += [
        {**state, "jobId": state["jobId"].replace(last["jobId"], "b9")}
        for state in story.states
        if state["jobId"].startswith(last["jobId"])
    ]


SWEEP_CHANGES: dict[str, tuple[bool, Callable[[SweepStory], object], set[JobProblem | TrialProblem]]] = {
    "the array twice": (False, _again, {TrialProblem.DOUBLED}),
    "a trial twice": (True, _again, {TrialProblem.DOUBLED}),
    "a trial never": (
        True,
        lambda s: (s.calls.pop(), s.rows.pop(), s.notes.pop()),
        {TrialProblem.LOST, TrialProblem.UNPOSTED},
    ),
    "no row": (False, lambda s: s.rows.pop(), {TrialProblem.FALSE}),
    "a row twice": (False, lambda s: s.rows.append(s.rows[-1]), {TrialProblem.FALSE}),
    "a false state": (False, lambda s: s.states[2].update(status="FAILED"), {TrialProblem.FALSE}),
    "a false point": (
        False,
        lambda s: s.rows.__setitem__(2, f"{SWEEP}.2,9,ended without metrics"),
        {TrialProblem.FALSE},
    ),
    "a trial not posted": (False, lambda s: s.notes.pop(), {TrialProblem.UNPOSTED}),
    "a trial posted twice": (False, lambda s: s.notes.append(s.notes[-1]), {TrialProblem.UNPOSTED}),
    "no result": (False, lambda s: s.results.clear(), {JobProblem.RESULT_LOST, TrialProblem.FALSE}),
    "two results": (
        False,
        lambda s: s.results.append(_message(f"{SWEEP} finished 3 trials", mentions=[{"id": "5"}])),
        {JobProblem.RESULT_DOUBLED},
    ),
    "the wrong verdict": (
        False,
        lambda s: s.results[0].update(content=f"{SWEEP} failed: exit code 1"),
        {JobProblem.RESULT_FALSE},
    ),
    "an old card": (False, lambda s: s.card["embeds"][0].update(description="**Running**"), {JobProblem.CARD}),
    "a card without its picture": (
        False,
        lambda s: s.card["embeds"][0].update(image={"url": "attachment://board.png"}),
        {JobProblem.CARD},
    ),
    "no card": (False, lambda s: s.card.update(embeds=[]), {JobProblem.CARD, TrialProblem.UNPOSTED}),
}


@pytest.mark.parametrize("change", SWEEP_CHANGES)
def test_each_trial_problem_is_noticed(tmp_path: Path, change: str) -> None:
    one_by_one, alter, expected = SWEEP_CHANGES[change]
    story = SweepStory(one_by_one=one_by_one)
    alter(story)
    found = story.compare(tmp_path)
    assert {kind for kind, count in found.counts.items() if count} == expected
    assert {kind for kind, words in found.problems.items() if words} == expected


@pytest.mark.parametrize("index", range(2))
def test_array_trial_finds_its_seed_by_index(monkeypatch: pytest.MonkeyPatch, index: int) -> None:
    monkeypatch.setenv("SWEEP_SPACE", '{"axes":[["seed",[4,7]]],"numbers":"0-1"}')
    monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", str(index))
    assert seed() == (4, 7)[index]
