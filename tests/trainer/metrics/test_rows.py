import pytest

from trainer.metrics.rows import Table


def test_columns_are_in_order_of_first_use() -> None:
    table = Table()
    table.add({"train_loss": 0.5, "epoch": 1, "epochs": 3})
    table.add({"train_loss": 0.25, "epoch": 2, "epochs": 3, "val_loss": 1})
    assert table.text() == "train_loss,epoch,val_loss\n0.5,1,\n0.25,2,1\n"


def test_parts_of_an_epoch_make_one_row() -> None:
    table = Table()
    table.add({"epoch": 1, "train_loss": 0.5})
    table.add({"epoch": 1, "val_loss": 0.75})
    table.add({"epoch": 2, "train_loss": 0.25})
    assert table.text() == "epoch,train_loss,val_loss\n1,0.5,0.75\n2,0.25,\n"


def test_repeated_columns_start_another_row() -> None:
    table = Table()
    table.add({"fold": 1, "epoch": 1, "loss": 0.5})
    table.add({"fold": 2, "epoch": 1, "loss": 0.4})
    assert table.text() == "fold,epoch,loss\n1,1,0.5\n2,1,0.4\n"


def test_earlier_rows_are_dropped_from_the_repeated_epoch_on() -> None:
    table = Table.parse("epoch,loss\n1,0.5\n2,0.4\n3,0.3\n", provisional=True)
    table.add({"epoch": 2, "loss": 0.45})
    table.add({"epoch": 3, "loss": 0.35})
    assert table.text() == "epoch,loss\n1,0.5\n2,0.45\n3,0.35\n"


def test_earlier_rows_are_dropped_without_epochs() -> None:
    table = Table.parse("steps,reward\n100,1.0\n", provisional=True)
    table.add({"steps": 50, "reward": 2.0})
    assert table.text() == "steps,reward\n50,2.0\n"


def test_add_returns_the_line_only_if_it_was_appended() -> None:
    table = Table()
    assert table.add({"epoch": 1, "a": 1.5}) is None, "the header is new"
    assert table.add({"epoch": 2, "a": 2.5}) == "2,2.5\n"
    assert table.add({"epoch": 2, "b": 3.5}) is None, "a new column"
    assert table.add({"epoch": 3, "a": 4.5}) == "3,4.5,\n"
    assert table.add({"epoch": 3, "b": 5.5}) is None, "the last row has changed"


@pytest.mark.parametrize(
    ("text", "rows"),
    [("", 0), ("epoch,loss", 0), ("epoch,loss\n", 0), ("epoch,loss\n1,0.5\n2,0.", 1), ("epoch,loss\n\n1,0.5\n", 1)],
)
def test_torn_file_keeps_its_complete_lines(text: str, rows: int) -> None:
    assert len(Table.parse(text).rows) == rows


def test_parsed_text_gives_the_same_text() -> None:
    table = Table()
    table.add({"epoch": 1, "loss": 0.1 + 0.2, "other": float("nan")})
    assert Table.parse(table.text()).text() == table.text()
