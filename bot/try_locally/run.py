"""Run a project's command once, and print what its card would show, what would be kept, and what to change."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from bot.domain.exit_codes import refined
from bot.domain.jobs.lost_results import results_not_stored
from bot.domain.logs.log_lines import raised
from bot.domain.metrics.progress_rows import advance, best_in_csv, parse_line, planned
from bot.domain.model.execution import Execution
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.request import Request
from bot.domain.model.run import Run
from bot.domain.model.states import EndReason, JobState
from bot.domain.parameters import complete, shown
from bot.domain.project import Project
from bot.errors import BadInput
from bot.try_locally.advice import advice
from bot.try_locally.checkout import Checkout
from bot.try_locally.job_process import JOB_ID, JobProcess, Place
from bot.try_locally.report import content, progress_line, report, say
from bot.try_locally.settings import read_project
from bot.try_locally.suggestion import Suggestion, suggestion
from trainer.contract import MANIFEST_JSON, METRICS_CSV, METRICS_MARK, parse_trouble

CARD_SECONDS = 1.0
"""Between two printed states of the card."""
_LOG_LINES = 200


@dataclass(frozen=True, slots=True)
class Options:
    """What was typed. `given` has texts such as `lr=0.1`."""

    config: Path
    project: str
    folder: Path
    results: Path
    given: Sequence[str]
    install: bool
    write: bool = False
    """Write what the project's section lacks into the config."""


def require_ready(folder: Path, results: Path) -> None:
    """Raises BadInput if a try can't begin: no commit, or results of another one."""
    Checkout(folder)
    _require_empty(results)


def run(options: Options, console: Console) -> int:
    """Return the command's exit code. Raises BadInput and ConfigError before anything runs."""
    project, checkout = read_project(options.config, options.project), Checkout(options.folder)
    parameters = complete(project.parameters, dict(map(_pair, options.given)))
    commit, place = checkout.commit, Place(_new_folder(options.results))
    missing = [name for name in project.secrets if not os.environ.get(name)]
    project = replace(project, secrets=tuple(name for name in project.secrets if name not in missing))
    job = Job(
        JOB_ID,
        Request(asker_id=0, asker_name="you", channel_id=0, interaction_id=0, created_at=time.time()),
        Run(project.name, commit, parameters, project.timeout_seconds),
        Execution(state=JobState.RUNNING, started_at=time.time()),
    )
    said = ", ".join(f"{name} {shown(value)}" for name, value in parameters.items())
    say(console, f'{project.name}: {commit.short} "{commit.subject}"' + (f" with {said}" if said else ""))
    for remark in checkout.remarks():
        say(console, remark)
    process = JobProcess(project, commit, parameters, checkout.root, place, install=options.install)
    job, log = _followed(job, project, process, console)
    suggested = suggestion(project, place, log)
    texts = list(advice(project, process.exit_code or 0, suggested, log, missing))
    if options.write and suggested.settings:
        suggested.write(options.config, project.name)
        project = read_project(options.config, project.name)
    report(_ended(job, project, process.exit_code or 0, log, place), project, place, console)
    for text in texts:
        say(console, f"\n{text}")
    _say_settings(suggested, options, project, console)
    if project.install and not options.install:
        say(console, f"\nJobs also install {project.install}; here it ran with your own packages (--install).")
    return process.exit_code or 0


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise BadInput(f'"{text}" is no parameter. Write name=value, such as lr=0.1')
    return name.lstrip("-"), value


def _new_folder(results: Path) -> Path:
    _require_empty(results)
    results.mkdir(parents=True, exist_ok=True)
    (results / ".gitignore").write_text("*\n")  # it may be in the repository, and is no part of it
    return results.resolve()


def _require_empty(results: Path) -> None:
    """Raises BadInput if something is there already: two runs in one folder would mix."""
    if results.exists() and any(results.iterdir()):
        raise BadInput(f"{results} is not empty. Delete it, or name another folder: --results")


def _say_settings(suggested: Suggestion, options: Options, project: Project, console: Console) -> None:
    if not suggested.settings:
        return
    if options.write:
        say(console, f"\nWritten to [projects.{project.name}] in {options.config}:")
    else:
        say(console, f"\nSet below [projects.{project.name}] in {options.config}, or with `signalbox try --write`:")
    for line in suggested.lines():
        say(console, f"  {line}")
    if not suggested.live:
        say(console, "Try once more to see them on the card.")


def _followed(job: Job, project: Project, process: JobProcess, console: Console) -> tuple[Job, list[str]]:
    """Print the log as it comes, and the card's line for each new row, at most one a second."""
    log: list[str] = []
    printed_at = 0.0
    try:
        for line in process.lines():
            log = [*log[-_LOG_LINES:], line]
            if METRICS_MARK in line and (row := parse_line(line, project.columns)):
                job = replace(job, progress=advance(job.progress, row, time.time(), project.goal))
                job = _with_total(job)
                if time.monotonic() - printed_at >= CARD_SECONDS:
                    printed_at = time.monotonic()
                    say(console, f"  card │ {progress_line(job, project)}", style="cyan")
            elif parse_trouble(line) is None:
                say(console, line)
    except KeyboardInterrupt:
        say(console, "\nStopping, as a job is stopped: the command has 12 s to end, and its files are stored.")
        process.stop()
        log += list(process.lines())
    return job, log


def _with_total(job: Job) -> Job:
    if job.progress.epochs is not None:
        return job
    return replace(job, progress=replace(job.progress, epochs=planned(job.progress.unit, job.run.parameters)))


def _ended(job: Job, project: Project, code: int, log: Sequence[str], place: Place) -> Job:
    trouble = next((found for line in reversed(log) if (found := parse_trouble(line))), None)
    detail = trouble.message if trouble else ""
    reason = EndReason.SUCCEEDED if code == 0 else refined(EndReason.COMMAND_FAILED, code, detail)
    now = time.time()
    if reason is EndReason.SUCCEEDED:
        detail = results_not_stored(content(place.results / MANIFEST_JSON))
    elif reason is EndReason.COMMAND_FAILED and not detail:
        detail = raised(log)
    attempt = Attempt(started_at=job.execution.started_at, stopped_at=now, exit_code=code)
    execution = replace(job.execution, attempts=(attempt,)).ended(reason or EndReason.COMMAND_FAILED, now, detail)
    csv = content(place.results / METRICS_CSV)
    best = best_in_csv(csv, project.columns, project.goal) if csv else None
    progress = job.progress
    if best is not None:
        progress = replace(progress, best=best.value, best_epoch=best.epoch)
    return replace(job, execution=execution, progress=progress)
