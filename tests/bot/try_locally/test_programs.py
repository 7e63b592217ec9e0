"""Programs in the manner of public ones, unmodified: found live, the right best, and what they left is kept."""

from pathlib import Path

import pytest

from bench.programs.listed import PROGRAMS
from bench.programs.program import Program, files
from tests.bot.try_locally.home import Home

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_program_runs_without_a_changed_line(program: Program, tmp_path: Path) -> None:
    home = Home(tmp_path)
    written = files(program)
    for name, content in written.items():
        (home.folder / name).write_text(content)
    home.commit(written["train.py"], parameters={}, **program.settings)
    code, said = home.run()
    assert code == 0, said
    assert f"metrics come from {program.source}" in said
    assert "  card │ " in said
    assert f"try succeeded: {program.metric} {program.best:g} at {program.at}" in said
    for name in program.kept:
        assert (home.results / "results" / "artifacts" / name).is_file()
    assert (home.results / "plot.png").is_file()
    assert "It has no metric" not in said
