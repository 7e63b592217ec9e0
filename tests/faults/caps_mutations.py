"""The checks on spending, each as it would be taken out: see `mutations.py`."""

from tests.faults.mutation import Mutation

LEDGER = "tests/bot/adapters/sqlite/ledger/test_admission.py"
APPROVE, PAUSE = "tests/bot/services/money/test_approve.py", "tests/bot/services/money/test_pause.py"
ADMISSION, ROWS = "bot/adapters/sqlite/ledger/admission.py", "bot/adapters/sqlite/ledger/ledger_rows.py"
APPROVES = "bot/services/money/approve.py"

MUTATIONS = (
    Mutation(
        "caps are compared inside the transaction",
        ADMISSION,
        "            _check_caps(connection, caps, after, at)",
        "            pass",
        f"{LEDGER}::test_requests_at_once_never_pass_the_cap_together[30]",
    ),
    Mutation(
        "the ledger follows each row",
        "bot/adapters/sqlite/store.py",
        "                ledger_rows.follow(self._connection, self._now())",
        "                pass",
        f"{LEDGER}::TestSums::test_a_person_may_reserve_up_to_the_cap_of_the_day",
    ),
    Mutation(
        "what lives is reserved",
        "bot/domain/spending/ledger.py",
        "return max(0.0, min(quote.usd_most * left / quote.runs, quote.usd_most - spent_usd)) if left else 0.0",
        "return 0.0",
        f"{LEDGER}::TestSums::test_a_person_may_reserve_up_to_the_cap_of_the_day",
    ),
    Mutation(
        "a cap in USD is closed to what has no price",
        "bot/domain/money/caps.py",
        "        return Excess(cap, asked, sums, unpriced=True)",
        "        return None",
        f"{LEDGER}::TestUnknown::test_a_cap_in_usd_is_closed_to_what_has_no_price",
    ),
    Mutation(
        "a clock set back frees nothing: sums have no end",
        ADMISSION,
        'terms.append("counted_at >= ?")',
        'terms.append(f"counted_at < {caps.calendar.end(cap.pool.period, at)} AND counted_at >= ?")',
        f"{LEDGER}::TestClock::test_a_clock_set_back_frees_nothing",
    ),
    Mutation(
        "what is asked with a clock set back counts in the latest day",
        ROWS,
        "max(created_at, latest)",
        "created_at",
        f"{LEDGER}::TestClock::test_what_is_asked_with_a_clock_set_back_counts_when_it_is_set_right",
    ),
    Mutation(
        "caps are compared again when a hold is lifted",
        ADMISSION,
        "RECHECKED = (HoldKind.APPROVAL, HoldKind.FAILURES)",
        "RECHECKED: tuple[HoldKind, ...] = ()",
        f"{LEDGER}::TestHolds::test_what_waits_is_reserved_and_compared_again_when_it_is_let_go",
    ),
    Mutation(
        "what may cost much waits",
        "bot/services/money/admission.py",
        "if posted.run.quote.usd_most <= above:",
        "if posted.run.quote.usd_most >= 0:",
        f"{APPROVE}::TestWaiting::test_above_it_nothing_is_submitted_and_the_sum_is_reserved",
    ),
    Mutation(
        "nobody approves their own",
        APPROVES,
        "if posted.request.asker_id == person.id:",
        "if False:",
        f"{APPROVE}::TestWho::test_nobody_approves_their_own_not_even_an_admin",
    ),
    Mutation(
        "approving takes the verb",
        APPROVES,
        "        self._permits.check(person, Verb.APPROVE, posted.run.project)\n",
        "",
        f"{APPROVE}::TestWho::test_nobody_without_the_verb",
    ),
    Mutation(
        "whoever asked must still be allowed to",
        APPROVES,
        "        self._check_asker(posted, asker)\n",
        "",
        f"{APPROVE}::TestWho::test_whoever_asked_must_be_allowed_to_start_it_now",
    ),
    Mutation(
        "of two clicks one counts",
        APPROVES,
        """            _check_undecided(stored)
            self._check_seen(stored, seen)""",
        "            self._check_seen(stored, seen)",
        f"{APPROVE}::TestOnce::test_of_clicks_at_once_one_counts_and_the_others_learn_who",
    ),
    Mutation(
        "a button approves what was on its card",
        APPROVES,
        "        if token(posted) != seen:",
        "        if False:",
        f"{APPROVE}::TestBound::test_a_button_of_another_request_approves_nothing",
    ),
    Mutation(
        "a risen price is asked anew",
        APPROVES,
        "        await self._check_price(posted)\n",
        "",
        f"{APPROVE}::TestAgain::test_a_risen_price_is_asked_anew",
    ),
    Mutation(
        "what nobody approves ends after an hour",
        APPROVES,
        "            if _over(hold, self._now()):",
        "            if False:",
        f"{APPROVE}::TestBound::test_after_an_hour_it_ends",
    ),
    Mutation(
        "a pause refuses what is new",
        ADMISSION,
        "            raise Paused(paused_text(pause))",
        "            pass",
        f"{PAUSE}::test_nothing_new_is_accepted_and_whoever_asks_learns_who_and_why",
    ),
    Mutation(
        "a pause keeps what was accepted before",
        "bot/services/jobs/launch.py",
        "calling, submits=True)",
        "calling)",
        f"{PAUSE}::test_a_job_that_is_about_to_be_handed_over_is_kept",
    ),
    Mutation(
        "only administrators of all projects pause",
        "bot/services/money/pause.py",
        "        if administered is None or administered >= self._projects.keys():",
        "        if True:",
        f"{PAUSE}::test_only_administrators_of_all_projects_may",
    ),
)
