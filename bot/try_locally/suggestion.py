"""The settings that make a project's best result known, from the metrics that a try has shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.config import config_file
from bot.domain.metric_names import more_is_better
from bot.domain.project import Project
from bot.domain.stack import Key
from bot.try_locally.job_process import Place
from bot.try_locally.left_tables import counter_of, known_tables, metrics_of, odd_table
from bot.try_locally.line_pattern import pattern_in
from bot.try_locally.metric_choice import likeliest
from trainer.contract import METRICS_CSV
from trainer.metrics.tables.csv_table import read_csv
from trainer.metrics.tables.grid import Grid


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`settings` by their keys within the project's section, none if it is right as it is."""

    settings: Mapping[Key, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    """The metrics that were seen, if the project's own is not among them."""
    undecided: str = ""
    """The likeliest metric, if its name does not tell whether more is better."""
    live: bool = True
    """False if this try has not shown them: jobs find them only with these settings."""

    def lines(self) -> list[str]:
        """As TOML below the project's header. A setting of a section of its own is written with a dot."""
        return [config_file.line(".".join(map(_quoted, key)), value) for key, value in self.settings.items()]

    def write(self, config: Path, project: str) -> None:
        """Set them in the file."""
        text, _ = config_file.read(config, "")
        changes = {("projects", project, *key): value for key, value in self.settings.items()}
        config_file.replace(config, config_file.written(text, changes))


def suggestion(project: Project, place: Place, log: Sequence[str]) -> Suggestion:
    """What to set, after a run."""
    path = place.results / METRICS_CSV
    grid = read_csv(path.read_bytes()) if path.is_file() else Grid()
    names = metrics_of(grid)
    settings: dict[Key, str] = {}
    if not project.columns and (counter := counter_of(grid)):
        settings["columns", "epoch"] = counter
        names = tuple(name for name in names if name != counter)
    if project.metric in (*names, *project.columns):
        return Suggestion(settings)
    names = tuple(dict.fromkeys([*names, *(name for table in known_tables(place) for name in table.metrics)]))
    live = bool(names)
    if not names and (table := odd_table(place)):
        names = table.metrics
        settings["metrics_file",] = table.pattern
    if not names and (patterns := pattern_in(log)):
        names = tuple(patterns)
        settings |= {("metric_patterns", name): pattern for name, pattern in patterns.items()}
    return _with_metric(Suggestion(settings, names, live=live), project)


def _with_metric(found: Suggestion, project: Project) -> Suggestion:
    if not found.metrics or project.metric in found.metrics:
        return found
    best = likeliest(project.metric, found.metrics)
    more = more_is_better(best)
    if more is None:
        return Suggestion(found.settings, found.metrics, best, found.live)
    metric: dict[Key, str] = {("metric",): best, ("goal",): "maximize" if more else "minimize"}
    return Suggestion({**metric, **found.settings}, found.metrics, live=found.live)


def _quoted(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else f'"{name}"'
