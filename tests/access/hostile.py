"""Thousands of generated inputs as six kinds of people against the real chat and services.

`python -m tests.access.hostile --inputs 50000 --seed 1` prints the counts, and exits with 1 if one is not 0 that must
be. The same seed makes the same inputs; each round begins with a fresh store.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bot.chat.buttons.views import JobButton
from bot.chat.commands import all_commands
from tests.access.inputs import Input, inputs
from tests.access.matrix import command
from tests.access.people import BLUEBERRY_MOST_USD, KINDS, LOBBY, PROJECTS, VIEWER, Kind, may, public
from tests.access.scene import Effect, Scene, playing
from tests.access.stored import GONE, project_named, seed
from tests.access.wire import COMMAND, Asked

ROUND = 500
ACKNOWLEDGE_SECONDS = 3.0
"""Discord's deadline: https://docs.discord.com/developers/interactions/receiving-and-responding"""
OTHERS_EVERY = 10
"""After so many inputs, somebody else asks something at the same time."""


@dataclass
class Counts:
    inputs: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    by_way: Counter[str] = field(default_factory=Counter)
    permitted: Counter[str] = field(default_factory=Counter)
    """Effects that happened and were allowed, by person and verb."""
    wrong: list[str] = field(default_factory=list)
    """Effects that were not permitted, leaks and answers in public that should be private."""
    errors: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    late: int = 0
    others: int = 0
    slowest_other: float = 0.0

    @property
    def bad(self) -> list[str]:
        late = [f"{self.late} acknowledged late"] if self.late else []
        return [*self.wrong, *self.errors, *self.unanswered, *late]

    def lines(self) -> list[str]:
        return [
            f"{self.inputs:,} inputs: " + ", ".join(f"{name} {count:,}" for name, count in self.by_kind.items()),
            "ways: " + ", ".join(f"{name} {count:,}" for name, count in self.by_way.most_common(12)),
            f"permitted effects: {self.permitted.total():,}: {dict(self.permitted)}",
            f"effects not permitted, leaks, public answers that should be private: {len(self.wrong)}",
            f"unhandled errors: {len(self.errors)}",
            f"members left without an answer: {len(self.unanswered)}",
            f"others: {self.others:,} asked meanwhile, {self.late} late, the slowest after {self.slowest_other:.3f} s",
            *self.bad[:20],
        ]


async def play(total: int, seed_number: int) -> Counts:
    counts = Counts()
    commands = all_commands([project_named(name) for name in PROJECTS])
    with tempfile.TemporaryDirectory() as folder:
        seeded = await seed(Path(folder) / "seeded.db")
        for number in range(-(-total // ROUND)):
            (own := Path(folder) / str(number)).mkdir()
            random = Random(f"{seed_number} {number}")
            async with playing(own, seeded) as scene:
                for _ in range(min(ROUND, total - counts.inputs)):
                    kind = random.choice(KINDS)
                    given = inputs(random, commands, kind, list(scene.ids))
                    await _one(scene, kind, given, counts, f"seed {seed_number}, round {number}")
                await _alive(scene, counts)
    return counts


async def _one(scene: Scene, kind: Kind, given: Input, counts: Counts, where: str) -> None:
    scene.effects.clear()
    scene.errors.clear()
    counts.inputs += 1
    counts.by_kind[kind.name] += 1
    counts.by_way[given.what] += 1
    before = dict(scene.ids)
    asking = scene.ask(kind, given.channel, given.kind, given.data, given.what, place=given.place)
    if counts.inputs % OTHERS_EVERY:
        asked = await asking
    else:
        asked, other = await asyncio.gather(asking, _other(scene))
        _count_other(other, counts)
    what = f"{where}: {kind.name} in {given.channel}: {given.what} {asked.typed[:300]}"
    counts.errors += [f"{what}: {error}" for error in scene.errors]
    for effect in scene.effects:
        if _allowed(effect, kind, given.channel):
            counts.permitted[f"{kind.name} {effect.verb}"] += 1
        else:
            counts.wrong.append(f"{what}: {effect}")
    counts.wrong += [f"{what}: {leak}" for leak in _leaks(asked, {**before, **scene.ids})]
    if kind.elsewhere and asked.answers:
        counts.wrong.append(f"{what}: answered elsewhere")
    if not kind.elsewhere and asked.acknowledged_after is None and _is_ours(given):
        counts.unanswered.append(what)


def _allowed(effect: Effect, kind: Kind, channel: int) -> bool:
    """By the hand-written table, with the words of the effects."""
    verbs = may(kind, channel, effect.project)
    if effect.verb == "cancel":
        return "see" in verbs and effect.owner == kind.id
    if effect.verb == "stop":
        return "stop any" in verbs or ("stop own" in verbs and effect.owner == kind.id)
    affordable = kind.name != "miller" or effect.usd <= BLUEBERRY_MOST_USD
    return effect.verb in verbs and effect.owner == kind.id and affordable


def _leaks(asked: Asked, ids: dict[str, str]) -> list[str]:
    """Words of projects that the person may not see, and that they have not typed themselves."""
    found = []
    for project in (*PROJECTS, GONE):
        words = [project, *(each for each, of in ids.items() if of == project)]
        told = [word for word in words if word in asked.text and word not in asked.typed]
        if told and "see" not in may(asked.kind, asked.channel, project):
            found.append(f"leaks {told[:3]}: {asked.text[:300]}")
        elif told and asked.public and not public(asked.channel, project):
            found.append(f"public {told[:3]}")
    return found


def _is_ours(given: Input) -> bool:
    """Whether an answer is due: other programs' buttons, and what only a forger can send, need none."""
    if given.what.startswith("button"):
        return bool(JobButton.__discord_ui_compiled_template__.fullmatch(given.data["custom_id"]))
    return given.what != "forged"


async def _other(scene: Scene) -> Asked:
    return await scene.ask(VIEWER, LOBBY, COMMAND, command("jobs"), "other")


def _count_other(other: Asked, counts: Counts) -> None:
    counts.others += 1
    after = other.acknowledged_after
    counts.late += after is None or after > ACKNOWLEDGE_SECONDS
    counts.slowest_other = max(counts.slowest_other, after or 0.0)


async def _alive(scene: Scene, counts: Counts) -> None:
    other = await _other(scene)
    _count_other(other, counts)
    if "latest jobs" not in other.text:
        counts.errors.append(f"the bot no longer answers: {other.text[:300]}")


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    began = time.monotonic()
    counts = asyncio.run(play(given.inputs, given.seed))
    print("\n".join(counts.lines()))  # noqa: T201
    print(f"{time.monotonic() - began:.0f} s")  # noqa: T201
    return min(len(counts.bad), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
