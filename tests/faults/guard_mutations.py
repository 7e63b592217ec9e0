"""The protections of the guard, each as it would be taken out: see `mutations.py`."""

from tests.faults.mutation import Mutation

SIGNS, COUNTERS = "bot/domain/guard/signs.py", "bot/domain/guard/counters.py"
LOSSES, WATCH = "bot/domain/guard/losses.py", "bot/domain/guard/watch.py"
FOLLOWING, JOBS = "bot/services/guard/following.py", "bot/services/guard/watch_jobs.py"
SILENCE = "tests/bot/services/guard/test_silence.py"
OTHERS = "tests/bot/services/guard/test_other_conditions.py"
ANSWERS = "tests/bot/services/guard/test_answers.py"
SWEEPS = "tests/bot/services/guard/test_watch_sweeps.py"
ORPHANS = "tests/bot/services/guard/test_orphans.py"
IDLE, MACHINES = "tests/bot/services/guard/test_idle_machines.py", "bot/domain/guard/machines.py"
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
        "if stream is None or stream.reads == self._reads:",
        "if stream is None:",
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
    Mutation(
        "guard: an orphan is ended after the grace",
        "bot/services/guard/orphans.py",
        "check(self._now()) >= self._grace:",
        "check(self._now()) >= 1e9:",
        f"{ORPHANS}::test_an_orphan_is_named_in_the_first_channel_and_ended_after_the_grace",
    ),
    Mutation(
        "guard: an orphan has its grace",
        "bot/services/guard/orphans.py",
        "check(self._now()) >= self._grace:",
        "check(self._now()) >= 0:",
        f"{ORPHANS}::test_an_orphan_is_named_in_the_first_channel_and_ended_after_the_grace",
    ),
    Mutation(
        "guard: a restart does not name an orphan twice",
        "bot/services/guard/orphans.py",
        "if channel_id and await self._chat.find_text(channel_id, text, after=0) is None:",
        "if channel_id:",
        f"{ORPHANS}::test_a_restart_names_it_once_and_gives_the_whole_grace",
    ),
    Mutation(
        "guard: a machine without a job is named",
        MACHINES,
        "self.seconds >= limit and rested",
        "False",
        f"{IDLE}::test_a_machine_without_a_job_is_named_after_the_limit_and_then_every_hour",
    ),
    Mutation(
        "guard: a machine is named once an hour at most",
        MACHINES,
        "self.quiet_seconds >= HOUR",
        "True",
        f"{IDLE}::test_a_machine_that_had_a_job_in_between_is_named_once_an_hour_at_most",
    ),
    Mutation(
        "guard: a machine with a job is not named",
        MACHINES,
        "        if each.busy:\n            continue\n",
        "",
        f"{IDLE}::test_a_machine_with_a_job_is_left_alone_and_one_job_begins_the_count_anew",
    ),
    Mutation(
        "guard: a machine that is kept on purpose is not named",
        MACHINES,
        "        if spare < 0:\n            return\n",
        "",
        f"{IDLE}::test_machines_that_a_rule_keeps_are_not_named",
    ),
    Mutation(
        "guard: what nobody saw does not count for a machine",
        MACHINES,
        "if idle and elapsed <= GAP_SECONDS else 0.0",
        "if idle else 0.0",
        f"{IDLE}::test_what_nobody_saw_does_not_count",
    ),
    Mutation(
        "guard: an alarm about a machine is stored before it is sent",
        "bot/services/guard/idle_machines.py",
        "            await keep(replace(idling, alarm=replace(alarm, attempted_at=self._now())))\n",
        "            pass\n",
        f"{IDLE}::test_a_lost_answer_or_a_kill_leads_to_one_message",
    ),
    Mutation(
        "guard: an alarm about a machine is looked for in the history",
        "bot/services/guard/idle_machines.py",
        "            if found is not None:\n                return found\n",
        "",
        f"{IDLE}::test_a_lost_answer_or_a_kill_leads_to_one_message",
    ),
    Mutation(
        "guard: what is denied about machines is not asked for every minute",
        "bot/services/guard/idle_machines.py",
        "self._denied[what] = self._now()",
        "self._denied.setdefault(what, 0.0)",
        f"{IDLE}::test_a_denied_permission_is_logged_once_and_asked_for_once_an_hour",
    ),
    Mutation(
        "guard: silent trials are stopped",
        "bot/services/guard/watch_sweeps.py",
        "        why.pop(WHOLE, None)\n",
        "        why.clear()\n",
        f"{SWEEPS}::test_silent_trials_share_a_warning_and_are_stopped_while_the_others_go_on",
    ),
    Mutation(
        "guard: a trial that was silent is so after a restart",
        "bot/services/guard/watch_sweeps.py",
        "Followed(_counted(sweep, trial, scope))",
        "Followed()",
        f"{SWEEPS}::test_a_restart_keeps_warnings_and_their_grace_and_says_nothing_twice",
    ),
    Mutation(
        "guard: only those who may stop trials answer for them",
        "bot/services/guard/answer_guard.py",
        "        sweep = await self._stop.check(sweep_id, person)\n",
        "        sweep = await self._store.job(sweep_id)\n        assert sweep is not None\n",
        f"{SWEEPS}::test_people_leave_or_stop_the_trials_that_a_warning_is_about",
    ),
    Mutation(
        "a trial that never starts is warned of while others run",
        "bot/services/guard/watch_sweeps.py",
        "        for trial in trials if running else ():",
        "        for trial in ():",
        "tests/bot/services/guard/test_watch_sweeps.py"
        "::test_a_trial_that_never_starts_while_others_run_is_warned_of_and_ended",
    ),
    Mutation(
        "a trial that starts is looked for in an array",
        "bot/services/sweeps/track_trials.py",
        "_LISTED = (JobState.STARTING, JobState.RUNNING,",
        "_LISTED = (JobState.RUNNING,",
        "tests/bot/services/guard/test_watch_sweeps.py"
        "::test_a_trial_that_never_starts_while_others_run_is_warned_of_and_ended",
    ),
    Mutation(
        "a sweep that nobody ends while it starts is ended by its time limit",
        "bot/services/guard/watch_sweeps.py",
        "        if never_started is not None:\n            why",
        "        if False:\n            why",
        "tests/bot/services/guard/test_watch_sweeps.py"
        "::test_a_sweep_that_is_left_while_it_starts_is_ended_by_the_time_limit_of_a_trial",
    ),
)
