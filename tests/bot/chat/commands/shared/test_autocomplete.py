from types import SimpleNamespace
from typing import cast

import pytest

from bot.chat.commands.shared import autocomplete
from bot.chat.interactions import Interaction
from bot.domain.access import Person
from bot.errors import Missing
from tests.bot.chat.services import FakeServices


class Trials:
    async def metric_names(self, name: str, _: Person) -> list[str]:
        if not name:
            raise Missing("no job")
        return ["val_accuracy", "train_loss", "val_loss", "f1|macro"]


async def complete(text: str, job: str = "k7q2mx") -> list[str]:
    client = SimpleNamespace(services=SimpleNamespace(one_trial=Trials(), rates=FakeServices().rates))
    interaction = SimpleNamespace(
        client=client, user=SimpleNamespace(id=1, display_name="Mika"), namespace=SimpleNamespace(job=job)
    )
    return [choice.value for choice in await autocomplete.metrics(cast("Interaction", interaction), text)]


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("", ["val_accuracy", "train_loss", "val_loss", "f1|macro"]),
        ("LOSS", ["train_loss", "val_loss"]),
        ("val_loss, ", ["val_loss, val_accuracy", "val_loss, train_loss", "val_loss, f1|macro"]),
        ("val_loss,f1", ["val_loss, f1|macro"]),
        ("nothing", []),
    ],
)
async def test_metrics_of_the_job_are_suggested(text: str, choices: list[str]) -> None:
    assert await complete(text) == choices


async def test_without_a_job_nothing_is_suggested() -> None:
    assert await complete("", job="") == []
