"""The comparison as a table: programs by tools."""

from collections.abc import Mapping

from bench.peers.integrations import CLEARML, MLFLOW, PACKAGES, TENSORBOARD, WEIGHTS
from bench.peers.peer_programs import EPOCHS, PeerProgram
from bench.peers.peer_runs import CONFIG, OURS, Seen

BEGIN, END = "<!-- peers: python -m bench.peers writes this table -->", "<!-- end of peers -->"
COLUMNS = (OURS, CLEARML, MLFLOW, WEIGHTS, TENSORBOARD)
MISSING = "not installed"
assert set(COLUMNS) == {OURS, *PACKAGES}


def row(program: PeerProgram, seen: Mapping[str, Seen]) -> Mapping[str, str]:
    """One program's line, by column. A tool that is not in `seen` was missing."""
    cells = {tool: cell(program, tool, seen[tool]) if tool in seen else MISSING for tool in COLUMNS}
    return {"program": program.name, **cells}


def cell(program: PeerProgram, tool: str, seen: Seen) -> str:
    """For example `4 lines; live 2 of 2; files 1 of 1`."""
    if seen.trouble:
        return f"failed: {seen.trouble}"
    lines = f"{seen.lines} lines" if seen.lines != 1 else "1 line"
    config = f" and {len(CONFIG)} of config" if tool == OURS else ""
    lost = f", {seen.rows} of {EPOCHS} in the end" if seen.rows != EPOCHS else ""
    return f"{lines}{config}; live {seen.live} of {EPOCHS - 1}{lost}; files {seen.kept} of {len(program.kept)}"


def heading(versions: Mapping[str, str], date: str) -> str:
    """The sentence above the table: what was measured, and when."""
    named = ", ".join(f"{tool} {versions[tool]}" for tool in COLUMNS if tool in versions)
    return f"Measured on {date} with {named}, all of them offline:\n\n"
