"""The permission matrix: role x verb x channel x way of asking, each cell asked of the real bot.

`python -m tests.access.matrix` prints it. The ways come from the code's own lists; what each needs is written here, so
a new command, button or form without a line here is a mistake.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.chat import gate
from bot.chat.commands import all_commands
from bot.chat.interactions import Action
from tests.access.people import CHANNELS, GUILD, KINDS, PROJECTS, Kind, may
from tests.access.scene import Scene, playing
from tests.access.stored import HELD_MARK, approval_token, commit_of, draft_id, project_named, seed
from tests.access.wire import AUTOCOMPLETE, COMMAND, COMPONENT, FORM, PLACES, Asked, Json, option

STRING = 3
OF_NO_PROJECT = {
    "/spot": "cheapest now in",
    "/watches": "You watch no spot prices",
    f"button {Action.STOP_WATCH}": "There is no price that you watch",
}
"""Ways to prices, with what each answers: nobody here watches any."""
NEVER_GIVEN = "zzzzz"
"""The beginning of ids that no job has."""


@dataclass(frozen=True)
class Way:
    """One way of asking for something about a project. `needs` is a verb, or empty for everybody in the server."""

    name: str
    kind: int
    needs: str
    data: Callable[[str, Kind], Json]
    """From a project's stem (`apric` of apricot, or that of no project) and who asks."""
    effect: str = ""
    """The verb of the effect; empty for what only shows something."""


def command(name: str, **options: str) -> Json:
    given = [option(key, value, STRING) for key, value in options.items()]
    return {"id": "1", "name": name, "type": 1, "guild_id": str(GUILD), "options": given}


def _project_of(stem: str) -> str:
    return next((name for name in PROJECTS if name.startswith(stem)), f"{stem}berry")


def _job(name: str, number: str, **more: str) -> Callable[[str, Kind], Json]:
    return lambda stem, _: command(name, job=f"{stem}{number}", **more)


COMMANDS: dict[str, tuple[str, str, Callable[[str, Kind], Json]]] = {
    "train": ("train", "train", lambda stem, _: command("train", project=_project_of(stem))),
    "sweep": ("sweep", "sweep", lambda stem, _: command("sweep", space="lr=0.1,0.2", project=_project_of(stem))),
    "status": ("see", "", _job("status", "4")),
    "jobs": ("see", "", lambda *_: command("jobs", state="succeeded")),
    "logs": ("see", "", _job("logs", "2")),
    "plot": ("see", "", _job("plot", "4")),
    "artifacts": ("see", "", _job("artifacts", "4")),
    "spot": ("see", "", lambda *_: command("spot", type="g4dn.xlarge", regions="us")),
    "watches": ("see", "", lambda *_: command("watches")),
    "stop": ("stop own", "stop", _job("stop", "2a")),
    "retry": ("train", "train", _job("retry", "4")),
    "cost": ("see", "", lambda *_: command("cost", when="all time")),
    "audit": ("administer", "", _job("audit", "4")),
    "pause": ("administer", "", lambda *_: command("pause", reason="the bill")),
    "resume": ("administer", "", lambda *_: command("resume")),
    "help": ("see", "", lambda *_: command("help")),
}
OTHERS: dict[str, tuple[str, str, Callable[[str, Kind], Json]]] = {
    "stop of another's": ("stop any", "stop", _job("stop", "3a")),
    "retry of a sweep": ("sweep", "sweep", _job("retry", "6")),
    "status of everything": ("see", "", lambda *_: command("status")),
}
"""More ways of the same commands."""
BUTTONS: dict[str, tuple[str, str, Callable[[str, Kind], str]]] = {
    Action.STOP: ("stop own", "", lambda stem, _: f"{stem}2"),
    Action.CONFIRM_STOP: ("stop own", "stop", lambda stem, _: f"{stem}2b"),
    Action.STOP_WARNED: ("stop own", "", lambda stem, _: f"{stem}5"),
    Action.LEAVE: ("stop own", "", lambda stem, _: f"{stem}2"),
    Action.LOGS: ("see", "", lambda stem, _: f"{stem}2"),
    Action.PLOT: ("see", "", lambda stem, _: f"{stem}4"),
    Action.PLOT_BEST: ("see", "", lambda stem, _: f"{stem}6"),
    Action.RETRY: ("train", "train", lambda stem, _: f"{stem}4"),
    Action.RETRY_WITH: ("train", "train", lambda stem, _: f"{stem}9.200"),
    Action.RETRY_FAILED: ("sweep", "sweep", lambda stem, _: f"{stem}6"),
    Action.TRAIN_BEST: ("train", "", lambda stem, _: f"{stem}6"),
    Action.CONFIRM_SWEEP: ("sweep", "sweep", lambda stem, kind: draft_id(_project_of(stem), kind)),
    Action.CANCEL_SWEEP: ("see", "cancel", lambda stem, kind: draft_id(_project_of(stem), kind, "x")),
    Action.APPROVE: ("approve", "approve", lambda stem, _: f"{stem}7.{approval_token(stem, '7')}"),
    Action.CONTINUE: ("sweep", "continue", lambda stem, _: f"{stem}9a.{HELD_MARK}"),
    Action.CONTINUE_NEWEST: ("sweep", "continue", lambda stem, _: f"{stem}9b.{HELD_MARK}"),
    Action.CANCEL_HELD: ("stop own", "stop", lambda stem, _: f"{stem}9c.{HELD_MARK}"),
    Action.STOP_WATCH: ("see", "", lambda *_: "0"),
    Action.DECLINE: ("approve", "decline", lambda stem, _: f"{stem}8.{approval_token(stem, '8')}"),
}
FORMS: dict[str, tuple[str, str, Callable[[str, Kind], str]]] = {
    Action.TRAIN_BEST: ("train", "train", lambda stem, _: f"{stem}6.0"),
}
SUGGESTED: dict[tuple[str, str], str] = {
    ("train", "branch"): "train",
    ("train", "commit"): "train",
    ("train", "project"): "train",
    ("sweep", "space"): "sweep",
    ("sweep", "branch"): "sweep",
    ("sweep", "commit"): "sweep",
    ("sweep", "project"): "sweep",
    ("cost", "project"): "see",
    ("cost", "when"): "see",
    ("audit", "job"): "administer",
    ("audit", "project"): "administer",
    ("audit", "what"): "administer",
    ("status", "job"): "see",
    ("logs", "job"): "see",
    ("plot", "job"): "see",
    ("plot", "more"): "see",
    ("plot", "metrics"): "see",
    ("artifacts", "job"): "see",
    ("artifacts", "file"): "see",
    ("spot", "type"): "see",
    ("spot", "regions"): "see",
    ("stop", "job"): "stop own",
    ("retry", "job"): "train",
    ("retry", "branch"): "train",
    ("retry", "commit"): "train",
    **{(name, "set"): verb for name, verb in (("train", "train"), ("sweep", "sweep"), ("retry", "train"))},
}
"""Options with autocomplete, and what their suggestions need: the command's verb, for some project."""


