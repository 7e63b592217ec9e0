"""A training repository with its config, to try."""

import io
from pathlib import Path

import tomli_w
from rich.console import Console

from bot.try_locally.run import Options, run
from tests.support.git import git

PARAMETERS = {
    "lr": {"type": "float", "default": 0.1},
    "epochs": {"type": "int", "default": 3},
}


class Home:
    """A training repository and its config."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config, self.results = folder / "code", folder / "config.toml", folder / "results"
        self.folder.mkdir()
        git(self.folder, "init", "-qb", "main")

    def commit(self, script: str, **settings: object) -> None:
        (self.folder / "train.py").write_text(script)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "-qm", "Train the arm")
        project = {
            "repository": "https://github.com/lab/arm.git",
            "command": ["python", "train.py"],
            "queue": "q",
            "job_definition": "d",
            "bucket": "b",
            "parameters": PARAMETERS,
            **settings,
        }
        self.config.write_text(tomli_w.dumps({"projects": {"arm": project}}))

    def run(self, *given: str, project: str = "", write: bool = False) -> tuple[int, str]:
        output = io.StringIO()
        options = Options(self.config, project, self.folder, self.results, given, install=False, write=write)
        return run(options, Console(file=output, width=200)), output.getvalue()
