"""The checks on retries with more, each as it would be taken out: see `mutations.py`."""

from tests.faults.mutation import Mutation

RULES, SERVICE = "bot/domain/jobs/remedies.py", "bot/services/remedies/remedies.py"
RULE = "tests/bot/domain/jobs/test_remedies.py"
OFFER, BY_BOT = "tests/bot/services/remedies/test_offers.py", "tests/bot/services/remedies/test_by_bot.py"

MUTATIONS = (
    Mutation(
        "remedy: of two clicks one counts",
        "bot/services/money/admission.py",
        "if stored.offer is not None and stored.offer.open else None",
        "if stored.offer is not None else None",
        f"{OFFER}::TestTake::test_two_clicks_and_two_people_are_one_job",
    ),
    Mutation(
        "remedy: the bot's retry is one commit with the result",
        "bot/services/jobs/announcing.py",
        "return Change(announced, (result, *more), starts)",
        "return Change(announced, (result, *more))",
        f"{BY_BOT}::TestOnce::test_with_its_result_a_job_is_retried_with_more",
    ),
    Mutation(
        "remedy: the failed job names its retry",
        "bot/adapters/sqlite/job_rows.py",
        "return changed.row.retried_as(add(connection, changed.starts, first_posts(changed.starts.id), at).id)",
        "add(connection, changed.starts, first_posts(changed.starts.id), at)\n    return changed.row",
        f"{OFFER}::TestTake::test_a_click_runs_the_same_commit_with_more",
    ),
    Mutation(
        "remedy: the bot retries once in a row",
        SERVICE,
        "if job.run.remedied is not None and job.run.remedied.by_bot:",
        "if False:",
        f"{BY_BOT}::TestOnce::test_never_twice_in_a_row",
    ),
    Mutation(
        "remedy: through whatever retries lie between",
        RULES,
        "offer.after, by_bot or already)",
        "offer.after, by_bot)",
        f"{BY_BOT}::TestOnce::test_never_twice_in_a_row",
    ),
    Mutation(
        "remedy: GPU memory is not mended by the host's",
        "bot/services/jobs/announce_result.py",
        "            if _of_the_gpu(job, lines):",
        "            if False:",
        f"{OFFER}::TestGpu::test_not_even_if_the_engine_says_that_a_process_was_killed_for_memory",
    ),
    Mutation(
        "remedy: what is offered fits on the largest machine",
        RULES,
        "after = wanted if wanted <= most else most // _STEP_MIB * _STEP_MIB",
        "after = wanted",
        f"{RULE}::TestMemory::test_as_much_as_the_largest_machine_has_if_that_is_a_fifth_more",
    ),
    Mutation(
        "remedy: within the project's longest time",
        RULES,
        "after = min(wanted, limits.longest_seconds)",
        "after = wanted",
        f"{RULE}::TestTime::test_not_beyond_it",
    ),
    Mutation(
        "remedy: machines that are gone are not asked for",
        SERVICE,
        "        await self._check_fits(project, offer)\n",
        "",
        f"{OFFER}::TestTake::test_not_what_the_queue_or_the_project_has_no_more",
    ),
    Mutation(
        "remedy: the bot starts nothing over",
        SERVICE,
        "if offer.kind is RemedyKind.TIME and offer.resume_from is None:",
        "if False:",
        f"{BY_BOT}::TestWhat::test_a_time_limit_only_with_a_checkpoint",
    ),
    Mutation(
        "remedy: what needs approval is asked for by a person",
        SERVICE,
        "if above is not None and (quote is None or quote.usd_most > above[0]):",
        "if False:",
        f"{BY_BOT}::TestLimits::test_what_somebody_must_approve_waits_for_somebody_to_ask",
    ),
    Mutation(
        "remedy: the bot spends no more than any grant allows",
        SERVICE,
        'if (quote.usd_most if quote is not None else float("inf")) > limit:',
        "if False:",
        f"{BY_BOT}::TestLimits::test_nobody_is_made_to_spend_more_than_their_grant_allows",
    ),
    Mutation(
        "remedy: a click takes the right to train",
        SERVICE,
        "        self._permits.check(request.person, Verb.TRAIN, project.name)\n",
        "",
        f"{OFFER}::TestTake::test_it_takes_the_right_to_train",
    ),
    Mutation(
        "remedy: and to spend that much",
        SERVICE,
        "        self._permits.check_cost(request.person, Verb.TRAIN, project.name, retry.run.quote)\n",
        "",
        f"{OFFER}::TestTake::test_it_may_cost_no_more_than_the_persons_grant_allows",
    ),
    Mutation(
        "remedy: a risen price is said first",
        SERVICE,
        "    if quote is None or seen_usd is None or quote.usd_most <= seen_usd * RISE:",
        "    if quote is None or seen_usd is None or quote.usd_most > 0:",
        f"{OFFER}::TestTake::test_a_risen_price_is_said_before_anything_starts",
    ),
    Mutation(
        "remedy: a retry that was found again counts",
        SERVICE,
        "        return next((job for job in jobs if job.run.remedied is not None",
        "        return next((job for job in jobs if False and job.run.remedied is not None",
        "tests/bot/services/remedies/test_found_again.py::"
        "test_a_click_after_a_store_was_restored_gets_the_job_that_runs",
    ),
    Mutation(
        "remedy: the quote is for the larger memory",
        "bot/services/money/quotes.py",
        "Needs(posted.run.timeout_seconds, posted.run.memory_mib)",
        "Needs(posted.run.timeout_seconds)",
        f"{OFFER}::TestOffer::test_more_memory_with_what_it_costs",
    ),
    Mutation(
        "remedy: the quote is for the longer time",
        "bot/services/money/quotes.py",
        "            timeout_seconds=needs.timeout_seconds,\n",
        "",
        f"{OFFER}::TestOffer::test_more_time_costs_more",
    ),
    Mutation(
        "remedy: memory is overridden in the form that takes effect",
        "bot/adapters/aws/batch_engine.py",
        'return {"resourceRequirements": [{"type": "MEMORY", "value": str(call.memory_mib)}]}',
        'return {"memory": call.memory_mib}',
        "tests/bot/adapters/aws/memory/test_memory_override.py::test_memory_is_overridden_in_the_form_that_takes_effect",
    ),
    Mutation(
        "remedy: only what the earlier job has sealed is gone on from",
        "trainer/run/earlier_job.py",
        "Seal(self._origin.key, self._origin.job)",
        "Seal()",
        "tests/trainer/run/test_earlier_job.py::test_what_another_job_has_sealed_counts_for_nothing",
    ),
    Mutation(
        "remedy: the command does not get the earlier job's key",
        "trainer/process/environment.py",
        "Env.JOB_KEY.value, Env.RESUME_FROM.value}",
        "Env.JOB_KEY.value}",
        "tests/trainer/run/test_earlier_job.py::test_the_manifest_says_what_was_changed_and_the_command_gets_no_key",
    ),
    Mutation(
        "remedy: a later attempt prefers its own checkpoint",
        "trainer/run/attempt.py",
        "self._goes_on = not own and job.origin is not None",
        "self._goes_on = job.origin is not None",
        "tests/trainer/run/test_earlier_job.py::test_a_later_attempt_goes_on_from_its_own_checkpoint",
    ),
)
