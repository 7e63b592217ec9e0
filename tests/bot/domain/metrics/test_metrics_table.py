import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.metrics.metrics_table import MOST_COLUMNS, Table

WALKER = (
    "time_elapsed,reward_sum,final_reward,maximum_leg_error,num_timesteps,distance_sum,final_distance,unperm_sum\n"
    "1.5,-80.25,0.1,0.4,200,1.0,0.2,30\n"
    "3.0,-70.5,0.2,0.3,410,1.5,0.3,28\n"
)


def listed(table: Table) -> dict[str, list[float | None]]:
    """Columns with None in place of NaN, so that they compare."""
    return {name: [None if math.isnan(value) else value for value in column] for name, column in table.columns.items()}


class TestOfAnyKind:
    def test_with_an_epoch_column(self) -> None:
        table = Table.parse(b"epoch,epochs,train_loss\n3,10,0.5\n4,10,0.25\n")
        assert (list(table.x), table.x_label) == ([3, 4], "epoch")
        assert listed(table) == {"train_loss": [0.5, 0.25]}
        assert table.remarks == ()

    def test_of_the_hands_on(self) -> None:
        table = Table.parse(b"train_loss,val_loss,val_accuracy\n0.5,0.4,97\n0.3,0.2,98.5\n")
        assert (list(table.x), table.x_label) == ([1, 2], "epoch")
        assert listed(table) == {"train_loss": [0.5, 0.3], "val_loss": [0.4, 0.2], "val_accuracy": [97, 98.5]}

    def test_of_the_walker(self) -> None:
        table = Table.parse(WALKER.encode())
        assert (list(table.x), table.x_label) == ([200, 410], "num_timesteps")
        assert len(table.columns) == 7

    def test_over_a_column_of_the_project(self) -> None:
        table = Table.parse(WALKER.encode(), {"epoch": "num_timesteps", "reward": "reward_sum"})
        assert (list(table.x), table.x_label) == ([200, 410], "num_timesteps")
        assert listed(table)["reward"] == [-80.25, -70.5]
        assert table.remarks == ()

    @pytest.mark.parametrize(
        "text",
        [
            "\ufeffepoch,loss\n1,0.5\n2,0.25\n",
            "epoch,loss\r\n1,0.5\r\n2,0.25\r\n",
            "epoch;loss\n1;0.5\n2;0.25\n",
            "epoch;loss\n1;0,5\n2;0,25\n",
            "epoch\tloss\n1\t0.5\n2\t0.25\n",
            '"epoch","loss"\n"1","0.5"\n"2","0.25"\n',
            "epoch, loss\n1, 0.5\n2, 0.25\n",
            "\n\nepoch,loss\n\n1,0.5\n\n2,0.25\n\n",
            "Epoch,loss\n1,0.5\n2,0.25",
            ",epoch,loss\n0,1,0.5\n1,2,0.25\n",
            "epoch,loss\n1,0.5\n2,0.25\n\x00\x00",
        ],
        ids=[
            "bom",
            "crlf",
            "semicolons",
            "decimal-commas",
            "tabs",
            "quoted",
            "spaces",
            "blank-lines",
            "no-end",
            "index",
            "nul",
        ],
    )
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_however_it_was_written(self, text: str, encoding: str) -> None:
        table = Table.parse(text.encode(encoding))
        assert list(table.x) == [1, 2]
        assert listed(table) == {"loss": [0.5, 0.25]}
        assert table.remarks == ()

    def test_one_row(self) -> None:
        table = Table.parse(b"loss\n0.5\n")
        assert (list(table.x), listed(table)) == ([1], {"loss": [0.5]})

    def test_names_are_fit_to_be_shown(self) -> None:
        table = Table.parse('"a\x1b[31m\n b",{}\n1,2\n'.replace("{}", "x" * 500).encode())
        assert [len(name) for name in table.columns] == [3, 100]
        assert "a b" in table.columns

    def test_columns_have_an_end(self) -> None:
        wide = ",".join(f"c{n}" for n in range(1_000)) + "\n" + ",".join("1" * 1_000) + "\n"
        assert len(Table.parse(wide.encode()).columns) == MOST_COLUMNS

    @given(st.binary(max_size=300), st.dictionaries(st.sampled_from(["epoch", "loss"]), st.text(max_size=3)))
    def test_never_fails(self, data: bytes, names: Mapping[str, str]) -> None:
        table = Table.parse(b"epoch,loss\n" + data, names)
        assert all(len(column) == table.rows for column in table.columns.values())

    def test_hundred_thousand_rows(self) -> None:
        data = b"epoch,a,b\n" + b"".join(b"%d,%d,0.5\n" % (n, n) for n in range(100_000))
        table = Table.parse(data)
        assert (table.rows, table.columns["a"][-1]) == (100_000, 99_999)


