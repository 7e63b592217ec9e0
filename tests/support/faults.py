"""Calls that fail: of a fake, or of any port that passes the gates."""

from dataclasses import dataclass


@dataclass
class Fault:
    """The next call of `call` fails; `after` says whether its effect has happened."""

    call: str
    error: Exception
    after: bool = False


def raise_due(faults: list[Fault], call: str, *, after: bool) -> None:
    """Raise the first fault of this call, and forget it."""
    for fault in faults:
        if fault.call == call and fault.after is after:
            faults.remove(fault)
            raise fault.error
