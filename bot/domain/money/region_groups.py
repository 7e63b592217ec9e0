"""Regions as people name them: one by its code, several by the group that its code begins with."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from bot.domain.text import folded, keyboard_ascii
from bot.errors import UnknownName

ALL = "all"
_JAPAN = ("ap-northeast-1", "ap-northeast-3")
"""Tokyo and Osaka: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html"""
_COUNTRIES = {"ja": _JAPAN, "jp": _JAPAN}
_MOST_SHOWN = 6


def groups(regions: Collection[str]) -> dict[str, list[str]]:
    """`us`, `eu`, `ap` and so on, by the beginning of the codes; Japan; and all of them."""
    found: dict[str, list[str]] = {}
    for region in sorted(regions):
        found.setdefault(region.partition("-")[0], []).append(region)
    countries = {name: [each for each in members if each in regions] for name, members in _COUNTRIES.items()}
    return {**found, **{name: members for name, members in countries.items() if members}, ALL: sorted(regions)}


def expanded(text: str, regions: Collection[str]) -> list[str]:
    """The regions that the words of the text stand for, each once. A zone stands for its region.

    Raises `UnknownName` with similar names and the groups.
    """
    named = groups(regions)
    found = [each for word in words(text) for each in named.get(word) or [_region(word, regions, named)]]
    return list(dict.fromkeys(found))


def words(text: str) -> list[str]:
    """What was typed between commas and spaces."""
    return folded(keyboard_ascii(text)).replace(",", " ").split()


def suggestions(text: str, regions: Collection[str]) -> list[tuple[str, str]]:
    """Ways to complete the last word, as (shown, value): groups with what they hold, then regions."""
    *before, last = [""] if not text.strip() else folded(keyboard_ascii(text)).replace(",", " ").split(" ")
    taken = [word for word in before if word]
    named = groups(regions)
    shown = [(f"{name}: {_listed(members)}", name) for name, members in named.items()]
    shown += [(region, region) for region in sorted(regions)]
    wanted = [(label, name) for label, name in shown if last in name and name not in taken]
    wanted.sort(key=lambda each: not each[1].startswith(last))
    lead = " ".join(taken)
    return [(f"{lead} {label}".strip(), f"{lead} {name}".strip()) for label, name in wanted]


def _region(word: str, regions: Collection[str], named: Collection[str]) -> str:
    if word in regions:
        return word
    if word[:-1] in regions and word[-1:].isalpha():
        return word[:-1]
    near = get_close_matches(word, [*regions, *named], 3)
    raise UnknownName(
        "region", given=word, near=near, valid=list(named), hint="A region's own code works as well: us-east-2."
    )


def _listed(members: Sequence[str]) -> str:
    more = f" and {len(members) - _MOST_SHOWN} more" if len(members) > _MOST_SHOWN else ""
    return ", ".join(members[:_MOST_SHOWN]) + more
