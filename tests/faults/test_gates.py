"""That the names of the gates say who called: a failure at one of 2,462 cuts is found by them."""

import re
from pathlib import Path

import bot.services
from tests.faults.gates import Gated, Gates
from tests.faults.stories import played, swept
from tests.support.fakes import FakeEngine

SERVICES = {path.stem for path in Path(bot.services.__file__).parent.rglob("*.py")}


def _callers(gates: Gates) -> set[str]:
    """Modules, from names like `before Store.change #17 (launch: submitted)`."""
    return {re.sub(r"^.*\(|(: .*)?\)$", "", name) for name in gates.names}


async def test_each_call_by_a_service_is_named_by_its_module() -> None:
    _, play = await played(swept)
    callers = _callers(play.first)
    assert callers <= SERVICES, f"no modules of the services: {callers - SERVICES}"
    assert len(callers) > 8


async def test_a_call_by_nobody_among_the_services_is_the_tests() -> None:
    gates = Gates()
    await Gated("Batch", FakeEngine(), gates).live("queue")
    assert gates.names == ["before Batch.live #1 (test)", "after Batch.live #1 (test)"]
    assert _callers(gates) == {"test"}
