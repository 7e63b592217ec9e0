"""What random lives of jobs found: each as it was, and the test that must turn red."""

from tests.faults.mutation import Mutation

COSTS, GUARD = "bot/domain/spending/costs.py", "tests/bot/services/guard/test_other_conditions.py"
OF_COSTS = "tests/bot/domain/spending/test_costs.py"

MUTATIONS = (
    Mutation(
        "a machine on which the container never started is paid for",
        COSTS,
        "len(begun) + max(unstarted, execution.unstarted)",
        "len(begun)",
        f"{OF_COSTS}::test_a_machine_on_which_the_container_never_started_has_cost_something",
    ),
    Mutation(
        "how long it was there is paid for",
        COSTS,
        " + execution.unstarted_seconds",
        "",
        f"{OF_COSTS}::test_a_machine_on_which_the_container_never_started_has_cost_something",
    ),
    Mutation(
        "a second job of one command is paid for",
        "bot/services/jobs/reconcile.py",
        "stored.execution.doubled(double, now)",
        "stored.execution",
        "tests/faults/test_reservations.py::test_a_second_job_of_one_command_is_paid_for",
    ),
    Mutation(
        "the time limit holds for what never starts, too",
        "bot/domain/guard/signs.py",
        "if stage is not Stage.WAITING and over",
        "if stage is Stage.RUNNING and over",
        f"{GUARD}::test_a_job_that_is_left_while_it_starts_is_ended_by_its_time_limit",
    ),
    Mutation(
        "a grace goes on between two reads of a log",
        "bot/services/guard/watch_jobs.py",
        "elapsed = followed.listened(stream, now)",
        "elapsed = None if followed.listened(stream, now) is None else elapsed",
        f"{GUARD}::test_a_grace_is_as_long_however_rarely_the_log_is_read",
    ),
    Mutation(
        "machines that can't be asked for have minutes before and after a job",
        "bot/services/money/quotes.py",
        "self._billed(machines.pools) if machines is not None else",
        "self._billed(machines.pools) if machines is not None and machines.pools else",
        "tests/bot/services/money/test_quotes.py::test_engine_away_leaves_only_the_price_of_the_config",
    ),
)
