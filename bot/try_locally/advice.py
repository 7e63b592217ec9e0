"""What to change in the config or in the code, from what a try has shown."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from bot.domain.metric_names import more_is_better
from bot.domain.project import Project

_USAGE_ERROR = 2
"""argparse's and click's exit code for arguments that they do not take."""
_MOST_NAMED = 8


def advice(
    project: Project, exit_code: int, columns: Sequence[str], log: Sequence[str], secrets_missing: Sequence[str]
) -> Iterator[str]:
    """One line each; nothing if all is well."""
    if exit_code == _USAGE_ERROR and (complaint := _complaint(log)):
        yield (
            f"Your code refused its arguments ({complaint}). Compare [projects.{project.name}.parameters] with its "
            "--help: `flag`, `action` and `flags` say how each one is written."
        )
    if secrets_missing:
        yield f"Not set here, so the command ran without: {', '.join(secrets_missing)}. Export them to try with them."
    if exit_code == 0:
        yield from _metric(project, columns)


def _complaint(log: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(log) if "error:" in line.lower()), "")


def _metric(project: Project, columns: Sequence[str]) -> Iterator[str]:
    if not columns:
        yield (
            "It left no metrics. The shortest way to have some: print a line such as `epoch=3 val_loss=0.2` after each "
            "epoch, or `from trainer import report`."
        )
        return
    if project.metric in columns:
        return
    known = {name: more for name in columns if (more := more_is_better(name)) is not None}
    best = _likeliest(project.metric, columns, known)
    goal = "" if best in known else '\n  goal = "minimize"   # or "maximize": the name does not tell'
    names = ", ".join(columns[:_MOST_NAMED]) + (", …" if len(columns) > _MOST_NAMED else "")
    yield (
        f'It has no metric "{project.metric}", so no result counts as the best. It has {names}. For example:\n'
        f'  metric = "{best}"{goal}'
    )


def _likeliest(wanted: str, columns: Sequence[str], known: Mapping[str, bool]) -> str:
    """The name that is nearly the wanted one, or a validation metric, or any whose direction is clear."""
    near = get_close_matches(wanted, columns, 1, cutoff=0.8)
    held_out = [name for name in known if any(word in name.lower() for word in ("val", "test", "eval", "reward"))]
    more_first = sorted(held_out or known, key=lambda name: not known[name])
    return next(iter([*near, *more_first, *columns]))
