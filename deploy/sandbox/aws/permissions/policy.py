"""Would IAM allow a call? Evaluates the part of IAM's logic that the stack's roles use, and refuses any other policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

_KEYS = frozenset({"Sid", "Effect", "Action", "Resource", "Condition"})
Condition = tuple[str, str, tuple[str, ...]]
"""Operator, key, values: `("StringEquals", "aws:RequestTag/a", ("b",))`."""


class UnknownPolicyError(ValueError):
    """The policy uses something that is not evaluated here; the message names it."""


@dataclass(frozen=True, slots=True)
class Statement:
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()

    def fits(self, action: str, resource: str, context: Mapping[str, str]) -> bool:
        return (
            any(_like(pattern.lower())(action.lower()) for pattern in self.actions)
            and any(_like(pattern)(resource) for pattern in self.resources)
            and all(_is_met(condition, context) for condition in self.conditions)
        )


def statements(document: Mapping[str, Any]) -> list[Statement]:
    """Parse a policy's JSON. Raises UnknownPolicyError."""
    return [_statement(each) for each in _as_list(document["Statement"])]


def allowing_statements(
    policy: Iterable[Statement], action: str, resource: str, context: Mapping[str, str]
) -> Sequence[Statement]:
    """Return the statements that allow a call; none if a statement denies it or no statement allows it."""
    fitting = [each for each in policy if each.fits(action, resource, context)]
    denied = any(each.effect == "Deny" for each in fitting)
    return [] if denied else fitting


def _statement(given: Mapping[str, Any]) -> Statement:
    if unknown := set(given) - _KEYS:
        raise UnknownPolicyError(f"{', '.join(sorted(unknown))}: not evaluated here, only {', '.join(sorted(_KEYS))}")
    found = given.get("Condition", {})
    conditions = [(op, key, tuple(_as_list(values))) for op, keys in found.items() for key, values in keys.items()]
    for operator, _, _ in conditions:
        if operator.removesuffix("IfExists") not in _OPERATORS:
            raise UnknownPolicyError(f"{operator}: not evaluated here, only {', '.join(_OPERATORS)}")
    return Statement(
        given["Effect"], tuple(_as_list(given["Action"])), tuple(_as_list(given["Resource"])), tuple(conditions)
    )


def _is_met(condition: Condition, context: Mapping[str, str]) -> bool:
    """A key that is missing from the request meets only conditions that end in `IfExists`."""
    operator, key, values = condition
    # Condition keys are case-insensitive, except for the names of tags.
    given = {name.lower(): value for name, value in context.items()}.get(key.lower())
    if given is None:
        return operator.endswith("IfExists")
    compare = _OPERATORS[operator.removesuffix("IfExists")]
    return any(compare(value, given) for value in values)


@cache
def _like(pattern: str) -> Callable[[str], bool]:
    """Compile a pattern: `*` is any run of characters, `?` any one."""
    parts = [{"*": ".*", "?": "."}.get(part, re.escape(part)) for part in re.split(r"([*?])", pattern)]
    compiled = re.compile("".join(parts), re.DOTALL)
    return lambda text: compiled.fullmatch(text) is not None


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, given: wanted == given,
    "StringLike": lambda wanted, given: _like(wanted)(given),
    "ArnLike": lambda wanted, given: _like(wanted)(given),
    "Bool": lambda wanted, given: wanted.lower() == given.lower(),
}


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
