"""The protections of the guard, each as it would be taken out: see `mutations.py`."""

from tests.faults.mutation import Mutation

SIGNS, COUNTERS = "bot/domain/guard/signs.py", "bot/domain/guard/counters.py"
LOSSES, WATCH = "bot/domain/guard/losses.py", "bot/domain/guard/watch.py"
FOLLOWING, JOBS = "bot/services/guard/following.py", "bot/services/guard/watch_jobs.py"
SILENCE = "tests/bot/services/guard/test_silence.py"
OTHERS = "tests/bot/services/guard/test_other_conditions.py"
ANSWERS = "tests/bot/services/guard/test_answers.py"
JUMP = f"{SILENCE}::test_a_jump_of_the_clock_warns_of_nothing_and_ends_no_grace"

MUTATIONS = (
    Mutation(
        "guard: the warning of silence",
        SIGNS,
        "    if _beyond(signs.quiet_seconds, limits.silent_seconds):\n",
        "    if False:\n",
        f"{SILENCE}::test_a_silent_job_is_warned_of_and_stopped_after_the_grace",
    ),
    Mutation(
        "guard: the warning of a loss that is not finite",
        SIGNS,
        "if losses.not_finite(limits.nan_rows):",
        "if False:",
        f"{OTHERS}::test_a_loss_that_is_no_number_is_warned_of",
    ),
    Mutation(
        "guard: the warning of a diverged loss",
        SIGNS,
        "if limits.diverged_factor and losses.diverged(limits.nan_rows):",
        "if False:",
        f"{OTHERS}::test_a_diverged_loss_is_warned_of_where_the_project_says_so",
    ),
    Mutation(
        "guard: the warning of an idle GPU",
        SIGNS,
        "if (idle := _idle(signs)) and _beyond(idle, limits.gpu_idle_seconds):",
        "if (idle := 0.0):",
        f"{OTHERS}::test_an_idle_gpu_is_warned_of_once_training_has_begun",
    ),
    Mutation(
        "guard: no warning of an idle GPU while the data is fetched",
        SIGNS,
        "begun = gpu is not None and (gpu.used or signs.losses.reported)",
        "begun = True",
        f"{OTHERS}::test_an_idle_gpu_is_warned_of_once_training_has_begun",
    ),
    Mutation(
        "guard: the end of a job beyond its time limit",
        SIGNS,
        "seconds > signs.timeout_seconds + limits.overtime_seconds",
        "False",
        f"{OTHERS}::test_a_job_beyond_its_time_limit_is_ended_at_once",
    ),
    Mutation(
        "guard: the warnings of what is stuck before it runs",
        SIGNS,
        "if stage is Stage.STARTING and _beyond(seconds, limits.starting_seconds):",
        "if False:",
        f"{OTHERS}::test_a_job_that_is_stuck_before_it_runs_is_warned_of",
    ),
    Mutation(
        "guard: the stop after the grace",
        WATCH,
        "due = [each for each in standing if each.waited >= now.grace]",
        "due = []",
        f"{SILENCE}::test_a_silent_job_is_warned_of_and_stopped_after_the_grace",
    ),
    Mutation(
        "guard: one pass counts a minute at most",
        FOLLOWING,
        "min(max(0.0, now - self.at), STEP_SECONDS)",
        "now - self.at",
        JUMP,
    ),
    Mutation(
        "guard: no silence without a read of the log",
        FOLLOWING,
        "if heard is None or heard.reads == self._reads:",
        "if heard is None:",
        f"{SILENCE}::test_no_silence_is_judged_while_logs_cannot_be_read",
    ),
    Mutation(
        "guard: files are signs of life",
        FOLLOWING,
        "if self._files is not None and found != self._files:",
        "if False:",
        f"{SILENCE}::test_a_checkpoint_every_twenty_minutes_is_enough",
    ),
    Mutation(
        "guard: the claim's renewals are none",
        FOLLOWING,
        "written = [file.modified for file in files if file.name not in NO_LIFE]",
        "written = [file.modified for file in files]",
        f"{SILENCE}::test_the_claims_renewals_are_no_sign_of_life_and_few_listings_are_made",
    ),
    Mutation(
        "guard: measurements of the GPU are none",
        "bot/services/running/life_signs.py",
        "            if gpu is None:\n",
        "            if True:\n",
        f"{SILENCE}::test_measurements_of_the_gpu_are_no_sign_of_life",
    ),
    Mutation(
        "guard: no judgement while the engine does not answer",
        "bot/services/guard/stages.py",
        "if execution.stop is not None or execution.unanswered_since is not None:",
        "if execution.stop is not None:",
        f"{SILENCE}::test_no_silence_is_judged_while_the_engine_does_not_answer",
    ),
    Mutation(
        "guard: a silence outlives a restart",
        JOBS,
        "Followed(job.watch.saved)",
        "Followed()",
        f"{SILENCE}::test_a_restart_forgets_no_silence_and_repeats_no_warning",
    ),
    Mutation(
        "guard: another attempt begins anew",
        COUNTERS,
        "        if scope != self.scope:\n            return Counters(scope)\n",
        "",
        f"{SILENCE}::test_another_attempt_begins_anew",
    ),
    Mutation(
        "guard: only those who may stop it leave it",
        "bot/services/guard/answer_guard.py",
        "        job = await self._stop.check(job_id, person)\n        _standing(job)\n",
        "        job = await self._store.job(job_id)\n        assert job is not None\n",
        f"{ANSWERS}::test_only_those_who_may_stop_it_may_leave_it",
    ),
    Mutation(
        "guard: what was left is not warned of again",
        WATCH,
        "        return replace(self, warned=(), left=self.left + left)\n",
        "        return replace(self, warned=(), left=left[:0])\n",
        f"{ANSWERS}::test_leave_it_silences_that_condition_for_this_attempt",
    ),
    Mutation(
        "guard: a stop that does not work is named",
        "bot/services/guard/still_running.py",
        "if seconds >= FIRST_SECONDS:",
        "if False:",
        f"{ANSWERS}::test_a_stop_that_does_not_work_is_named_every_hour",
    ),
)
