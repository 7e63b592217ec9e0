"""What holds a failing sweep, each as it would be taken out: see `mutations.py`."""

from tests.faults.mutation import Mutation

HOLDING = "tests/bot/services/sweeps/holding"
HELD, GOES_ON, PILOT = (f"{HOLDING}/test_{name}.py" for name in ("hold_sweeps", "continue_sweep", "pilot"))
HOLDS, DISPATCH = "bot/services/sweeps/holding/hold_sweeps.py", "bot/services/sweeps/dispatch.py"
CONTINUES, RULE = "bot/services/sweeps/holding/continue_sweep.py", "bot/domain/sweeps/failing_alike.py"
TAKEN_BACK = "bot/domain/sweeps/taken_back.py"

MUTATIONS = (
    Mutation(
        "a sweep whose trials fail alike is held",
        HOLDS,
        "        if alike is not None:\n            await self._hold(sweep, project, alike)",
        "        if alike is not None:\n            return",
        f"{HELD}::test_the_same_exception_twice_holds_a_sweep_and_asks",
    ),
    Mutation(
        "two failures without an exception are not enough",
        RULE,
        "min(after, SAME_EXCEPTION) if _raised(way) else after",
        "min(after, SAME_EXCEPTION) if True else after",
        f"{HELD}::test_two_failures_without_an_exception_are_not_enough",
    ),
    Mutation(
        "a success is a reason to go on",
        RULE,
        "    if not after or any(trial.shown in _SUCCEEDED for trial in own):\n        return None",
        "    if not after:\n        return None",
        f"{HELD}::test_nothing_is_held_once_a_trial_has_succeeded",
    ),
    Mutation(
        "no trial starts while it is not known how one failed",
        DISPATCH,
        "        if self._may_be_held(sweep, known):\n            return",
        "",
        f"{HELD}::test_no_trial_starts_while_it_is_not_known_how_one_failed",
    ),
    Mutation(
        "what has not started is taken back",
        HOLDS,
        "        await for_each(submissions, lambda each: self._take_back(sweep, each, known))",
        "",
        f"{HELD}::test_children_that_have_not_started_are_taken_back_and_the_running_one_goes_on",
    ),
    Mutation(
        "an earlier submission says nothing of a trial that it has lost",
        TAKEN_BACK,
        "    if submission.id in trial.left:\n        return trial",
        "",
        "tests/bot/domain/sweeps/test_taken_back.py::test_a_submission_says_nothing_of_a_trial_that_has_left_it",
    ),
    Mutation(
        "nothing is submitted again before the engine has it no more",
        TAKEN_BACK,
        "return replace(trial, leaving=submission_id, ",
        "return replace(trial, left=(*trial.left, submission_id), ",
        f"{GOES_ON}::test_continue_before_all_are_taken_back_waits_for_them",
    ),
    Mutation(
        "what runs again has a place of its own",
        TAKEN_BACK,
        """    return f"{results.rstrip('/')}{AGAIN}{submission_id}" if results else \"\"""",
        "    return results",
        f"{GOES_ON}::test_the_newest_commit_also_runs_the_failed_ones_again",
    ),
    Mutation(
        "what failed trials have cost still counts",
        TAKEN_BACK,
        "seconds_before=before)",
        "seconds_before=0.0)",
        f"{GOES_ON}::test_the_newest_commit_also_runs_the_failed_ones_again",
    ),
    Mutation(
        "a button decides about the hold that it was made for",
        CONTINUES,
        "hold.mark == seen",
        "hold.mark",
        f"{GOES_ON}::test_at_the_newest_commit_it_may_be_held_again",
    ),
    Mutation(
        "an approval is for one commit",
        CONTINUES,
        "        if sweep.execution.approval is not None:",
        "        if False:",
        f"{GOES_ON}::test_what_was_approved_for_a_commit_does_not_go_on_at_another",
    ),
    Mutation(
        "whoever lets a sweep go on may start one",
        CONTINUES,
        "        self._permits.check(person, Verb.SWEEP, sweep.run.project)\n",
        "",
        f"{GOES_ON}::test_who_may_decide",
    ),
    Mutation(
        "nobody's decision ends it",
        HOLDS,
        "            await self._end(sweep, hold)",
        "            return",
        f"{HELD}::test_nobody_decides_and_the_sweep_ends_with_a_reason_of_its_own",
    ),
    Mutation(
        "a large sweep begins with one trial",
        DISPATCH,
        "            return [each for each in new if each.trials == [pilot]]",
        "            return new",
        f"{PILOT}::test_the_others_are_submitted_with_the_pilots_first_metric",
    ),
    Mutation(
        "a pilot that fails holds the sweep",
        HOLDS,
        "            await self._hold(sweep, self._projects[sweep.run.project], alike)",
        "            return",
        f"{PILOT}::test_a_pilot_that_fails_holds_the_sweep_at_once",
    ),
    Mutation(
        "no value of an axis comes twice before all have come",
        "trainer/space.py",
        "        found += sorted(range(below), key=keys.__getitem__)",
        "        found += [int(key * below) for key in keys]",
        "tests/trainer/test_space.py::test_first_tenth_of_a_mixed_grid_lies_all_over_it[lengths0]",
    ),
)
