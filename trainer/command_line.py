"""The training command with its parameters: in a placeholder, or as flags in the form that the code takes.

A word `{lr}` or `optimizer.lr={lr}` has a placeholder, `{flags}` stands for all flags that no placeholder has, and
`{{lr}}` is the text `{lr}`. `${lr}` is left alone: it belongs to the shell, or to OmegaConf. In the script of
`sh -c`, values are quoted for the shell.
"""

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

from trainer.contract import Value

ALL_FLAGS = "flags"
"""The placeholder of all flags."""

_PLACEHOLDER = re.compile(r"\{\{(?P<text>[A-Za-z_][\w-]*)\}\}|(?<![{$])\{(?P<name>[A-Za-z_][\w-]*)\}(?!\})")
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})
_SHELL_OPTIONS_WITH_A_WORD = frozenset({"--rcfile", "--init-file"})


class Style(StrEnum):
    """How a flag and its value are written."""

    SPACED = "--name value"
    JOINED = "--name=value"
    """nanoGPT's configurator, absl, and everything else that takes the first."""
    BARE = "name=value"
    """Hydra, OmegaConf."""


class Action(StrEnum):
    """What a boolean's flag does, in argparse's words (https://docs.python.org/3/library/argparse.html#action)."""

    BOOLEAN_OPTIONAL = "boolean_optional"
    """`--augment` or `--no-augment`."""
    STORE_TRUE = "store_true"
    """`--augment` if it is true, otherwise nothing."""
    STORE_FALSE = "store_false"
    """`--no-augment` if it is false, otherwise nothing."""
    STORE = "store"
    """`--augment True` or `--augment False`."""
    TYPE_BOOL = "type_bool"
    """`--augment True`, or an empty value: argparse's `type=bool` takes every other text for true."""


@dataclass(frozen=True, slots=True)
class Flags:
    """How the parameters are written. `names` has the flags that don't follow from the parameter's name."""

    style: Style = Style.SPACED
    names: Mapping[str, str] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    optional: AbstractSet[str] = frozenset()
    """Parameters that may have no value. A word with the placeholder of one that has none is left out."""

    @property
    def encoded(self) -> str:
        """For the environment; empty if everything is as usual. `decode` is the reverse."""
        parts: dict[str, object] = {
            "style": "" if self.style is Style.SPACED else self.style,
            "names": dict(self.names),
            "actions": dict(self.actions),
            "optional": sorted(self.optional),
        }
        parts = {key: value for key, value in parts.items() if value}
        return json.dumps(parts, separators=(",", ":")) if parts else ""

    @classmethod
    def decode(cls, text: str) -> "Flags":
        """Raises ValueError or TypeError if it is not what `encoded` gives."""
        parts = json.loads(text or "{}")
        if not isinstance(parts, dict):
            raise TypeError("not a JSON object")
        actions = {str(name): Action(action) for name, action in dict(parts.get("actions", {})).items()}
        names = {str(name): str(flag) for name, flag in dict(parts.get("names", {})).items()}
        return cls(Style(parts.get("style", Style.SPACED)), names, actions, frozenset(parts.get("optional", ())))

    def flag(self, name: str) -> str:
        """The parameter's flag, with its dashes."""
        if name in self.names:
            return self.names[name]
        if self.style is Style.BARE:
            return name
        return f"--no-{name}" if self.actions.get(name) is Action.STORE_FALSE else f"--{name}"

    def words(self, name: str, value: Value) -> list[str]:
        """The words that pass the value."""
        flag = self.flag(name)
        if not isinstance(value, bool):
            return self._with_value(flag, _text(value))
        usual = Action.BOOLEAN_OPTIONAL if self.style is Style.SPACED else Action.STORE
        match self.actions.get(name, usual):
            case Action.STORE_TRUE:
                return [flag] if value else []
            case Action.STORE_FALSE:
                return [] if value else [flag]
            case Action.BOOLEAN_OPTIONAL:
                return [flag if value else f"--no-{flag.lstrip('-')}"]
            case Action.TYPE_BOOL:
                return self._with_value(flag, "True" if value else "")
            case Action.STORE:
                return self._with_value(flag, str(value))

    def _with_value(self, flag: str, text: str) -> list[str]:
        looks_like_a_flag = text.startswith("-") and flag.startswith("--")
        if self.style is not Style.SPACED or looks_like_a_flag:
            return [f"{flag}={text}"]
        return [flag, text]


def arguments(command: Sequence[str], parameters: Mapping[str, Value], flags: Flags | None = None) -> list[str]:
    """Add the parameters to the command."""
    flags = flags or Flags()
    script, used = script_at(command), placeholders(command)
    rest = [word for name, value in parameters.items() if name not in used for word in flags.words(name, value)]
    absent = flags.optional - parameters.keys()
    words: list[str] = []
    for at, word in enumerate(command):
        if at == script:
            words.append(_filled(word, lambda name: _quoted(name, parameters, rest)))
        elif word == f"{{{ALL_FLAGS}}}":
            words += rest
        elif not placeholders([word]) & absent:
            words.append(_filled(word, lambda name: _text(parameters[name]) if name in parameters else None))
    return words if ALL_FLAGS in used else words + rest


def placeholders(command: Sequence[str]) -> set[str]:
    """The names in the command's placeholders, `flags` included."""
    return {found["name"] for word in command for found in _PLACEHOLDER.finditer(word) if found["name"]}


def script_at(command: Sequence[str]) -> int | None:
    """Where the script of `sh -c` stands, also behind `env` and the like: `["timeout", "1h", "bash", "-ec", "…"]`."""
    for at, word in enumerate(command):
        if PurePosixPath(word).name in _SHELLS:
            return _script_after(command, at + 1)
    return None


def _script_after(command: Sequence[str], at: int) -> int | None:
    takes_script = False
    while at < len(command) and command[at][:1] in ("-", "+") and command[at] != "--":
        takes_script |= command[at].startswith("-") and not command[at].startswith("--") and "c" in command[at]
        at += 2 if command[at] in _SHELL_OPTIONS_WITH_A_WORD or _takes_option_name(command[at]) else 1
    at += at < len(command) and command[at] == "--"
    return at if takes_script and at < len(command) else None


def _takes_option_name(word: str) -> bool:
    """Whether `-euo` and the like: the next word is the option's name, as in `-euo pipefail`."""
    return re.fullmatch(r"[-+][A-Za-z]*[oO]", word) is not None


def quoted_placeholders(script: str) -> set[str]:
    """The names in placeholders that stand inside quotes, where a value's own quotes would be text."""
    found, quote, at = set[str](), "", 0
    while at < len(script):
        match = _PLACEHOLDER.match(script, at)
        if match is not None:
            found |= {match["name"]} if quote and match["name"] else set()
            at = match.end()
            continue
        character = script[at]
        if character == "\\" and quote != "'":
            at += 1
        elif character == quote:
            quote = ""
        elif character in "'\"" and not quote:
            quote = character
        at += 1
    return found


def _filled(word: str, text_of: Callable[[str], str | None]) -> str:
    def fill(match: re.Match[str]) -> str:
        if match["text"]:
            return f"{{{match['text']}}}"
        text = text_of(match["name"])
        return match[0] if text is None else text

    return _PLACEHOLDER.sub(fill, word)


def _quoted(name: str, parameters: Mapping[str, Value], rest: Sequence[str]) -> str | None:
    if name == ALL_FLAGS:
        return shlex.join(rest)
    return shlex.quote(_text(parameters[name])) if name in parameters else None


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