class TestWhatIsAmiss:
    def said(self, text: str, names: Mapping[str, str] | None = None) -> str:
        return " ".join(Table.parse(text.encode(), names).remarks)

    @pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", ",,\n"])
    def test_empty(self, text: str) -> None:
        assert self.said(text) == "The file is empty."
        assert Table.parse(text.encode()).rows == 0

    def test_header_alone(self) -> None:
        assert self.said("epoch,loss\n") == "The file has a header and no rows."

    @pytest.mark.parametrize("end", ["3", "3,", "3,0", "3,0.", "3,1e", "3,-"])
    def test_a_torn_last_line_is_left_out(self, end: str) -> None:
        text = f"epoch,loss\n1,0.5\n2,0.25\n{end}"
        assert list(Table.parse(text.encode()).x) == [1, 2]
        assert self.said(text) == "The last line was torn and is left out."

    def test_a_last_line_without_an_end_that_is_whole_stays(self) -> None:
        assert list(Table.parse(b"epoch,n\n1,5\n2,6").x) == [1, 2]

    def test_not_a_number_is_a_gap(self) -> None:
        text = "epoch,a,b\n1,nan,NaN\n2,1,2\n3,,-inf\n"
        table = Table.parse(text.encode())
        assert listed(table) == {"a": [None, 1, None], "b": [None, 2, -math.inf]}
        assert table.remarks == ()

    def test_words(self) -> None:
        text = "epoch,note,loss\n1,good,0.5\n2,bad,oops\n"
        assert listed(Table.parse(text.encode())) == {"loss": [0.5, None]}
        assert self.said(text) == '1 cell of "loss" held no number. Left out as not numeric: note.'

    def test_short_and_long_lines(self) -> None:
        text = "epoch,a,b\n1,2,3\n2,3\n3,4,5,6\n"
        assert listed(Table.parse(text.encode())) == {
            "a": [2, 3, 4],
            "b": [3, None, 5],
            "column_4": [None, None, 6],
        }
        assert self.said(text) == (
            "1 line had fewer cells than the header; the missing are blank. 1 line had more cells than the header."
        )

    def test_the_same_name_twice(self) -> None:
        assert listed(Table.parse(b"loss,loss,\n1,2,7\n")) == {"loss": [1], "loss (2)": [2], "column_3": [7]}

    def test_no_header(self) -> None:
        text = "0.5,90\n0.25,95\n"
        assert listed(Table.parse(text.encode())) == {"column_1": [0.5, 0.25], "column_2": [90, 95]}
        assert self.said(text) == "The file has no header line, so its columns are numbered."

    def test_a_quote_that_is_never_closed(self) -> None:
        text = 'epoch,loss\n1,0.5\n2,"' + "x" * 200_000
        assert list(Table.parse(text.encode()).x) == [1]
        assert self.said(text) == "The last line was torn and is left out."

    def test_a_configured_column_that_is_not_there(self) -> None:
        assert self.said("loss\n1\n", {"epoch": "steps"}) == (
            'There is no column "steps", which the configuration names for epoch.'
        )

    def test_rows_without_an_epoch(self) -> None:
        text = "epoch,loss\n1,0.5\n,0.4\n2,0.3\n"
        assert listed(Table.parse(text.encode())) == {"loss": [0.5, 0.3]}
        assert self.said(text) == '1 row had no "epoch" and so no place in the plot.'

    def test_epochs_that_come_again_all_count(self) -> None:
        """Three folds, or two phases: only the job knows its attempts, and it has dropped what one repeated."""
        table = Table.parse(b"epoch,loss\n1,1\n2,2\n3,3\n2,4\n3,5\n4,6\n")
        assert list(table.x) == [1, 2, 3, 2, 3, 4]
        assert table.remarks == ()

    def test_rows_after_a_header_that_came_again_replace_those_they_repeat(self) -> None:
        text = "epoch,loss\n1,1\n2,2\n3,3\nepoch,loss\n2,4\n3,5\n4,6\n"
        assert listed(Table.parse(text.encode())) == {"loss": [1, 4, 5, 6]}
        assert "2 rows of an earlier attempt" in self.said(text)

    def test_parts_of_one_epoch_are_one_row(self) -> None:
        table = Table.parse(b"epoch,train,val\n1,1,\n1,,2\n2,3,\n2,,4\n")
        assert (list(table.x), table.remarks) == ([1, 2], ())
        assert listed(table) == {"train": [1, 3], "val": [2, 4]}

    def test_summary_row_is_kept_apart(self) -> None:
        table = Table.parse(b"epoch,loss,test_accuracy\n1,0.5,\n2,0.25,\n-1,,88\n")
        assert (list(table.x), table.summary) == ([1, 2], {"test_accuracy": 88})
