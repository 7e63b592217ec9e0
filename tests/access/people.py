"""Six kinds of people, what the config grants them, and what they may do: the grants as a person would read them.

`MAY` is written by hand beside `GRANTS`, so that a mistake in how the code reads grants shows.
"""

from dataclasses import dataclass

GUILD, ELSEWHERE = 100_000_000_000_000_000, 100_000_000_000_000_999
ORCHARD, FIELD, LOBBY, ORCHARD_THREAD = 31, 32, 33, 34
CHANNELS = {"orchard": ORCHARD, "field": FIELD, "lobby": LOBBY, "thread in orchard": ORCHARD_THREAD}
"""`orchard` is apricot's own channel, `field` is blueberry's, and `lobby` nobody's."""
ROLES = {
    200_000_000_000_000_001: "viewer",
    200_000_000_000_000_002: "picker",
    200_000_000_000_000_003: "miller",
    200_000_000_000_000_004: "boss",
}
PROJECTS = ("apricot", "blueberry")
BLUEBERRY_MOST_USD = 18.5
"""Nine trials of two hours, at 1 USD an hour."""
GRANTS = f"""
[[grants]]
roles = ["viewer"]
may = ["see"]

[[grants]]
roles = ["picker"]
may = ["train", "sweep", "stop own"]
projects = ["apricot"]

[[grants]]
roles = [200000000000000003]
may = ["train", "sweep", "stop own"]
projects = ["blueberry"]
channels = [{FIELD}]
spend_up_to_usd = {BLUEBERRY_MOST_USD}

[[grants]]
roles = ["miller"]
may = ["see"]
projects = ["apricot"]
channels = [{FIELD}]

[[grants]]
roles = ["boss"]
may = ["train", "sweep", "stop any", "approve", "administer"]
"""

SEE = frozenset({"see"})
TRAINS = frozenset({"see", "train", "sweep", "stop own"})
EVERYTHING = TRAINS | {"stop any", "approve", "administer"}


@dataclass(frozen=True)
class Kind:
    """One of the six, as whom a member of the server asks; `elsewhere` asks from other places."""

    name: str
    id: int
    roles: tuple[int, ...] = ()
    elsewhere: bool = False


NOBODY = Kind("nobody", 401)
VIEWER = Kind("viewer", 402, (200_000_000_000_000_001,))
PICKER = Kind("picker", 403, (200_000_000_000_000_002,))
MILLER = Kind("miller", 404, (200_000_000_000_000_003,))
BOSS = Kind("boss", 405, (200_000_000_000_000_004,))
STRANGER = Kind("stranger", 406, (200_000_000_000_000_004, GUILD), elsewhere=True)
"""Has the boss's role where they ask from, but that is another server, a direct message or an own installation."""
KINDS = (NOBODY, VIEWER, PICKER, MILLER, BOSS, STRANGER)


def may(kind: Kind, channel: int, project: str) -> frozenset[str]:
    """The expected verbs, written without the code's own words."""
    in_field = channel == FIELD
    table: dict[tuple[str, str], frozenset[str]] = {
        ("viewer", "apricot"): SEE,
        ("viewer", "blueberry"): SEE,
        ("viewer", "cranberry"): SEE,
        ("picker", "apricot"): TRAINS,
        ("miller", "apricot"): SEE if in_field else frozenset(),
        ("miller", "blueberry"): TRAINS if in_field else frozenset(),
        ("boss", "apricot"): EVERYTHING,
        ("boss", "blueberry"): EVERYTHING,
        ("boss", "cranberry"): EVERYTHING,
    }
    return table.get((kind.name, project), frozenset())


def public(channel: int, project: str) -> bool:
    """Where an answer about the project may be read by everybody."""
    own = {"apricot": (ORCHARD, ORCHARD_THREAD), "blueberry": (FIELD,)}
    return channel in own.get(project, ())
