"""Changes to spot prices and to where jobs run, each of which a test must notice."""

from tests.faults.mutation import Mutation

SPOT = "bot/services/money/spot/spot_prices.py"
OF_SPOT = "tests/bot/services/money/test_spot_prices.py"

OF_MACHINES = "tests/bot/services/jobs/test_machines.py"

BELOW, OF_BELOW = "bot/services/money/spot/start_below.py", "tests/bot/services/money/test_start_below.py"

WATCH, OF_WATCH = "bot/services/money/spot/watch_prices.py", "tests/bot/services/money/test_watch_prices.py"

MUTATIONS = (
    Mutation(
        "news of a price is stored before it is sent",
        WATCH,
        "            await self._keep(replace(watch, attempted_at=at))\n",
        "            pass\n",
        f"{OF_WATCH}::test_killed_while_it_sends_it_tells_once[True-7200.0]",
    ),
    Mutation(
        "a price is told once",
        WATCH,
        "        await self._store.end_spot_watch(watch.id, watch.asker_id)\n",
        "",
        f"{OF_WATCH}::test_whoever_asked_is_told_once_when_the_cheapest_zone_is_below",
    ),
    Mutation(
        "an old price is no news",
        SPOT,
        "if read is not None and error is None]",
        "if read is not None]",
        f"{OF_WATCH}::test_while_no_price_is_fresh_nobody_is_told",
    ),
    Mutation(
        "a watch ends in time",
        WATCH,
        "self._now() >= each.until]",
        "False]",
        f"{OF_WATCH}::test_it_ends_in_time_with_a_word",
    ),
    Mutation(
        "a watch is stopped by whoever asked for it",
        "bot/adapters/sqlite/ledger/watch_rows.py",
        "WHERE id = ? AND asker_id = ?",
        "WHERE id = ? AND ? > 0",
        "tests/bot/adapters/sqlite/ledger/test_watch_rows.py"
        "::test_what_was_ended_stays_ended_and_its_number_is_not_given_again",
    ),
    Mutation(
        "what a person watches is theirs to see",
        "bot/services/money/spot/spot_watches.py",
        "spot_watches(person.id)",
        "spot_watches()",
        f"{OF_WATCH}::test_nobody_else_sees_it_or_stops_it",
    ),
    Mutation(
        "news of a price is looked for",
        "bot/services/money/build_money.py",
        'Loop("watch_prices"',
        'Loop("watch_nothing"',
        f"{OF_WATCH}::test_the_bot_looks_by_itself",
    ),
    Mutation(
        "five watches are the most",
        "bot/adapters/sqlite/ledger/watch_rows.py",
        "if len(own) >= most:",
        "if len(own) > most:",
        f"{OF_WATCH}::test_a_sixth_is_refused_with_the_list",
    ),
    Mutation(
        "a job waits for its price",
        BELOW,
        "if spot.usd < hold.below_usd:",
        "if True:",
        f"{OF_BELOW}::test_it_starts_once_when_the_price_is_below",
    ),
    Mutation(
        "an old price starts nothing",
        "bot/services/money/spot/cheapest_spot.py",
        "if name and not found[name].stale else None",
        "if name else None",
        f"{OF_BELOW}::test_an_old_price_starts_nothing",
    ),
    Mutation(
        "the wait ends in time",
        BELOW,
        "if hold.until is not None and self._now() >= hold.until:",
        "if False:",
        f"{OF_BELOW}::test_it_ends_when_its_time_has_passed",
    ),
    Mutation(
        "the wait ends before the price counts",
        BELOW,
        "self._now() >= hold.until:",
        "self._now() >= hold.until + 7_200:",
        f"{OF_BELOW}::test_it_ends_although_the_price_came_while_the_bot_was_away",
    ),
    Mutation(
        "what needs approval waits for no price",
        "bot/services/money/admission.py",
        "        if posted.execution.hold is not None:\n",
        "        if False:\n",
        f"{OF_BELOW}::test_what_needs_approval_cannot_wait_for_a_price",
    ),
    Mutation(
        "a machine's job goes to its queue",
        "bot/services/jobs/submit_call.py",
        "queue=place.queue",
        "queue=project.queue",
        f"{OF_MACHINES}::test_a_job_goes_to_the_machines_queue_and_asks_for_its_resources",
    ),
    Mutation(
        "a lost answer is looked for in the machine's queue",
        "bot/services/jobs/launch.py",
        "self._engine.find(place.queue, ",
        "self._engine.find(self._projects[job.run.project].queue, ",
        f"{OF_MACHINES}::test_a_lost_answer_is_looked_for_in_the_machines_queue",
    ),
    Mutation(
        "the machines' queues are reconciled",
        "bot/services/jobs/reconcile.py",
        "project.queues for project",
        "{project.queue} for project",
        f"{OF_MACHINES}::test_a_lost_job_of_a_machine_is_found_again_with_it",
    ),
    Mutation(
        "a machine's price is its own",
        "bot/services/money/quotes.py",
        "        project = project.on(posted.run.machine)\n",
        "",
        f"{OF_MACHINES}::test_the_quote_is_by_the_machines_own_price",
    ),
    Mutation(
        "a machine with jobs stays in the config",
        "bot/app.py",
        " for name, machine in gone)",
        " for name, machine in ())",
        "tests/bot/config/test_machines.py::test_a_machine_with_unfinished_jobs_cannot_leave_the_config",
    ),
    Mutation(
        "the cheapest zone comes first",
        "bot/domain/money/zone_prices.py",
        "sorted(zones, key=lambda each: (each.now, each.zone))",
        "sorted(zones, key=lambda each: (-each.now, each.zone))",
        f"{OF_SPOT}::test_cheapest_zone_comes_first_with_the_price_on_demand_there",
    ),
    Mutation(
        "a line begins with the price in force then",
        "bot/domain/money/zone_prices.py",
        "((start, before[-1]), *after)",
        "((start, before[0]), *after)",
        f"{OF_SPOT}::test_lines_begin_at_the_first_hour_with_the_price_in_force_then",
    ),
    Mutation(
        "a silent region holds up no other",
        SPOT,
        '        except ServiceError as error:\n            log.warning("no spot prices"',
        '        except ZeroDivisionError as error:\n            log.warning("no spot prices"',
        f"{OF_SPOT}::test_a_region_that_does_not_answer_is_named_and_the_rest_is_shown",
    ),
    Mutation(
        "prices of before say their age",
        SPOT,
        "{region: read[region].at for region in errors if region in read}",
        "{}",
        f"{OF_SPOT}::test_prices_of_before_are_shown_with_their_age",
    ),
    Mutation(
        "wrong keys are no region that is off",
        SPOT,
        "        if not read and errors:\n",
        "        if not read and len(errors) == 1:\n",
        f"{OF_SPOT}::test_wrong_keys_do_not_pass_for_regions_that_are_off",
    ),
    Mutation(
        "the picture is cut off above the cheap zones",
        "bot/adapters/drawing/spot_page.py",
        "for _, steps in request.zones[:NAMED])",
        "for _, steps in request.zones)",
        "tests/bot/adapters/drawing/test_spot_page.py::test_dear_zones_are_cut_off",
    ),
)
