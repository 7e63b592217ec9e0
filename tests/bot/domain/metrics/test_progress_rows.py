import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.goal import Goal
from bot.domain.metrics.metrics_table import Table
from bot.domain.metrics.progress_rows import MOST_VALUES, Report, advance, best_of, parse_line
from bot.domain.model.progress import Progress
from trainer.contract import format_metrics


class TestParseLine:
    def test_a_row(self) -> None:
        report = parse_line('@metrics {"epoch": 3, "epochs": 10, "train_loss": 0.12, "val_accuracy": 96}')
        assert report == Report(3, 10, {"train_loss": 0.12, "val_accuracy": 96.0})

    def test_as_the_trainer_writes_it(self) -> None:
        assert parse_line(format_metrics({"epoch": 1, "loss": 0.5})) == Report(1, None, {"loss": 0.5})

    @pytest.mark.parametrize("mess", ["\x1b[32m{}\x1b[0m", "{}\r", "{}\r\n", "50%|###\r\x1b[K{}", "\x00{}"])
    def test_through_what_a_terminal_would_hide(self, mess: str) -> None:
        assert parse_line(mess.replace("{}", '@metrics {"epoch": 1, "loss": 2}')) == Report(1, None, {"loss": 2.0})

    @pytest.mark.parametrize(
        "around",
        [
            "see {}",
            "\r 80%|########  | 4/5 [00:04<00:01]{}",
            "{}\r 90%|######### | 4/5 [00:04<00:01]",
            "[rank0]: {}",
            "2026-01-02 03:04:05 | INFO | train:main:7 - {}",
            "@metrics {'epoch': 9} {}",
        ],
    )
    def test_anywhere_in_a_line(self, around: str) -> None:
        """skypilot 281, determined 3945: the row was lost behind a bar or a logger's prefix."""
        assert parse_line(around.replace("{}", '@metrics {"epoch": 1, "loss": 2}')) == Report(1, None, {"loss": 2.0})

    def test_in_the_json_of_a_logger(self) -> None:
        line = json.dumps({"level": "info", "message": '@metrics {"epoch": 1, "loss": 2}'})
        assert parse_line(line) == Report(1, None, {"loss": 2.0})

    @pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
    def test_what_is_not_finite_is_nan(self, word: str) -> None:
        report = parse_line(f'@metrics {{"epoch": 1, "loss": {word}}}')
        assert report is not None
        assert math.isnan(report.values["loss"])

    def test_what_is_no_number_is_left_out(self) -> None:
        line = '@metrics {"epoch": 2, "note": "good", "done": true, "list": [1], "none": null, "loss": 1.5}'
        assert parse_line(line) == Report(2, None, {"loss": 1.5})

    def test_names_that_cannot_be_shown_are_left_out(self) -> None:
        line = '@metrics {"epoch": 2, "a\\nb": 1, "": 1, " ": 1, "\\u202e": 1, "%s": 1, "val/loss (mean)": 2}'
        assert parse_line(line % ("x" * 101)) == Report(2, None, {"val/loss (mean)": 2.0})

    @pytest.mark.parametrize("name", ["dice[liver]", "f1|macro", "mAP@0.5", "Acc (%)", "*loss*", "損失", "p{95}"])
    def test_any_name_of_one_line_is_a_metric(self, name: str) -> None:
        assert parse_line(format_metrics({"epoch": 1, name: 2})) == Report(1, None, {name: 2.0})

    @pytest.mark.parametrize(
        "line",
        [
            "",
            "epoch 3",
            "@metrics",
            "@metrics {",
            '@metrics {"epoch": 3',
            "@metrics [1, 2]",
            "@metrics 3",
            "@metrics {}",
            '@metrics {"note": "x"}',
            "@metrics " + "[" * 100_000,
            '@metrics {"loss": ' + "9" * 5_000 + "}",
        ],
    )
    def test_anything_else_is_no_row(self, line: str) -> None:
        assert parse_line(line) is None

    @pytest.mark.parametrize(("told", "epoch"), [("3.0", 3), ("NaN", None), ("1e99", None), ("true", None)])
    def test_an_epoch_is_a_whole_number(self, told: str, epoch: int | None) -> None:
        report = parse_line(f'@metrics {{"epoch": {told}, "loss": 1}}')
        assert report == Report(epoch, None, {"loss": 1.0})

    def test_a_negative_epoch_is_a_summary(self) -> None:
        report = parse_line('@metrics {"epoch": -1, "test_accuracy": 88}')
        assert report == Report(None, None, {"test_accuracy": 88.0}, summary=True)

    @pytest.mark.parametrize(
        ("row", "unit", "epoch", "epochs"),
        [
            ({"step": 400, "max_steps": 5_000}, "step", 400, 5_000),
            ({"global_step": 400, "epoch": 2}, "epoch", 2, None),
            ({"trainer/global_step": 400}, "global_step", 400, None),
            ({"iteration": 10, "iterations": 100}, "iteration", 10, 100),
            ({"time/total_timesteps": 2_048}, "total_timesteps", 2_048, None),
            ({"Epoch": 1, "num_epochs": 5}, "epoch", 1, 5),
            ({"_step": 7}, "step", 7, None),
        ],
    )
    def test_steps_are_counted_under_their_own_name(
        self, row: dict[str, float], unit: str, epoch: int, epochs: int | None
    ) -> None:
        report = parse_line(format_metrics({**row, "loss": 1}))
        assert report is not None
        assert (report.unit, report.epoch, report.epochs) == (unit, epoch, epochs)
        assert report.values["loss"] == 1

    def test_columns_of_the_project_are_read_by_our_names(self) -> None:
        columns = {"epoch": "num_timesteps", "reward": "reward_sum"}
        report = parse_line('@metrics {"num_timesteps": 200, "reward_sum": 5, "iteration": 1}', columns)
        assert report == Report(200, None, {"reward": 5.0, "iteration": 1.0}, "num_timesteps")

    def test_a_row_has_so_many_values_at_most(self) -> None:
        report = parse_line(format_metrics({f"m{n}": n for n in range(1_000)}))
        assert report is not None
        assert list(report.values) == [f"m{n}" for n in range(MOST_VALUES)]

    @given(st.text(max_size=40))
    def test_never_fails(self, text: str) -> None:
        parse_line("@metrics " + text)


