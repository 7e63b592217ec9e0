"""When trials run."""

from bench.fleet.machines import LONGEST, Course, Machines

BEGAN = 1_000.0


def _courses(trials: int = 2_000, count: int = 50) -> list[Course]:
    return Machines(count, 6.0, seed=1, ramp=10.0, pull=1.0).run(trials, BEGAN)


def test_no_machine_has_two_at_a_time_and_none_idles_while_trials_wait() -> None:
    attempts = [attempt for course in _courses() for attempt in course.attempts]
    moves = sorted([(a.begun, 1) for a in attempts] + [(a.stopped, -1) for a in attempts])
    busy, most = 0, 0
    for _, step in moves:
        busy += step
        most = max(most, busy)
    assert most == 50
    took = max(a.stopped for a in attempts) - BEGAN
    assert took < 2_000 * 7.2 / 50 + 10 + LONGEST * 6


def test_times_are_drawn_anew_for_each_and_alike_for_a_seed() -> None:
    courses = _courses()
    seconds = [a.stopped - a.started for course in courses for a in course.attempts]
    assert 5.5 < sum(seconds) / len(seconds) < 6.5
    assert min(seconds) < 0.1 < 20 < max(seconds) <= LONGEST * 6
    assert [course.attempts for course in courses] == [course.attempts for course in _courses()]


def test_a_lost_host_gives_another_attempt() -> None:
    courses = _courses()
    again = [course for course in courses if len(course.attempts) > 1]
    assert 5 < len(again) < 60
    for course in courses:
        assert [attempt.lost for attempt in course.attempts] == [True] * (len(course.attempts) - 1) + [False]
        assert all(b.begun >= a.stopped for a, b in zip(course.attempts, course.attempts[1:], strict=False))


def test_what_is_submitted_later_waits_for_its_turn() -> None:
    machines = Machines(1, 6.0, seed=1)
    first, second = (machines.run(1, BEGAN)[0] for _ in range(2))
    assert second.attempts[0].begun == first.attempts[-1].stopped


def test_terminated_in_the_middle_it_ends_there_once() -> None:
    course = Machines(1, 6.0, seed=1, pull=1.0).run(1, BEGAN)[0]
    middle = (course.attempts[0].started + course.attempts[0].stopped) / 2
    course.terminate(middle, "Stopped")
    course.terminate(middle + 0.1, "Again")
    assert (course.ended_at, course.terminated_why) == (middle, "Stopped")
    assert [attempt.stopped for attempt in course.seen(middle + 100)] == [middle]


def test_nothing_can_be_terminated_after_its_end() -> None:
    course = Machines(1, 6.0, seed=1).run(1, BEGAN)[0]
    course.terminate(course.ended_at + 1, "Stopped")
    assert course.terminated_at is None
