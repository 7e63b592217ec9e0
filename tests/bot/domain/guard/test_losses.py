"""Which rows of losses raise an alarm, and which must not."""

import math

import pytest

from bot.domain.guard.losses import MANY_ROWS, Losses, is_loss

NAN = math.nan
SECOND = 1_000


def after(*rows: tuple[float, dict[str, float]], metric: str = "val_accuracy", factor: float = 0.0) -> Losses:
    """`rows` are times in seconds, and values."""
    losses = Losses()
    for at, values in rows:
        losses = losses.after(values, 1 + round(at * SECOND), "s", metric, factor)
    return losses


def alike(
    count: int, apart: float, values: dict[str, float], begin: float = 0.0
) -> list[tuple[float, dict[str, float]]]:
    return [(begin + number * apart, values) for number in range(count)]


@pytest.mark.parametrize("apart", [0.01, 1.0, 20.0, 600.0])
def test_a_loss_that_turns_nan_is_found_whatever_the_pace(apart: float) -> None:
    good = alike(5, apart, {"train_loss": 0.5, "val_accuracy": 90.0})
    bad = alike(MANY_ROWS, apart, {"train_loss": NAN, "val_accuracy": 10.0}, begin=5 * apart)
    assert after(*good, *bad).not_finite(3)


def test_two_bad_rows_or_three_within_a_minute_are_not_enough() -> None:
    good = (0.0, {"loss": 0.5})
    assert not after(good, (100, {"loss": NAN}), (900, {"loss": NAN})).not_finite(3)
    assert not after(good, (10, {"loss": NAN}), (20, {"loss": NAN}), (30, {"loss": NAN})).not_finite(3)
    assert after(good, (10, {"loss": NAN}), (40, {"loss": NAN}), (70, {"loss": NAN})).not_finite(3)


@pytest.mark.parametrize("apart", [0.1, 4.0, 30.0])
def test_the_first_steps_that_mixed_precision_skips_are_no_news(apart: float) -> None:
    rows = alike(16, apart, {"loss": math.inf})
    assert not any(after(*rows[:count]).not_finite(3) for count in range(1, 17))
    assert not after(*rows, (17 * apart, {"loss": 2.0})).not_finite(3)


def test_a_nan_that_recovers_ends_the_streak() -> None:
    bad = alike(10, 60, {"loss": NAN}, begin=60)
    assert not after((0, {"loss": 1.0}), *bad, (700, {"loss": 1.0})).not_finite(3)


def test_an_empty_column_in_some_rows_is_no_divergence() -> None:
    rows = [(step, {"train_loss": 0.5, "val_loss": NAN}) for step in range(0, 6_000, 10)]
    rows.append((6_010, {"train_loss": NAN, "val_loss": 0.4}))
    assert not any(after(*rows[:count]).not_finite(3) for count in (1, 100, 300, 601))


def test_rows_without_a_loss_neither_help_nor_harm() -> None:
    rows = [(0, {"train_loss": 0.5})]
    for number in range(1, 6):
        rows += [(number * 60, {"train_loss": NAN}), (number * 60 + 1, {"val_accuracy": 10.0})]
    assert after(*rows).not_finite(3)
    assert not after(*alike(50, 60, {"val_accuracy": NAN, "train_loss": 0.3})).not_finite(3)


def test_a_run_without_any_loss_is_judged_by_the_projects_metric() -> None:
    good, bad = (0, {"val_bpb": 1.2, "lr": 0.1}), alike(5, 60, {"val_bpb": NAN, "lr": 0.1}, begin=60)
    assert after(good, *bad, metric="val_bpb").not_finite(3)
    assert not after(good, *bad, metric="val_accuracy").not_finite(3)


def test_another_attempt_begins_anew_and_late_rows_are_left_out() -> None:
    losses = after((0, {"loss": 0.5}), *alike(5, 60, {"loss": NAN}, begin=60))
    assert losses.not_finite(3)
    assert losses.after({"loss": 0.5}, 5, "s", "", 0.0) is losses
    assert not losses.after({"loss": NAN}, 400_000, "s2", "", 0.0).not_finite(3)


def test_a_late_row_of_the_attempt_before_does_not_make_the_best_forgotten() -> None:
    """After a restart of the bot, the logs of both are read, whichever comes first."""
    losses = after((100, {"loss": 0.5})).after({"loss": 9.0}, 50_000, "before", "", 10.0)
    for second in (160, 220, 280):
        losses = losses.after({"loss": 6.0}, second * SECOND, "s", "", 10.0)
    assert losses.diverged(3)


def test_a_loss_above_a_multiple_of_its_best_is_found_and_a_best_below_0_is_not_multiplied() -> None:
    high = alike(4, 60, {"loss": 6.0}, begin=60)
    assert after((0, {"loss": 0.5}), *high, factor=10).diverged(3)
    assert not after((0, {"loss": 0.5}), *high, factor=13).diverged(3)
    assert not after((0, {"loss": -0.5}), *high, factor=10).diverged(3)
    assert not after((0, {"loss": 0.5}), *high).diverged(3)


def test_it_is_off_with_0_rows() -> None:
    assert not after((0, {"loss": 0.5}), *alike(50, 60, {"loss": NAN}, begin=60)).not_finite(0)


@pytest.mark.parametrize(
    "name", ["loss", "train_loss", "val/loss", "mlm-loss", "losses.box", "trainLoss", "Loss", "loss_D"]
)
def test_names_of_losses(name: str) -> None:
    assert is_loss(name)


@pytest.mark.parametrize("name", ["glossary", "val_accuracy", "lossless", "gloss", "perplexity"])
def test_names_that_are_none(name: str) -> None:
    assert not is_loss(name)