def told(
    *rows: tuple[int | None, float, float], maximize: bool = True, after: Progress | None = None, stream: str = "a"
) -> Progress:
    """The progress after rows of (epoch, value, at) in one attempt's log."""
    progress = after or Progress()
    for epoch, value, at in rows:
        report = Report(epoch, 10, {"score": value})
        progress = advance(progress, report, at, Goal("score", maximize=maximize), stream)
    return progress


class TestAdvance:
    def test_keeps_the_latest_the_best_and_the_pace(self) -> None:
        progress = told((1, 50, 100), (2, 80, 110), (3, 70, 120))
        assert progress == Progress(
            epoch=3,
            epochs=10,
            latest={"score": 70},
            best=80,
            best_epoch=2,
            first_at=100,
            last_at=120,
            epochs_seen=3,
            records=((1, 50), (2, 80)),
            stream="a",
        )

    def test_the_least_may_be_the_best(self) -> None:
        progress = told((1, 0.5, 1), (2, 0.2, 2), (3, 0.2, 3), (4, 0.4, 4), maximize=False)
        assert (progress.best, progress.best_epoch) == (0.2, 2)

    def test_a_row_that_comes_twice_changes_nothing(self) -> None:
        once = told((1, 50, 100), (2, 80, 110))
        twice = told((1, 50, 100), (2, 80, 110), (2, 80, 110))
        assert once == twice

    def test_a_row_that_comes_late_takes_nothing_back_but_may_be_the_best(self) -> None:
        progress = told((1, 50, 100), (3, 70, 120), (2, 80, 110))
        assert (progress.epoch, progress.latest, progress.last_at) == (3, {"score": 70}, 120)
        assert (progress.best, progress.best_epoch) == (80, 2)

    def test_a_new_attempt_goes_on_where_it_says_at_a_pace_of_its_own(self) -> None:
        progress = told((4, 70, 1_000), (5, 75, 1_010), after=told((1, 50, 100), (6, 90, 150)), stream="b")
        assert progress.epoch == 5
        assert (progress.first_at, progress.last_at, progress.epochs_seen) == (1_000, 1_010, 2)
        assert (progress.best, progress.best_epoch) == (75, 5)  # not the lost attempt's 90

    def test_best_is_of_this_run_after_a_host_was_lost_without_a_checkpoint(self) -> None:
        progress = told((1, 48, 1_000), after=told((1, 50, 100), (10, 71.15, 200)), stream="b")
        assert (progress.epoch, progress.best, progress.best_epoch) == (1, 48, 1)

    def test_attempt_that_resumes_keeps_the_best_from_before_its_checkpoint(self) -> None:
        before = told((1, 50, 100), (2, 72, 110), (3, 60, 120), (4, 80, 130))
        progress = told((3, 61, 1_000), after=before, stream="b")
        assert (progress.best, progress.best_epoch) == (72, 2)

    def test_going_back_knows_only_the_last_best_of_an_older_store(self) -> None:
        stored = replace(told((1, 50, 100), (4, 80, 130)), records=(), stream="")
        assert told((2, 61, 1_000), after=stored, stream="b").best == 61
        assert told((5, 61, 1_000), after=replace(stored, epoch=6), stream="b").best == 80

    def test_epochs_that_come_again_in_one_attempt_are_the_next_fold(self) -> None:
        progress = told((1, 50, 100), (2, 90, 110), (1, 60, 120), (2, 80, 130))
        assert (progress.epoch, progress.best, progress.best_epoch) == (2, 90, 2)
        assert (progress.first_at, progress.last_at, progress.epochs_seen) == (120, 130, 2)

    def test_card_and_verdict_name_the_same_epoch(self) -> None:
        rows = [(0.5, 70), (1.0, 80), (1.5, 85), (2.0, 86), (2.5, 90), (2.96, 95)]
        progress = Progress()
        for at, (epoch, value) in enumerate(rows):
            row = parse_line(format_metrics({"epoch": epoch, "epochs": 3, "score": value}))
            assert row is not None
            progress = advance(progress, row, 100.0 + at, Goal("score"))
            table = Table.parse("".join(["epoch,score\n", *(f"{e},{v}\n" for e, v in rows[: at + 1])]).encode())
            assert best_of(table, Goal("score")) == (progress.best, progress.best_epoch)
        assert progress.best_epoch == progress.epoch == 3
        begun = parse_line(format_metrics({"epoch": 2.1, "epochs": 3, "score": 1}))
        assert begun is not None
        assert begun.epoch == 2  # or the bar would be full too early

    def test_several_rows_in_an_epoch_are_one_step(self) -> None:
        progress = told((1, 1, 100), (1, 2, 104), (2, 3, 110), (2, 4, 114))
        assert (progress.epochs_seen, progress.first_at, progress.last_at) == (2, 100, 110)
        assert progress.latest == {"score": 4}

    def test_epochs_that_are_not_told_count_as_rows(self) -> None:
        progress = told((None, 1, 100), (None, 5, 110), (None, 2, 120))
        assert (progress.epoch, progress.epochs_seen, progress.best_epoch) == (None, 3, 2)

    def test_values_of_other_names_stay(self) -> None:
        progress = Progress()
        for values in ({"train_loss": 0.5}, {"val_loss": 0.7}):
            progress = advance(progress, Report(1, 10, values), 1, Goal("val_loss", maximize=False))
        assert progress.latest == {"train_loss": 0.5, "val_loss": 0.7}

    def test_summary_is_shown_and_changes_no_pace(self) -> None:
        rows = [{"epoch": 1, "acc": 70}, {"epoch": 2, "acc": 80}, {"epoch": -1, "test_acc": 88, "acc": 99}]
        progress = Progress()
        for at, row in enumerate(rows):
            report = parse_line(format_metrics(row))
            assert report is not None
            progress = advance(progress, report, at, Goal("acc"))
        assert (progress.epoch, progress.best, progress.best_epoch) == (2, 80, 2)
        assert (progress.latest["test_acc"], progress.last_at, progress.epochs_seen) == (88, 1, 2)

    def test_metric_that_only_a_summary_has_is_the_best_without_an_epoch(self) -> None:
        progress = advance(Progress(), Report(None, None, {"score": 88.0}, summary=True), 1, Goal("score"))
        assert (progress.best, progress.best_epoch) == (88, None)

    def test_nan_is_shown_and_never_the_best(self) -> None:
        progress = told((1, 50, 100), (2, math.nan, 110))
        assert math.isnan(progress.latest["score"])
        assert (progress.best, progress.best_epoch) == (50, 1)

    @given(st.lists(st.tuples(st.integers(1, 20), st.floats(0, 100)), min_size=1, max_size=40))
    def test_best_is_the_best_of_this_run(self, rows: list[tuple[int, float]]) -> None:
        progress = told(*((epoch, value, at) for at, (epoch, value) in enumerate(rows)))
        table = Table.parse("".join(["epoch,score\n", *(f"{epoch},{value}\n" for epoch, value in rows)]).encode())
        assert best_of(table, Goal("score")) == (progress.best, progress.best_epoch)
        assert (progress.best_epoch, progress.best) in set(rows)
        assert progress.epochs_seen >= 1


class TestBestOf:
    table = Table(x=[1, 2, 3, 4], columns={"accuracy": [90, math.nan, 95, 95], "loss": [3, math.inf, -math.inf, 1]})

    def test_the_first_of_equals(self) -> None:
        assert best_of(self.table, Goal("accuracy", maximize=True)) == (95, 3)

    def test_only_finite_values(self) -> None:
        assert best_of(self.table, Goal("loss", maximize=False)) == (1, 4)
        assert best_of(self.table, Goal("loss", maximize=True)) == (3, 1)

    @pytest.mark.parametrize("table", [Table(), Table(x=[1.0], columns={"accuracy": [math.nan]})])
    def test_nothing_to_choose_from(self, table: Table) -> None:
        assert best_of(table, Goal("accuracy", maximize=True)) is None
        assert best_of(table, Goal("other", maximize=True)) is None
