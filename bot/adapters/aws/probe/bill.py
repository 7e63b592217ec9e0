"""Whether the bot may read the bill: by what it noted itself, because each request costs money.

A tag counts only from its activation on: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
"""

import datetime as dt
from collections.abc import Callable

from bot.domain.stack import STACK_TAG
from bot.services.money.bill_book import ADVICE, KnownBill
from bot.services.running.doctor import Check, Finding

SUBJECT = "Cost Explorer"
_TAGS = "https://console.aws.amazon.com/billing/home#/tags"


def bill_check(read: Callable[[], KnownBill]) -> Check:
    async def look() -> Finding:
        known = read()
        if known.asked_at is None:
            return Finding.note(SUBJECT, "the bot has not read the bill yet", "It does within a minute of its start.")
        if known.trouble:
            return Finding.note(SUBJECT, f"the bill could not be read: {known.trouble}", ADVICE if known.denied else "")
        if not any(known.usd.values()):
            advice = f"Activate {STACK_TAG} as a cost allocation tag in the account that pays: {_TAGS}."
            return Finding.note(SUBJECT, "nothing was billed under the stack's tag", advice)
        at = dt.datetime.fromtimestamp(known.asked_at, dt.UTC)
        return Finding(SUBJECT, f"the bill was read on {at.day} {at:%B} at {at:%H:%M} UTC, up to {max(known.usd)}")

    return Check(SUBJECT, look, "")
