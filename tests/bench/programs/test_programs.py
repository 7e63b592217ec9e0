"""Programs that know nothing of Signalbox, as jobs of one sandbox bot. The others run in
`tests/bot/try_locally/test_programs.py` and by `python -m bench programs`."""

import pytest

from bench.benchmarks.foreign_programs import SMALL
from bench.programs.listed import PROGRAMS
from bench.programs.observe import observe

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive, pytest.mark.timeout(300)]


async def test_programs_are_live_on_the_card_and_end_with_the_right_plot_and_their_files() -> None:
    programs = [each for each in PROGRAMS if each.name in SMALL]
    assert len(programs) == len(SMALL)
    for each in await observe(programs):
        assert each.ran, each.verdict
        assert each.live is not None, each.program.name
        assert not each.wrong
        assert each.kept == len(each.program.kept)
