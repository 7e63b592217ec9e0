"""Jobs that no command of this bot made: of a project that has left the config, of another version, of another bot."""

import random
from collections.abc import Iterator, Mapping

from bot.domain.project import Project
from bot.ports.engine import SubmitCall
from bot.services.jobs.submit_call import (
    ASKER_TAG,
    BOT_TAG,
    CHANNEL_TAG,
    INTERACTION_TAG,
    JOB_TAG,
    PROJECT_TAG,
)
from tests.faults.lives.fates import Fate, Wrong

STRANGER = Fate(Wrong.OVERTIME, 0.0, 1e6, 60.0, 20.0, 20.0, (), 1.0, gpu=False)
"""It goes on for as long as nobody ends it."""
OTHER_BOT = "another"


def strangers(drawn: random.Random, project: Project) -> Iterator[SubmitCall]:
    number = 0
    while True:
        number += 1
        kind = drawn.choice(("gone", "unreadable", OTHER_BOT))
        tags = {
            JOB_TAG: f"x{number}",
            BOT_TAG: OTHER_BOT if kind == OTHER_BOT else "signalbox",
            PROJECT_TAG: "gone" if kind == "gone" else project.name,
            CHANNEL_TAG: "77",
            ASKER_TAG: "10",
            INTERACTION_TAG: str(10**9 + number),
        }
        environment: Mapping[str, str] = {"JOB_ID": f"x{number}"}
        yield SubmitCall(f"signalbox-{kind}-x{number}", project.queue, "d", ("t",), environment, tags, 3_600)
