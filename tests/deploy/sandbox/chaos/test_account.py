"""The comparison sees each thing that can be wrong: a true record, and the same with one thing changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.chaos.account import Account, Wrong, account
from deploy.sandbox.chaos.printer import line
from deploy.sandbox.demo.record import Record

JOB, CARD, CHANNEL = "k7q2mx", "11", "1"
LINES = [line(JOB, number) for number in range(1, 7)]
BLOCK = 3
"""Lines in a message."""


def _message(content: str = "", **more: Any) -> dict[str, Any]:
    return {"author": {"bot": True}, "content": content, "embeds": [], "attachments": [], "flags": 0, **more}


class Story:
    """One job that went well, as the stand-ins tell it. Tests change it before the comparison."""

    def __init__(self) -> None:
        self.submissions = [f"signalbox-mnist-{JOB}"]
        self.end = "SUCCEEDED"
        self.card = _message(embeds=[{"title": f"mnist {JOB}", "description": "**Succeeded: val_accuracy 96**"}])
        self.endings = [_message(f"**{JOB} succeeded**: all well <@5>", mentions=[{"id": "5"}])]
        self.blocks = [_block(LINES[:BLOCK]), _block(LINES[BLOCK:])]
        self.files = [_message(attachments=[{"filename": f"{JOB}.log", "url": "whole.log"}])]
        self.discord: list[dict[str, Any]] = [{"kind": "message.create", "nonce": "7", "replayed": False}]
        self.archived = "".join(f"{each}\n" for each in LINES)

    def account(self, folder: Path) -> Account:
        (folder / "whole.log").write_text("".join(f"{each}\n" for each in LINES))
        channel = {"id": CHANNEL, "messages": [{**self.card, "id": CARD}, *self.endings]}
        thread = {"id": CARD, "messages": [*self.blocks, *self.files]}
        aws = [{"kind": "job.submit", "jobName": name} for name in self.submissions]
        aws += [{"kind": "job.state", "jobName": f"signalbox-mnist-{JOB}", "status": self.end}]
        record = Record({"channels": [channel, thread]}, self.discord, aws)
        return account(record, folder, lambda _: self.archived, {JOB}, len(LINES))


def _block(lines: list[str]) -> dict[str, Any]:
    return _message("```\n" + "\n".join(lines) + "\n```")


def _digest(left_out: int, lines: list[str]) -> dict[str, Any]:
    text = (
        f"… {left_out} lines are left out here; the whole log comes as a file at the end\n" + _block(lines)["content"]
    )
    return _message(embeds=[{"description": text}])


def test_a_story_that_went_well(tmp_path: Path) -> None:
    found = Story().account(tmp_path)
    assert found.well, found.wrong
    assert (found.jobs, found.confirmed, found.failed, found.lines) == (1, 1, 0, len(LINES))


def test_lines_that_a_digest_counts_are_not_lost(tmp_path: Path) -> None:
    story = Story()
    story.blocks = [_digest(4, LINES[4:])]
    assert story.account(tmp_path).well


def _doubled_nonce(story: Story) -> None:
    story.discord += story.discord


def _violation(story: Story) -> None:
    story.discord.append({"kind": "openapi.violation"})


CHANGES: dict[str, tuple[Callable[[Story], object], set[Wrong]]] = {
    "never submitted": (lambda s: s.submissions.clear(), {Wrong.JOB_LOST}),
    "submitted twice": (lambda s: s.submissions.append(s.submissions[0]), {Wrong.JOB_DOUBLED}),
    "never told": (lambda s: s.endings.clear(), {Wrong.ENDING_LOST}),
    "told twice": (lambda s: s.endings.append(s.endings[0]), {Wrong.ENDING_DOUBLED}),
    "failed": (lambda s: setattr(s, "end", "FAILED"), {Wrong.ENDING_FALSE, Wrong.CARD}),
    "an old card": (lambda s: s.card["embeds"][0].update(description="**Running**"), {Wrong.CARD}),
    "a line lost": (lambda s: setattr(s, "archived", s.archived[14:]), {Wrong.LINE_LOST, Wrong.FILE}),
    "a line doubled": (
        lambda s: setattr(s, "archived", s.archived + LINES[-1]),
        {Wrong.LINE_DOUBLED, Wrong.FILE},
    ),
    "no file": (lambda s: s.files.clear(), {Wrong.FILE}),
    "two files": (lambda s: s.files.append(s.files[0]), {Wrong.FILE}),
    "a block lost": (lambda s: s.blocks.pop(), {Wrong.SHOWN_LOST}),
    "a block doubled": (lambda s: s.blocks.append(s.blocks[-1]), {Wrong.SHOWN_DOUBLED}),
    "a wrong digest": (lambda s: s.blocks.append(_digest(9, [])), {Wrong.SHOWN_LOST}),
    "a message twice": (_doubled_nonce, {Wrong.MESSAGE_DOUBLED}),
    "a bad request": (_violation, {Wrong.REQUEST}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_wrong_is_seen(tmp_path: Path, change: str) -> None:
    alter, expected = CHANGES[change]
    story = Story()
    alter(story)
    found = story.account(tmp_path)
    assert {kind for kind, count in found.counts.items() if count} == expected
    assert {kind for kind, words in found.wrong.items() if words} == expected


def test_a_message_that_was_replayed_is_one(tmp_path: Path) -> None:
    story = Story()
    story.discord.append({"kind": "message.create", "nonce": "7", "replayed": True})
    assert story.account(tmp_path).well
