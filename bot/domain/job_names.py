"""What people type to name a job, a sweep, or one trial of a sweep: `k7q2mx`, `k7q2mx.4`."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.text import folded
from bot.errors import BadInput

# No vowels, so that no word is spelt, and nothing that looks like another (0 o, 1 l i).
ID_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
ID_LENGTH = 6
_TRIAL = re.compile(r"(?P<job>[^.\s]+)\.(?P<trial>[0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Name:
    """A job's or a sweep's id, and the number of a trial where one is meant."""

    job_id: str
    trial: int | None = None

    def __str__(self) -> str:
        return self.job_id if self.trial is None else f"{self.job_id}.{self.trial}"


def parse(text: str) -> Name:
    """The name, however it was typed (`#K7Q2MX.04`); `BadInput` for a dot without a number after it."""
    typed = plain_id(text)
    if "." not in typed:
        return Name(typed)
    found = _TRIAL.fullmatch(typed)
    if found is None:
        raise BadInput(f'"{text}" is not a job or trial. Write an id such as k7q2mx, or k7q2mx.4 for a trial.')
    return Name(found["job"], int(found["trial"]))


def plain_id(text: str) -> str:
    """The id without what is typed or copied around it: marks, quotes, a comma."""
    return folded(text).strip('`#" \n').rstrip(",")


def near(given: str, known: Iterable[str]) -> list[str]:
    """Up to three known names that resemble the typed one, the nearest first."""
    return difflib.get_close_matches(given, list(known), 3, cutoff=0.5)
