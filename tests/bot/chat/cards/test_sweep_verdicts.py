"""A sweep is not called better than it is, and its numbers are no longer than they need to be."""

from dataclasses import replace

from bot.chat.cards import card_lines, choose
from bot.domain.model.space import Axis, Space
from bot.domain.model.sweep import Sweep
from bot.domain.model.tally import Leader
from bot.domain.parameters import Kind
from tests.bot.chat.jobs import DONE, PARTLY, PLAN, PRICED, PROJECT, a_sweep, ended_sweep
from tests.support.rows import changed


def lines(sweep: Sweep) -> list[str]:
    return (choose.card(sweep, PRICED).description or "").split("\n")


def test_sweep_of_which_some_trials_failed_is_amber_and_not_called_succeeded() -> None:
    job = ended_sweep(PARTLY)
    assert choose.state_word(job) == "partly failed"
    colour = choose.card(job, PROJECT).colour
    assert colour is not None
    assert colour.value == card_lines.PARTLY


def test_drawn_numbers_have_three_digits_if_these_tell_them_apart() -> None:
    axis = Axis("lr", Kind.FLOAT, low=0.0, high=1.0)
    job = changed(a_sweep(), plan=replace(PLAN, space=Space((axis,))))
    tally = replace(DONE, leaders=(Leader(0, 96.7, {"lr": 0.178385}), Leader(1, 96.0, {"lr": 0.811515})))
    assert "lr 0.178 (k7q2mx.0)" in "\n".join(lines(changed(job, tally=tally)))


def test_importance_of_parameters_that_do_not_vary_is_left_out() -> None:
    job = ended_sweep(importance={"lr": 0.29, "momentum": 0.71, "seed": 0.0})
    assert not any("seed" in line for line in lines(job))
