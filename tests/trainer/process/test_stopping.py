import signal
import threading
from dataclasses import dataclass, field

import pytest

from tests.support.waiting import PATIENCE
from trainer.errors import Stopped
from trainer.process.stopping import Stopping


@dataclass(slots=True)
class FakeCommand:
    """Records its signals. `killed` is set by SIGKILL."""

    signals: list[signal.Signals] = field(default_factory=list)
    killed: threading.Event = field(default_factory=threading.Event)

    def signal(self, number: signal.Signals) -> None:
        self.signals.append(number)
        if number == signal.SIGKILL:
            self.killed.set()


def test_stop_before_the_command_raises_stopped() -> None:
    stopping = Stopping()
    assert stopping.left() is None
    with pytest.raises(Stopped):
        stopping.stop()


def test_stop_sends_sigterm_and_kills_later() -> None:
    stopping, command = Stopping(command_seconds=0.01), FakeCommand()
    assert stopping.guard(lambda: command) is command
    stopping.stop()
    assert command.killed.wait(PATIENCE)
    assert command.signals == [signal.SIGTERM, signal.SIGKILL]


def test_second_stop_changes_nothing() -> None:
    stopping, command = Stopping(), FakeCommand()
    stopping.guard(lambda: command)
    stopping.stop()
    at = stopping.at
    stopping.stop()
    assert (command.signals, stopping.at) == ([signal.SIGTERM], at)


def test_stop_during_the_start_reaches_the_command() -> None:
    stopping, command = Stopping(), FakeCommand()

    def start() -> FakeCommand:
        stopping.stop()
        return command

    stopping.guard(start)
    assert command.signals == [signal.SIGTERM]


def test_time_left_counts_down_from_the_stop() -> None:
    stopping = Stopping(upload_seconds=60)
    stopping.guard(FakeCommand)
    stopping.stop()
    left = stopping.left()
    assert left is not None
    assert 50 < left <= 60
    stopping.at -= 61
    assert stopping.left() == 0


def test_signals_stop_the_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    stopping = Stopping()
    stopping.listen()
    assert set(handlers) == {signal.SIGTERM, signal.SIGINT}
    with pytest.raises(Stopped):
        handlers[signal.SIGTERM](signal.SIGTERM, None)
