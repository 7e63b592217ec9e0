"""Interrupt a training with Lightning and one with Hugging Face's Trainer, and let them resume by config alone.

    python -m bench.resumed [lightning] [transformers] [--python PATH] [--log]

Each runs through the job's entrypoint: once as a whole, and once ended by SIGTERM after its first stored checkpoint and
started again on an empty disk. It must end with the same weights, and with the same steps in metrics.csv. The
frameworks are no dependencies of ours: `--python` names an environment that has them. Exits with code 1 if one differs.
"""

import sys
from typing import Annotated

import typer

from bench.resumed.experiment import FRAMEWORKS, installed, run

INSTALL = "python -m venv /tmp/frameworks && /tmp/frameworks/bin/pip install lightning transformers accelerate"


def main(
    packages: Annotated[list[str] | None, typer.Argument(help="Which of them; all by default.")] = None,
    python: Annotated[str, typer.Option(help="A Python with the frameworks.")] = sys.executable,
    *,
    log: Annotated[bool, typer.Option("--log", help="Also print the attempts' logs.")] = False,
) -> None:
    good = True
    for framework in FRAMEWORKS:
        if packages and framework.package not in packages:
            continue
        version = installed(python, framework.package)
        if not version:
            typer.echo(f"{framework.name}: skipped, {framework.package} is not installed in {python}.\n  {INSTALL}")
            typer.echo("  python -m bench.resumed --python /tmp/frameworks/bin/python")
            continue
        outcome = run(framework, python)
        typer.echo(f"{framework.name} {version}: resumed from {outcome.checkpoint}")
        typer.echo(f"  command: {outcome.second.words}")
        typer.echo(f"  steps in metrics.csv: {len(outcome.steps)}, uninterrupted {len(outcome.whole_steps)}")
        typer.echo(f"  final weights: {outcome.second.weights}, uninterrupted {outcome.whole.weights}")
        for problem in outcome.problems:
            typer.echo(f"  PROBLEM: {problem}")
        if log:
            typer.echo(f"---- interrupted\n{outcome.first.log}\n---- resumed\n{outcome.second.log}")
        good = good and not outcome.problems
    raise typer.Exit(0 if good else 1)


if __name__ == "__main__":
    typer.run(main)
