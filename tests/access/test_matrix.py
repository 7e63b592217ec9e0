"""Who may do what, where and by which way of asking: every cell of the matrix, and that no way is missing in it."""

from pathlib import Path

import pytest
import pytest_asyncio

from bot.chat import gate
from bot.chat.commands import all_commands
from bot.chat.interactions import Action
from bot.domain.access import Verb
from bot.domain.texts.command_names import COMMANDS
from tests.access.matrix import cells, ways
from tests.access.people import CHANNELS, KINDS, Kind
from tests.access.scene import playing
from tests.access.stored import project_named, seed

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return await seed(tmp_path_factory.mktemp("seeded") / "seeded.db")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_every_way_of_asking_is_answered_as_granted(
    kind: Kind, channel: str, seeded: Path, tmp_path: Path
) -> None:
    async with playing(tmp_path, seeded) as scene:
        found = await cells(scene, kind, channel)
    assert len(found) > 80
    wrong = [(each.project, each.way.name, each.expected, each.done, each.wrong) for each in found]
    assert [each for each in wrong if each[2] is not each[3] or each[4]] == []


async def test_every_command_button_and_form_declares_what_it_needs() -> None:
    registered = {command.name for command in all_commands([project_named("apricot")])}
    assert set(gate.COMMANDS) == registered == set(COMMANDS)
    assert set(gate.BUTTONS) == set(Action)
    assert {verb for needs in gate.COMMANDS.values() for verb in needs} <= set(Verb)
    assert not [name for name, needs in gate.COMMANDS.items() if not needs and name != "help"]
    assert len(list(ways())) == len({way.name for way in ways()})
