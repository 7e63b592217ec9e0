"""Changes to what is priced, each of which a test must notice."""

from tests.faults.mutation import Mutation

QUOTES, BOOK = "bot/services/money/quotes.py", "bot/services/money/price_book.py"
LIST = "bot/adapters/aws/prices/price_list.py"
OF_QUOTES = "tests/bot/services/money/test_quotes.py"
OF_BOOK = "tests/bot/services/money/test_price_book.py"
OF_LIST = "tests/bot/adapters/aws/prices/test_price_list.py"
OF_OFFER = f"{OF_QUOTES}::test_most_is_by_the_dearest_machine_on_demand_and_expected_by_the_cheapest_at_spot"

MUTATIONS = (
    Mutation(
        "the most is by the dearest machine",
        QUOTES,
        "dearest, usual = max(found",
        "dearest, usual = min(found",
        OF_OFFER,
    ),
    Mutation(
        "the most counts all attempts",
        "bot/domain/money/quote.py",
        "return self.runs * self.attempts * self._usd(",
        "return self.runs * self._usd(",
        OF_OFFER,
    ),
    Mutation(
        "a machine without a price leaves no quote",
        QUOTES,
        "                    return None\n                fitting",
        "                fitting",
        f"{OF_QUOTES}::test_a_type_without_a_price_leaves_no_quote",
    ),
    Mutation(
        "a risen price is shown before it is confirmed",
        QUOTES,
        "now.usd_most <= seen.usd_most * RISE",
        "True",
        f"{OF_QUOTES}::TestAccepting::test_preview_is_shown_anew_if_prices_rose",
    ),
    Mutation(
        "old prices say so",
        BOOK,
        "        stale = passed(known.at, seconds, self._now())\n",
        "        stale = False\n",
        f"{OF_BOOK}::test_prices_survive_a_restart_with_their_age",
    ),
    Mutation(
        "absurd prices are not believed",
        "bot/domain/money/rates.py",
        "    if not (math.isfinite(amount) and 0 < amount <= most):\n",
        "    if False:\n",
        f"{OF_LIST}::test_absurd_price_is_no_price",
    ),
    Mutation(
        "reserved capacity is no price",
        LIST,
        "        and _MACHINE.items() <= attributes.items()\n",
        "",
        f"{OF_LIST}::test_other_products_are_left_out_even_at_no_price",
    ),
)
