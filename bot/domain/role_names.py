"""Match the role names of the config with the server's roles. A name that fits nothing, several, or another role than
before is nobody's."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Matched:
    """The id of each name that is certain, and a sentence about each that is not."""

    ids: Mapping[str, int]
    problems: Mapping[str, str]


def match_names(named: Iterable[str], server: Iterable[tuple[int, str]], remembered: Mapping[str, int]) -> Matched:
    """`server` has the id and name of every role; `remembered`, the ids that the names meant when first matched."""
    roles = list(server)
    by_name: dict[str, list[int]] = defaultdict(list)
    for role_id, name in roles:
        by_name[name].append(role_id)
    ids: dict[str, int] = {}
    problems: dict[str, str] = {}
    for name in named:
        found, before = by_name.get(name, []), remembered.get(name)
        if len(found) == 1 and before in (None, found[0]):
            ids[name] = found[0]
        else:
            problems[name] = _problem(name, found, before, dict(roles))
    return Matched(ids, problems)


def unknown_ids(ids: Iterable[int], server: Iterable[tuple[int, str]]) -> list[str]:
    """A sentence about each role that the config gives by id and the server doesn't have."""
    known = {role_id for role_id, _ in server}
    return [f"the server has no role {role_id}" for role_id in sorted(set(ids) - known)]


def _problem(name: str, found: list[int], before: int | None, names: Mapping[int, str]) -> str:
    if len(found) > 1:
        return f'the server has {len(found)} roles named "{name}": {", ".join(map(str, found))}'
    if found:
        return f'"{name}" was the role {before} and is now the role {found[0]}'
    if before is not None and before in names:
        return f'the role {before} was named "{name}" and is now "{names[before]}"'
    near = get_close_matches(name, names.values(), 1)
    meant = f'. Did you mean "{near[0]}"?' if near else ""
    return f'the server has no role "{name}"{meant}'