def ways() -> Iterator[Way]:
    """Every way, from the lists of the code. KeyError for one that has no line above."""
    commands = all_commands([project_named(name) for name in PROJECTS])
    for each in commands:
        needs, effect, data = COMMANDS[each.name]
        yield Way(f"/{each.name}", COMMAND, needs, data, effect)
        for parameter in each.parameters:
            if parameter.autocomplete:
                yield _suggestions(each.name, str(parameter.display_name))
    for name, (needs, effect, data) in OTHERS.items():
        yield Way(name, COMMAND, needs, data, effect)
    for action in Action:
        needs, effect, target = BUTTONS[action]
        yield Way(f"button {action}", COMPONENT, needs, _clicked(action, target), effect)
    for action in gate.FORMS:
        needs, effect, target = FORMS[action]
        yield Way(f"form {action}", FORM, needs, _filled(action, target), effect)


def _suggestions(name: str, focused: str) -> Way:
    needs = SUGGESTED[name, focused]

    def data(stem: str, _: Kind) -> Json:
        made = command(name)
        made["options"] = [option("project", _project_of(stem), STRING)] if (name, "project") in SUGGESTED else []
        made["options"] += (
            [option("job", f"{stem}4", STRING)] if focused in ("metrics", "file") or name == "retry" else []
        )
        typed = {"job": stem, "more": stem, "space": "lr=0.1", "project": stem}.get(focused, "")
        made["options"] = [each for each in made["options"] if each["name"] != focused]
        made["options"].append(option(focused, typed, STRING, focused=True))
        return made

    return Way(f"/{name} {focused}: suggestions", AUTOCOMPLETE, needs, data)


def _clicked(action: str, target: Callable[[str, Kind], str]) -> Callable[[str, Kind], Json]:
    return lambda stem, kind: {"custom_id": f"sb:{action}:{target(stem, kind)}", "component_type": 2}


def _filled(action: str, target: Callable[[str, Kind], str]) -> Callable[[str, Kind], Json]:
    field = {"type": 4, "custom_id": "epochs", "value": "5"}
    rows = [{"type": 1, "components": [field]}]
    return lambda stem, kind: {"custom_id": f"sb:{action}:{target(stem, kind)}", "components": rows}


@dataclass(frozen=True)
class Cell:
    """One cell: whether it should have been done, and whether it was."""

    kind: Kind
    channel: str
    project: str
    way: Way
    expected: bool
    done: bool
    wrong: str
    """What else is wrong with it, empty if nothing."""


async def cells(scene: Scene, kind: Kind, channel: str) -> list[Cell]:
    return [await _cell(scene, kind, channel, project, way) for project in PROJECTS for way in ways()]


