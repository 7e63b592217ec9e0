"""What the account was billed."""

import datetime as dt
from collections.abc import Mapping
from typing import Protocol


class Bills(Protocol):
    """The bill of the machines on which jobs run, as far as it is known."""

    async def days(self, first: dt.date, until: dt.date) -> Mapping[dt.date, float]:
        """USD of each day of UTC from `first` to before `until`. A request may cost money. `Denied` if the bot may not
        ask."""
