"""The card of a sweep that waits for a second person."""

from dataclasses import replace

from bot.chat.cards import choose
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.money.hold import Hold, HoldKind
from bot.services.running.pending import board_outdated
from tests.bot.chat.jobs import CREATED, PRICED, a_sweep


def _lines(sweep: Sweep) -> list[str]:
    return (choose.card(sweep, PRICED).description or "").split("\n")


def test_while_it_waits_for_approval_there_is_no_progress_to_show() -> None:
    hold = Hold(HoldKind.APPROVAL, CREATED, CREATED + 3_600, approvers=(12,))
    sweep = a_sweep(state=JobState.INTENT)
    held = replace(sweep, execution=replace(sweep.execution, hold=hold))
    assert any("/9 ended" in line for line in _lines(sweep))
    shown = _lines(held)
    assert any("<@&12> may approve it" in line for line in shown)
    assert not any("ended" in line or " waiting" in line for line in shown[1:])
    assert not board_outdated(held)
    declined = held.execution.ended(EndReason.NOT_APPROVED, CREATED)
    assert not board_outdated(replace(held, execution=declined)), "nor is there a picture of what never ran"
