"""Name the curves of a picture by what differs, and head it with what they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.model.rows import Posted
from bot.domain.parameters import Value, shown

_PROJECT, _BRANCH, _COMMIT = ("project",), ("branch",), ("commit",)
_Name = str | tuple[str]
"""A parameter's name. What is no parameter is in a tuple, so that a parameter may be called `branch`."""


@dataclass(frozen=True, slots=True)
class CurveNames:
    """`labels` are in the order of the jobs; `shared` describes all of them."""

    title: str
    shared: str
    labels: tuple[str, ...]


def curve_names(jobs: Sequence[Posted]) -> CurveNames:
    """A label is the job's id, then project, branch, commit and parameters, each only if it is not the same for all."""
    facts = [_facts(job) for job in jobs]
    names = list(dict.fromkeys(name for each in facts for name in each))
    differing = [name for name in names if len({_key(each.get(name)) for each in facts}) > 1]
    alike = {name: facts[0][name] for name in names if name not in differing}
    labels = tuple(
        " ".join([job.id, *_words({name: each[name] for name in differing if name in each})])
        for job, each in zip(jobs, facts, strict=True)
    )
    projects = ", ".join(dict.fromkeys(job.run.project for job in jobs))
    title = f"{projects} {jobs[0].id}" if len(jobs) == 1 else f"{projects}: {len(jobs)} jobs"
    alike.pop(_PROJECT, None)  # it is in the title
    return CurveNames(title, "   ".join(_words(alike)), labels)


def _facts(job: Posted) -> dict[_Name, Value]:
    commit = job.run.commit
    own: dict[_Name, Value] = {_PROJECT: job.run.project, _BRANCH: commit.branch, _COMMIT: commit.short}
    return own | dict(job.run.parameters)


def _key(value: Value | None) -> tuple[str, str]:
    return type(value).__name__, str(value)


def _words(facts: Mapping[_Name, Value]) -> list[str]:
    """`main@a1b2c3d`, `lr=0.1`; a commit alone is `@a1b2c3d`."""
    words = [str(facts[_PROJECT])] if _PROJECT in facts else []
    at = f"{facts.get(_BRANCH, '')}{f'@{facts[_COMMIT]}' if _COMMIT in facts else ''}"
    words += [at] if at else []
    return words + [f"{name}={shown(value)}" for name, value in facts.items() if isinstance(name, str)]
