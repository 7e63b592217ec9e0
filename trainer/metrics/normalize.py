"""Turn any script's table into `metrics.csv`: commas, one header, complete rows."""

from trainer.metrics.tables.attempts import settled
from trainer.metrics.tables.csv_table import read_csv


def normalize(content: bytes, *, running: bool = False, complete: bool = False) -> str:
    """Return the table as plain CSV, with its own column names. "" if there is no table.

    `running` and `complete` are those of `read_csv`, which the bot uses, too.
    """
    return settled(read_csv(content, running=running, complete=complete)).csv()
