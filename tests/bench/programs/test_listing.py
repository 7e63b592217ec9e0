"""The table of programs, and when a plot counts as the right one."""

from pathlib import Path

import pytest

from bench.benchmarks.foreign_programs import figures
from bench.programs.listed import PROGRAMS
from bench.programs.listing import BEGIN, DOCS, END, cells, config_lines, markdown, replaced
from bench.programs.observe import Observed, what_is_wrong
from bench.report.figures import Verdict

ROOT = Path(__file__).parents[3]
YOLO = next(each for each in PROGRAMS if each.name.startswith("YOLO"))
VERDICT = "k7q2mx succeeded: val/box_loss 0.3 at epoch 3 of 4"
CURVES = "train/box_loss, val/box_loss, metrics/mAP50(B)"
DRAWN = f"yolo k7q2mx: curves of {CURVES} over epoch. Best val/box_loss 0.3 at epoch 3."
TABLE = b"epoch,train/box_loss,val/box_loss\n1,1,1\n3,0.3,0.3\n"


def test_the_page_lists_every_program_with_the_columns_of_the_command() -> None:
    """Times and verdicts are the command's."""
    text = (ROOT / DOCS).read_text()
    lines = text.partition(BEGIN)[2].partition(END)[0].strip().splitlines()
    header, names = (
        [cell.strip() for cell in lines[0].strip("|").split("|")],
        [line.split("|")[1] for line in lines[2:]],
    )
    assert header == list(cells(Observed(YOLO, VERDICT, 1.0, "", 1)))
    assert [name.strip() for name in names] == [program.name for program in PROGRAMS]
    assert len(PROGRAMS) >= 12


def test_every_program_takes_one_line_of_config() -> None:
    assert {config_lines(program) for program in PROGRAMS} == {1}


def test_the_right_plot_has_nothing_wrong() -> None:
    assert not what_is_wrong(YOLO, VERDICT, DRAWN, TABLE)


@pytest.mark.parametrize(
    ("verdict", "drawn", "table", "wrong"),
    [
        (VERDICT.replace("0.3", "0.4"), DRAWN, TABLE, "its result should say val/box_loss 0.3 at epoch 3"),
        (VERDICT, "", TABLE, "it has no plot"),
        (VERDICT, DRAWN.replace("train/box_loss, ", ""), TABLE, "train/box_loss not drawn over epoch"),
        (VERDICT, DRAWN.replace("over epoch", "over step"), TABLE, "not drawn over epoch"),
        (VERDICT, DRAWN.partition(" Best")[0], TABLE, "the best is not marked"),
        (VERDICT, DRAWN, TABLE.replace(b"train/box_loss", b"train/cls_loss"), "are not one panel"),
    ],
)
def test_a_wrong_plot_is_named(verdict: str, drawn: str, table: bytes, wrong: str) -> None:
    assert wrong in what_is_wrong(YOLO, verdict, drawn, table)


def test_figures_count_what_each_program_showed() -> None:
    good = Observed(YOLO, VERDICT, 4.0, "", 1)
    assert all(figure.verdict is Verdict.GOOD for figure in figures([good, good]))
    bad = Observed(YOLO, "k7q2mx failed", None, "it has no plot", 0)
    found = {figure.what: figure for figure in figures([good, bad])}
    missed = {what for what, figure in found.items() if figure.verdict is Verdict.MISSED}
    assert missed == {
        "programs that ran",
        "with a live card",
        "with the right plot",
        "files kept of those that they leave",
    }
    assert cells(bad)["live card"] == "no"
    assert cells(bad)["right plot"] == "no: it has no plot"


def test_a_table_replaces_what_stands_between_its_marks() -> None:
    table = markdown([{"a": "1", "b": "x|y"}])
    assert table == "| a | b |\n| --- | --- |\n| 1 | x\\|y |\n"
    assert replaced("text\n<b>\nold\n<e>\nmore", "<b>", "<e>", table) == f"text\n<b>\n{table}<e>\nmore"
    with pytest.raises(ValueError, match="no lines"):
        replaced("text", "<b>", "<e>", table)
