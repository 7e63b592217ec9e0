"""What keeps sums of other projects from people, and formulas out of the file, as it would be taken out: see
`mutations.py`."""

from tests.faults.mutation import Mutation

WEEKLY = "tests/bot/services/money/test_post_weekly.py"
REPORT, COSTS = "tests/bot/services/money/test_report_costs.py", "bot/services/money/report_costs.py"

MUTATIONS = (
    Mutation(
        "costs of projects that a person may not see are in no sum",
        COSTS,
        "        if not text:\n            return seen",
        "        if not text:\n            return None",
        f"{REPORT}::test_nobody_sees_what_is_of_another_project",
    ),
    Mutation(
        "a project that a person may not see cannot be asked for",
        COSTS,
        "if seen is None or name in seen]",
        "if True]",
        f"{REPORT}::test_nobody_sees_what_is_of_another_project",
    ),
    Mutation(
        "no cell of the file is a formula",
        "bot/domain/spending/cost_table.py",
        'return f"\'{text}" if text',
        "return text if text",
        f"{REPORT}::test_no_cell_of_the_file_is_a_formula",
    ),
    Mutation(
        "a clock set back hides no costs",
        COSTS,
        "        now = await self._store.latest_time()\n        span",
        "        now = self._now()\n        span",
        f"{REPORT}::test_a_clock_set_back_hides_nothing_of_this_month",
    ),
    Mutation(
        "a digest is stored before it is sent",
        "bot/services/delivery/own_message.py",
        "            await attempt(self._now())",
        "            pass",
        f"{WEEKLY}::test_killed_while_it_sends_it_is_posted_once",
    ),
    Mutation(
        "a message whose nonce is forgotten is looked for",
        "bot/services/delivery/own_message.py",
        "            if found is not None:",
        "            if False:",
        f"{WEEKLY}::test_killed_while_it_sends_it_is_posted_once",
    ),
)
