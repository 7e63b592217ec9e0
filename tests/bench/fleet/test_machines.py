"""When trials run."""

from bench.fleet.machines import LONGEST, Machines, Timeline

BEGAN = 1_000.0


def _timelines(trials: int = 2_000, count: int = 50) -> list[Timeline]:
    return Machines(count, 6.0, seed=1, ramp=10.0, pull=1.0).run(trials, BEGAN)


def test_machines_run_one_trial_at_a_time_and_never_idle() -> None:
    attempts = [attempt for timeline in _timelines() for attempt in timeline.attempts]
    moves = sorted([(a.begun, 1) for a in attempts] + [(a.stopped, -1) for a in attempts])
    busy, most = 0, 0
    for _, step in moves:
        busy += step
        most = max(most, busy)
    assert most == 50
    took = max(a.stopped for a in attempts) - BEGAN
    assert took < 2_000 * 7.2 / 50 + 10 + LONGEST * 6


def test_durations_vary_and_follow_from_the_seed() -> None:
    timelines = _timelines()
    seconds = [a.stopped - a.started for timeline in timelines for a in timeline.attempts]
    assert 5.5 < sum(seconds) / len(seconds) < 6.5
    assert min(seconds) < 0.1 < 20 < max(seconds) <= LONGEST * 6
    assert [timeline.attempts for timeline in timelines] == [timeline.attempts for timeline in _timelines()]


def test_a_lost_host_gives_another_attempt() -> None:
    timelines = _timelines()
    again = [timeline for timeline in timelines if len(timeline.attempts) > 1]
    assert 5 < len(again) < 60
    for timeline in timelines:
        assert [attempt.lost for attempt in timeline.attempts] == [True] * (len(timeline.attempts) - 1) + [False]
        assert all(b.begun >= a.stopped for a, b in zip(timeline.attempts, timeline.attempts[1:], strict=False))


def test_a_later_submission_waits_for_its_turn() -> None:
    machines = Machines(1, 6.0, seed=1)
    first, second = (machines.run(1, BEGAN)[0] for _ in range(2))
    assert second.attempts[0].begun == first.attempts[-1].stopped


def test_a_terminated_trial_ends_there_once() -> None:
    timeline = Machines(1, 6.0, seed=1, pull=1.0).run(1, BEGAN)[0]
    middle = (timeline.attempts[0].started + timeline.attempts[0].stopped) / 2
    timeline.terminate(middle, "Stopped")
    timeline.terminate(middle + 0.1, "Again")
    assert (timeline.ended_at, timeline.terminated_reason) == (middle, "Stopped")
    assert [attempt.stopped for attempt in timeline.attempts_at(middle + 100)] == [middle]


def test_terminating_after_the_end_does_nothing() -> None:
    timeline = Machines(1, 6.0, seed=1).run(1, BEGAN)[0]
    timeline.terminate(timeline.ended_at + 1, "Stopped")
    assert timeline.terminated_at is None
