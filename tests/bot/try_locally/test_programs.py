"""Programs in the manner of public ones, unmodified: found live, the right best, and what they left is kept."""

import inspect
from pathlib import Path

import pytest

from tests.bot.try_locally.home import Home
from tests.bot.try_locally.programs import PROGRAMS, ROWS, Program
from tests.trainer.metrics.formats import writers

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_program_runs_without_a_changed_line(program: Program, tmp_path: Path) -> None:
    home = Home(tmp_path)
    (home.folder / "logger.py").write_text(inspect.getsource(writers))
    home.commit(ROWS + program.script, parameters={}, metric=program.metric, **program.config)
    code, said = home.run()
    best = "90" if "acc" in program.metric or "rew" in program.metric or "return" in program.metric else "0.3"
    best = "0.9" if program.name.startswith("Keras") else best
    assert code == 0, said
    assert f"metrics come from {program.source}" in said
    assert "  card │ " in said
    assert f"try succeeded: {program.metric} {best} at {program.at}" in said
    for name in program.kept:
        assert (home.results / "results" / "artifacts" / name).is_file()
    assert (home.results / "plot.png").is_file()
    assert "It has no metric" not in said
