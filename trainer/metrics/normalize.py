"""Turn any script's table into `metrics.csv`: commas, one header, complete rows."""

import csv
import io

_DELIMITERS = (",", ";", "\t")


def normalize(content: bytes) -> str:
    """Return the table as plain CSV, with its own column names. "" if there is no table.

    Handles a byte-order mark, comment lines (`#` before the header), `;` and tabs, spaces around names and numbers,
    the nameless index column of a data frame, a missing header, empty lines, and an unfinished last line.
    """
    text = content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in text[: text.rfind("\n") + 1].split("\n") if line.strip()]
    while lines and lines[0].startswith("#"):
        del lines[0]
    if not lines:
        return ""
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=_delimiter(lines[0]))]
    except csv.Error:
        return ""
    if all(_is_number(cell) for cell in rows[0]):
        rows.insert(0, [f"column_{number}" for number in range(1, len(rows[0]) + 1)])
    if len(rows[0]) > 1 and rows[0][0] in ("", "Unnamed: 0"):
        rows = [row[1:] for row in rows]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(row for row in rows if len(row) == len(rows[0]))
    return out.getvalue()


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
