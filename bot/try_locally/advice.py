"""What to change in the config or in the code, from what a try has shown."""

from collections.abc import Iterator, Sequence

from bot.domain.project import Project
from bot.try_locally.suggestion import Suggestion

_USAGE_ERROR = 2
"""argparse's and click's exit code for arguments that they do not take."""
_STOPPED = (0, 143)
"""The command came to its end, or was stopped by Ctrl-C."""
_MOST_NAMED = 8


def advice(
    project: Project, exit_code: int, suggested: Suggestion, log: Sequence[str], secrets_missing: Sequence[str]
) -> Iterator[str]:
    """One text each, but for what is to be set; nothing if all is well."""
    if exit_code == _USAGE_ERROR and (complaint := _complaint(log)):
        yield (
            f"Your code refused its arguments ({complaint}). Compare [projects.{project.name}.parameters] with its "
            "--help: `flag`, `action` and `flags` say how each one is written."
        )
    if secrets_missing:
        yield f"Not set here, so the command ran without: {', '.join(secrets_missing)}. Export them to try with them."
    if suggested.metrics:
        yield _other_metrics(project, suggested)
    elif not suggested.live and exit_code in _STOPPED:
        yield (
            "It left no metrics. The shortest way to have some: print a line such as `epoch=3 val_loss=0.2` after each "
            "epoch, or `from trainer import report`."
        )


def _complaint(log: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(log) if "error:" in line.lower()), "")


def _other_metrics(project: Project, suggested: Suggestion) -> str:
    names = ", ".join(suggested.metrics[:_MOST_NAMED]) + (", …" if len(suggested.metrics) > _MOST_NAMED else "")
    if not suggested.live:
        where = "in a file" if ("metrics_file",) in suggested.settings else "in lines of its log"
        return f"Its metrics were not found, as they are {where} that follows no custom: {names}."
    text = f'It has no metric "{project.metric}", so no result counts as the best. It has {names}.'
    if not suggested.undecided:
        return text
    return (
        f"{text} Choose one, and say whether more of it is better, as its name does not tell:\n"
        f'  metric = "{suggested.undecided}"\n  goal = "minimize"   # or "maximize"'
    )
