"""Name the curves of a picture by what differs, and head it with what they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.model.rows import Posted
from bot.domain.numbers import told_apart
from bot.domain.parameters import Value, shown

FEW, LONG = 3, 28
"""Of more curves than `FEW`, a label has room for `LONG` characters."""
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
    """A label is the job's id, then project, branch, commit and parameters, each only if it is not the same for all.

    Trials of one sweep are labelled `.3`. If there is no room for names and values, labels have the values alone, and
    `shared` names the parameters.
    """
    facts = [_facts(job) for job in jobs]
    names = list(dict.fromkeys(name for each in facts for name in each))
    differing = [name for name in names if len({_key(each.get(name)) for each in facts}) > 1]
    alike = {name: facts[0][name] for name in names if name not in differing}
    alike.pop(_PROJECT, None)  # it is in the title
    sweep = _sweep(jobs)
    ids = [job.id.removeprefix(sweep) for job in jobs]
    texts = _texts(differing, facts)
    labels = [" ".join([name, *_words(each)]) for name, each in zip(ids, texts, strict=True)]
    shared = [*_words({name: value for name, value in alike.items() if not isinstance(name, str)})]
    shared.append(" ".join(_words({name: value for name, value in alike.items() if isinstance(name, str)})))
    parameters = [name for name in differing if isinstance(name, str)]
    if len(jobs) > FEW and len(parameters) > 1 and max(map(len, labels)) > LONG:
        labels = [" ".join([name, *_words(each, named=False)]) for name, each in zip(ids, texts, strict=True)]
        shared.insert(0, f"by {', '.join(parameters)}")
    projects = ", ".join(dict.fromkeys(job.run.project for job in jobs))
    count = f"{sweep}: {len(jobs)} trials" if sweep else f"{len(jobs)} jobs"
    title = f"{projects} {jobs[0].id}" if len(jobs) == 1 else f"{projects}{' ' if sweep else ': '}{count}"
    return CurveNames(title, "   ".join(filter(None, shared)), tuple(labels))


def _sweep(jobs: Sequence[Posted]) -> str:
    """The sweep whose trials all of them are; "" if there is none."""
    sweeps = {job.id.partition(".")[0] for job in jobs}
    return sweeps.pop() if len(jobs) > 1 and len(sweeps) == 1 and all("." in job.id for job in jobs) else ""


def _texts(differing: Sequence[_Name], facts: Sequence[Mapping[_Name, Value]]) -> list[dict[_Name, str]]:
    """What differs, as text: numbers with as many digits as tell them apart."""
    texts: list[dict[_Name, str]] = [{} for _ in facts]
    for name in differing:
        values = [each[name] for each in facts if name in each]
        numbers = [value for value in values if isinstance(value, float)]
        short = dict(zip(numbers, told_apart(numbers), strict=True)) if len(numbers) == len(values) else {}
        for each, text in zip(facts, texts, strict=True):
            if name in each:
                value = each[name]
                text[name] = short[value] if isinstance(value, float) and value in short else shown(value)
    return texts


def _facts(job: Posted) -> dict[_Name, Value]:
    commit = job.run.commit
    own: dict[_Name, Value] = {_PROJECT: job.run.project, _BRANCH: commit.branch, _COMMIT: commit.short}
    return own | dict(job.run.parameters)


def _key(value: Value | None) -> tuple[str, str]:
    return type(value).__name__, str(value)


def _words(facts: Mapping[_Name, Value], *, named: bool = True) -> list[str]:
    """`main@a1b2c3d`, `lr=0.1`; a commit alone is `@a1b2c3d`."""
    words = [str(facts[_PROJECT])] if _PROJECT in facts else []
    at = f"{facts.get(_BRANCH, '')}{f'@{facts[_COMMIT]}' if _COMMIT in facts else ''}"
    words += [at] if at else []
    own = [(name, shown(value)) for name, value in facts.items() if isinstance(name, str)]
    return words + [f"{name}={value}" if named else value for name, value in own]
