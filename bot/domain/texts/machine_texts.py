"""What the guard says about a machine that runs without a job."""

from bot.domain.guard.machines import Machine
from bot.domain.inert import EMPTY, Inert, code, escape, joined, listed, phrase, stacked

NAME = 120
CENT = 0.01


def idle_machine(
    machine: Machine, group: str, region: str, minutes: int, usd: float | None, *, engine: Inert, roles: Inert = EMPTY
) -> Inert:
    """In the channel, every hour. `usd` is None if nobody knows the price. `roles` are mentioned."""
    what = phrase(
        "Machine {machine}{kind} of the compute environment {group} has had no job for {minutes:,} min{cost}.",
        machine=code(machine.id),
        kind=_kind(machine),
        group=code(group, NAME),
        minutes=minutes,
        cost=_cost(usd),
    )
    why = phrase("{engine} should have ended it by now.", engine=engine)
    if not machine.answers:
        why = phrase("{engine} has lost contact with it: it may hang, or be gone already.", engine=engine)
    end = phrase(
        "Look at it in the EC2 console, or end it: {command}",
        command=code(f"aws ec2 terminate-instances --instance-ids {machine.id} --region {region}", 2 * NAME),
    )
    return stacked(listed(roles, what, why, separator=" "), end)


def role_mentions(roles: tuple[int, ...]) -> Inert:
    return joined([phrase("<@&{role}>", role=role) for role in roles], " ", NAME)


def _kind(machine: Machine) -> Inert:
    known = [escape(each, NAME) for each in (machine.kind, machine.zone) if each]
    return phrase(" ({kind})", kind=joined(known, ", ", NAME)) if known else EMPTY


def _cost(usd: float | None) -> Inert:
    if usd is None:
        return EMPTY
    return phrase(", about ${usd:,.2f}", usd=usd) if usd >= CENT else phrase(", less than $0.01")
