"""The catalogue has every message, and none in the old voice."""

import inspect
from functools import cache

import pytest

from bot.chat.buttons.views import LABELS
from bot.chat.catalogue import rendered as rendering
from bot.chat.catalogue.__main__ import entries, page
from bot.chat.catalogue.samples import PROJECT
from bot.chat.commands import all_commands
from bot.domain.guard.signs import Condition
from bot.domain.model.states import EndReason, JobState, WaitCause
from bot.domain.model.trial import TrialState
from bot.domain.posts import PostKind
from bot.domain.texts import notes
from bot.errors import ServiceError, UserError

catalogue = cache(entries)
OLD_VOICE = ("is expected", "was given", "so many", "the mend", "told of", "gets dear")


def _names(section: str) -> set[str]:
    return {entry.name for entry in catalogue() if entry.section == section}


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("Cards of jobs", {*(state.lower() for state in JobState if not state.terminal)}),
        ("Cards of jobs", {f"ended: {reason}" for reason in EndReason}),
        ("Results of jobs", set(EndReason)),
        ("Cards of trials", set(TrialState)),
        ("Waiting for a machine", set(WaitCause)),
        ("What the guard says", set(Condition)),
        ("Kinds of posts", set(PostKind)),
        ("Commands", {f"/{command.name}" for command in all_commands([PROJECT])}),
        ("Buttons", set(LABELS)),
        ("Answers to whoever starts something", {"train", "retry", "sweep", "train without options"}),
    ],
)
def test_every_member_appears(section: str, names: set[str]) -> None:
    assert names <= _names(section)


@pytest.mark.parametrize("reason", [reason for reason in EndReason if reason is not EndReason.SUCCEEDED])
def test_every_reason_for_the_end_of_a_sweep_appears(reason: EndReason) -> None:
    assert any(name.startswith(reason) for name in _names("Results of sweeps"))


def test_every_class_of_errors_appears() -> None:
    for_people = {name.split(",")[0] for name in _names("Errors for people")}
    assert for_people == {each.__name__ for each in _family(UserError)}
    assert _names("Errors of outside systems") == {each.__name__ for each in _family(ServiceError)} - {"ServiceError"}


def test_every_note_appears() -> None:
    source = inspect.getsource(rendering)
    functions = {name for name, value in vars(notes).items() if inspect.isfunction(value)}
    own = {name for name in functions if getattr(notes, name).__module__ == notes.__name__}
    elsewhere = {"lines_left_out"}  # above a digest
    assert not [name for name in own - elsewhere if f"notes.{name}(" not in source]
    assert "left out here" in page()


def test_every_check_of_the_doctor_has_a_finding() -> None:
    assert len(_names("What the doctor checks")) > 5
    assert len(_names("What the doctor finds")) > 20


def test_a_prefix_is_in_the_page_of_commands() -> None:
    (text,) = [entry.text for entry in catalogue() if entry.name.startswith("with command_prefix")]
    assert "</sb-train:1>" in text
    assert "`/sb-sweep" in text
    assert "`/sb-" not in next(entry.text for entry in catalogue() if entry.name == "the page of the command help")


def test_no_entry_is_empty() -> None:
    assert not [entry for entry in catalogue() if not entry.text.strip()]
    assert "{" not in "".join(
        entry.text for entry in catalogue() if entry.section.startswith(("Cards", "Results", "Notes"))
    )


@pytest.mark.parametrize(
    "words",
    OLD_VOICE,
)
def test_no_message_is_in_the_old_voice(words: str) -> None:
    found = [f"{entry.section}, {entry.name}" for entry in catalogue() if words in entry.text]
    assert not found


def _family(base: type[Exception]) -> set[type[Exception]]:
    return {base, *(each for child in base.__subclasses__() for each in _family(child))}
