from dataclasses import dataclass, field, replace
from email.utils import formatdate

import pytest

from bot.errors import Denied, Missing
from bot.services.running.doctor import Check, Finding, Fix, Level, clock_finding, examine, metric_check
from tests.support.projects import PROJECT


@dataclass
class Thing:
    """Broken until glued; with `stays`, glue does not help."""

    broken: bool = True
    stays: bool = False
    refuses: bool = False
    repairs: list[str] = field(default_factory=list)

    async def look(self) -> Finding:
        if not self.broken:
            return Finding("thing", "whole")
        return Finding.bad("thing", "broken", "Glue it.", Fix("glued it", self.glue))

    async def glue(self) -> None:
        if self.refuses:
            raise Denied("no glue for you")
        self.repairs.append("glue")
        self.broken = self.stays


async def _examined(*checks: Check, fix: bool = False) -> list[Finding]:
    return [finding async for finding in examine(checks, fix=fix)]


async def _raises() -> Finding:
    raise Missing("There is no thing.")


async def _denied() -> Finding:
    raise Denied("Nobody lets you.")


async def test_without_fix_nothing_is_changed() -> None:
    thing = Thing()
    (finding,) = await _examined(Check("thing", thing.look, ""))
    assert (finding.level, thing.repairs) == (Level.BAD, [])


async def test_a_fixed_thing_is_checked_again() -> None:
    thing = Thing()
    (finding,) = await _examined(Check("thing", thing.look, ""), fix=True)
    assert finding == Finding("thing", "broken; --fix glued it: now whole", level=Level.FIXED)
    assert thing.repairs == ["glue"]


async def test_a_fix_that_does_not_help_leaves_it_bad() -> None:
    (finding,) = await _examined(Check("thing", Thing(stays=True).look, ""), fix=True)
    assert (finding.level, finding.found) == (Level.BAD, "broken")


async def test_a_failed_fix_is_reported() -> None:
    (finding,) = await _examined(Check("thing", Thing(refuses=True).look, ""), fix=True)
    assert finding.level is Level.BAD
    assert finding.found == "broken; --fix failed: no glue for you"


async def test_an_error_is_a_finding_and_ends_no_other_check() -> None:
    first, second = await _examined(Check("a", _raises, "Make one."), Check("b", _denied, "Ask."))
    assert (first.level, first.found, first.advice) == (Level.BAD, "There is no thing.", "Make one.")
    assert second.advice == "Ask. The credentials are wrong, expired, or lack this permission."


async def test_error_that_only_makes_a_note() -> None:
    note, bad = await _examined(Check("a", _denied, "", note_on=(Denied,)), Check("b", _raises, "", note_on=(Denied,)))
    assert (note.level, note.found) == (Level.NOTE, "could not be checked: Nobody lets you.")
    assert bad.level is Level.BAD


async def test_only_errors_raised_on_purpose_are_findings() -> None:
    async def look() -> Finding:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await _examined(Check("a", look, ""))


@pytest.mark.parametrize(
    ("theirs", "level", "words"),
    [
        (1000.0, Level.OK, "within 5 s"),
        (995.0, Level.OK, "within 5 s"),  # given at up to 995.99
        (1005.0, Level.OK, "within 5 s"),
        (990.0, Level.NOTE, "9 s ahead"),
        (1010.0, Level.NOTE, "10 s behind"),
        (939.0, Level.NOTE, "60 s ahead"),
        (938.0, Level.BAD, "61 s ahead"),
        (1061.0, Level.BAD, "61 s behind"),
    ],
)
def test_a_clock(theirs: float, level: Level, words: str) -> None:
    finding = clock_finding("clock", formatdate(theirs, usegmt=True), 1000.0, 1000.0)
    assert finding.level is level
    assert words in finding.found
    assert ("NTP" in finding.advice) is (level is not Level.OK)


def test_a_slow_answer_is_no_skew() -> None:
    """Discord gave it at some moment between the two."""
    assert clock_finding("clock", formatdate(1010, usegmt=True), 1000.0, 1020.0).level is Level.OK


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_an_answer_without_a_date(date: str) -> None:
    assert clock_finding("clock", date, 1000.0, 1000.0).level is Level.NOTE


@pytest.mark.parametrize(
    ("metric", "maximize", "level", "found"),
    [
        ("val_accuracy", True, Level.OK, "val_accuracy, more is better, as its name says"),
        ("gap", False, Level.OK, "gap, less is better by the config"),
        ("val_loss", True, Level.NOTE, "val_loss, more is better by the config, although its name says the opposite"),
    ],
)
async def test_which_result_is_best_is_reported(metric: str, maximize: bool, level: Level, found: str) -> None:
    checked = replace(PROJECT, metric=metric, maximize=maximize)
    (finding,) = await _examined(metric_check(checked))
    assert (finding.level, finding.found) == (level, found)
