import threading
from collections.abc import Callable

import pytest

from tests.support.waiting import PATIENCE
from trainer.contract import ExitCode
from trainer.errors import Ended
from trainer.run import periodic
from trainer.run.periodic import Periodic
from trainer.storage.bucket import BucketTrouble


@pytest.fixture(autouse=True)
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic, "_FIRST_DELAY", 0.001)
    monkeypatch.setattr(periodic, "_LONGEST_DELAY", 0.001)


def run(action: Callable[[], object], calls: threading.Semaphore, count: int) -> list[Ended]:
    """Run a periodic action until `calls` was released `count` times."""
    ended: list[Ended] = []
    running = Periodic("metrics", 0.001, action, ended.append, at_once=True).start()
    for _ in range(count):
        assert calls.acquire(timeout=PATIENCE)
    running.stop(timeout=PATIENCE)
    return ended


def test_action_is_repeated_until_stop() -> None:
    calls = threading.Semaphore(0)
    assert run(calls.release, calls, 3) == []


def test_first_call_waits_unless_at_once() -> None:
    calls = []
    Periodic("claim", 60, lambda: calls.append(1), calls.append).start().stop(timeout=PATIENCE)
    assert calls == []


@pytest.mark.parametrize("error", [BucketTrouble("SlowDown", final=False), OSError("SlowDown")])
def test_failures_are_retried_and_logged_once(error: Exception, capfd: pytest.CaptureFixture[str]) -> None:
    calls = threading.Semaphore(0)

    def fail() -> None:
        calls.release()
        raise error

    assert run(fail, calls, 3) == []
    assert capfd.readouterr().out == "signalbox: metrics: SlowDown; retrying\n"


def test_failure_after_a_success_is_logged_again(capfd: pytest.CaptureFixture[str]) -> None:
    calls, outcomes = threading.Semaphore(0), iter([True, False, True])

    def fail_twice() -> None:
        calls.release()
        if next(outcomes, False):
            raise OSError("SlowDown")

    run(fail_twice, calls, 4)
    assert capfd.readouterr().out.count("retrying") == 2


def test_end_of_the_attempt_is_passed_on_and_stops_the_thread() -> None:
    calls, lost = threading.Semaphore(0), Ended(ExitCode.CLAIM_LOST, "taken over")

    def fail() -> None:
        calls.release()
        raise lost

    assert run(fail, calls, 1) == [lost]
    assert not calls.acquire(blocking=False)
