"""A large file is read line by line, as a small one is in one piece."""

import io

import pytest

from bot.domain.metrics.metrics_table import MOST, Table
from trainer.metrics.tables.csv_table import MOST_COLUMNS, read_csv
from trainer.metrics.tables.grid import Most
from trainer.metrics.tables.text import LONGEST_LINE, Text

TABLE = "epoch,val\n1,90.5\n2,92.25\n"


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode(),
        TABLE.encode()[:-1],
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace("\n", "\r").encode(),
        TABLE.replace("\n", "\u2028").encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-le"),
        TABLE.encode("utf-32"),
        "epoch,größe\n1,2\n".encode("cp1252"),
        "epoch,größe\n1,2\n3,ö".encode()[:-1],
        b"ep\0och,val\n1,2\0\n\0",
        b"epoch,val\n1,tensor(0.5, device='cuda:0')\n",
        b'# a comment\nepoch,"val, in %"\n1,2\n',
        b"",
        b"\n\n",
        b"\0",
    ],
)
@pytest.mark.parametrize("running", [False, True])
def test_lines_are_the_same_however_the_file_is_read(data: bytes, running: bool) -> None:
    whole, streamed = Text(data, running=running), Text(io.BytesIO(data), running=running, whole_bytes=-1)
    assert (streamed.plain, streamed.ended) == (whole.plain, whole.ended)
    assert list(streamed) == list(whole)


@pytest.mark.parametrize("whole_bytes", [-1, 10 * LONGEST_LINE])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", ""])
def test_the_end_of_a_long_line_is_left_out(whole_bytes: int, end: str) -> None:
    text = Text(f"a,b{end}{'1,' * LONGEST_LINE}{end}2,3{end}".encode(), whole_bytes=whole_bytes)
    lines = [line for line in text if line.strip()]
    assert max(len(line.rstrip()) for line in lines) == LONGEST_LINE
    assert text.cut == 1
    assert [line.strip() for line in lines[:: len(lines) - 1]] == ["a,b", "2,3"] if end else len(lines) == 1


def test_a_table_of_one_line_is_read_up_to_its_most_columns() -> None:
    grid = read_csv(b"10," * 1_000_000)
    assert (grid.rows, len(grid.columns)) == (1, MOST_COLUMNS)
    assert "more than 262,144 characters" in grid.remarks[0]


def test_a_table_with_too_many_cells_is_not_read() -> None:
    grid = read_csv(b"a,b\n" + b"1,2\n" * 60_000, most=Most(cells=100_000))
    assert (grid.columns, grid.remarks) == ([], ["The table has more than 100,000 cells, too many to read."])


def test_headers_without_end_are_not_read() -> None:
    headers = (",".join(f"x{file}_{number}" for number in range(1_000)) for file in range(5))
    grid = read_csv("".join(f"epoch,{names}\n{'1,' * 1_000}1\n" for names in headers).encode())
    assert grid.remarks == ["The table's headers have more than 4,000 columns, too many to read."]


def test_unreadable_lines_are_one_remark() -> None:
    grid = read_csv(b"epoch,val\n" + b"1,2\r3\n" * 1_000 + b"1," + b"x" * 140_000 + b"\n2,3\n")
    assert len([remark for remark in grid.remarks if "could not be read" in remark]) == 1


def test_the_bot_keeps_no_words() -> None:
    table = Table.parse(b"epoch,val,note\n" + b"1,2,some words\n" * 10)
    assert MOST.words == 0
    assert table.remarks == ("Left out as not numeric: note.",)


def test_comments_above_a_table_are_not_collected_without_end() -> None:
    grid = read_csv(b"# nothing\n" * 100_000 + b"# epoch,val\n1,2\n")
    assert [column.name for column in grid.columns] == ["epoch", "val"]