async def _cell(scene: Scene, kind: Kind, channel: str, project: str, way: Way) -> Cell:
    stem, place = project[:5], PLACES[len(way.name) % len(PLACES)] if kind.elsewhere else ""
    scene.effects.clear()
    scene.errors.clear()
    asked = await scene.ask(kind, CHANNELS[channel], way.kind, way.data(stem, kind), way.name, place=place)
    effects, entries = list(scene.effects), await scene.entries(asked)
    expected = _expected(way, kind, CHANNELS[channel], project)
    done = _did(way, effects, project) if way.effect else _showed(way, asked, project)
    wrong = [f"errors {scene.errors}"] if scene.errors else []
    if entries != (0 if kind.elsewhere or way.kind == AUTOCOMPLETE else 1):
        wrong.append(f"{entries} entries in the audit")
    if effects and not (done and expected):
        wrong.append(f"effects {effects}")
    if (asked.acknowledged_after is not None) is kind.elsewhere:
        wrong.append("answered" if kind.elsewhere else "not answered")
    if not expected and "may cost" in asked.text:
        wrong.append("refused for its cost, which nobody would ask about who may not do it")
    if "see" not in may(kind, CHANNELS[channel], project) and not kind.elsewhere:
        other = await scene.ask(kind, CHANNELS[channel], way.kind, way.data(NEVER_GIVEN, kind), way.name)
        if _without(other.text, NEVER_GIVEN) != _without(asked.text, stem):
            wrong.append(f"told apart: {asked.text[:300]} from {other.text[:300]}")
    return Cell(kind, channel, project, way, expected, done, "; ".join(wrong))


def _expected(way: Way, kind: Kind, channel: int, project: str) -> bool:
    """Suggestions are made to those who may use the command for some project, and about those that they may see."""
    if way.name.startswith(tuple(OF_NO_PROJECT)):
        return any(way.needs in may(kind, channel, each) for each in PROJECTS)
    if way.kind != AUTOCOMPLETE:
        return way.needs in may(kind, channel, project)
    somewhere = any(way.needs in may(kind, channel, each) for each in PROJECTS)
    if way.name.startswith("/cost when"):  # days are of no project
        return somewhere
    return somewhere and "see" in may(kind, channel, project)


def _did(way: Way, effects: list[object], project: str) -> bool:
    return any((each.verb, each.project) == (way.effect, project) for each in effects)  # type: ignore[attr-defined]


def _showed(way: Way, asked: Asked, project: str) -> bool:
    stem = project[:5]
    if way.kind == AUTOCOMPLETE and (" what:" in way.name or way.name.startswith(("/audit", "/cost when", "/spot"))):
        return bool(asked.choices)
    if way.kind == AUTOCOMPLETE:
        own = commit_of(project).sha if "commit" in way.name else "lr=0.1" if "space" in way.name else stem
        if " set:" in way.name:
            own = "lr"
        return any(own in each for each in asked.choices)
    if way.name == f"button {Action.TRAIN_BEST}":
        return any(answer.get("type") == 9 for answer in asked.answers)
    if way.name in OF_NO_PROJECT:
        return OF_NO_PROJECT[way.name] in asked.text
    if way.name in ("/audit", "/pause", "/resume"):
        return bool(asked.answers) and "Ask an admin" not in asked.text
    if way.name == f"button {Action.STOP}":
        return f"Stop {stem}2?" in asked.text
    return stem in asked.text and "There is no" not in asked.text


def _without(text: str, stem: str) -> str:
    return text.replace(_project_of(stem), "PROJECT").replace(stem, "STEM").replace(f"draft{stem[0]}", "DRAFT")


async def whole() -> list[Cell]:
    found: list[Cell] = []
    with tempfile.TemporaryDirectory() as folder:
        seeded = await seed(Path(folder) / "seeded.db")
        for number, (kind, channel) in enumerate((k, c) for k in KINDS for c in CHANNELS):
            (own := Path(folder) / str(number)).mkdir()
            async with playing(own, seeded) as scene:
                found += await cells(scene, kind, channel)
    return found


def main() -> int:
    found = asyncio.run(whole())
    wrong = [each for each in found if each.done is not each.expected or each.wrong]
    table = Table("who", "channel", "project", "may, of all ways of asking")
    for kind in KINDS:
        for channel in CHANNELS:
            for project in PROJECTS:
                mine = [c for c in found if (c.kind, c.channel, c.project) == (kind, channel, project)]
                done = [c.way.name for c in mine if c.done]
                table.add_row(kind.name, channel, project, f"{len(done)} of {len(mine)}: {', '.join(done)}")
    console = Console(width=220)
    console.print(table)
    for each in wrong:
        line = f"{each.kind.name} in {each.channel}, {each.project}, {each.way.name}: "
        console.print(f"{line}expected {each.expected}, was {each.done} {each.wrong}", markup=False)
    console.print(f"{len(found)} cells, {sum(each.done for each in found)} allowed, {len(wrong)} wrong")
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
