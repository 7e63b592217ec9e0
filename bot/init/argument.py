"""One argument of a training script, as argparse declares it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

Literal = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Argument:
    """One `add_argument`. https://docs.python.org/3/library/argparse.html#the-add-argument-method"""

    flags: tuple[str, ...]
    """Its option strings; empty if it is positional."""
    dest: str
    action: str = "store"
    """In argparse's words: store, store_true, store_false, boolean_optional, append, count, …"""
    kind: str = "str"
    """The name of its `type`."""
    default: Literal = None
    default_is_known: bool = True
    """False if the default is no plain value, or comes from an expression that was not run."""
    choices: tuple[str, ...] = ()
    nargs: str = ""
    required: bool = False
    help: str = ""

    @property
    def long_flags(self) -> tuple[str, ...]:
        """Those that begin with two dashes, otherwise all."""
        return tuple(flag for flag in self.flags if flag.startswith("--")) or self.flags


def dump(arguments: Sequence[Argument]) -> str:
    """As JSON. `load` is the reverse."""
    return json.dumps([asdict(each) for each in arguments])


def load(text: str) -> list[Argument]:
    """Raises ValueError or TypeError if it is not what `dump` gives."""
    return [
        Argument(**{**each, "flags": tuple(each["flags"]), "choices": tuple(each["choices"])})
        for each in json.loads(text)
    ]
