"""Changes to spot prices and to where jobs run, each of which a test must notice."""

from tests.faults.mutation import Mutation

SPOT = "bot/services/money/spot_prices.py"
OF_SPOT = "tests/bot/services/money/test_spot_prices.py"

MUTATIONS = (
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
