"""Which arguments become parameters, in which form, and why the others don't."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.config.projects.parameter import RESERVED_OPTIONS, ParameterSettings
from bot.config.section import NAME
from bot.domain.parameters import Kind
from bot.init.argument import Argument, Literal

_MOST_DESCRIPTION = 100
_PATH = re.compile(
    r"(^|[_-])(path|dir|directory|file|filename|folder|root|out|output|save|logdir|ckpt|checkpoint|checkpoints|resume|"
    r"pretrained|weights|config|cfg|cache|url|prefix)([_-]|$)"
)
_MACHINE = re.compile(
    r"(^|[_-])(device|devices|gpu|gpus|gpu_ids|cuda|mps|cpu|workers|num_workers|rank|local_rank|world_size|nodes|"
    r"master_addr|master_port|port|host|dist|ddp|tqdm|verbose|quiet|debug|wandb|tensorboard|entity)([_-]|$)"
)
_IMPORTANT = (
    r"^(lr|learning_rate|.*_lr|lr_.*)$",
    r"epoch|max_steps|^steps$|iters|iterations|timesteps",
    r"batch",
    r"optim",
    r"^(model|arch|architecture|net|network|backbone)(_name|_type)?$",
    r"decay|momentum|dropout|gamma|beta|temperature|clip",
    r"seed",
    r"hidden|layers|depth|width|heads|embd|dim|units|channels",
    r"warmup|sched|anneal|augment|smooth|mixup",
)
_ONE_VALUE = ("", "?", "None", "1")
_ACTIONS = ("store", "store_true", "store_false", "boolean_optional")
_SEVERAL = ("append", "extend", "append_const")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An argument that is no parameter."""

    argument: Argument
    reason: str

    @property
    def name(self) -> str:
        return self.argument.long_flags[0] if self.argument.flags else self.argument.dest


Settings = dict[str, Any]
"""One parameter's section, as in config.toml."""


def parameters(arguments: Sequence[Argument], room: int) -> tuple[dict[str, Settings], list[LeftOut]]:
    """Choose the parameters, each as `ParameterSettings` takes it. If there are more than `room`, the important ones
    get options of their own, and the others are left to `set`."""
    chosen: dict[str, Settings] = {}
    left_out: list[LeftOut] = []
    for argument in arguments:
        reason = _reason_against(argument)
        settings = {} if reason else _settings(argument)
        if settings and (problem := _problem(settings)):
            reason = problem
        if reason:
            left_out.append(LeftOut(argument, reason))
            continue
        name = _name(argument.dest, chosen)
        flag = _flag(argument, name)
        chosen[name] = {**settings, **({"flag": flag} if flag else {})}
        if aliases := _aliases(argument, name, arguments):
            chosen[name]["aliases"] = aliases
    for name in sorted(chosen, key=_rank)[room:]:
        chosen[name]["option"] = False
    return chosen, left_out


def _rank(name: str) -> int:
    return next((rank for rank, words in enumerate(_IMPORTANT) if re.search(words, name)), len(_IMPORTANT))


def _reason_against(argument: Argument) -> str:
    """Why it is no option, "" if it is one. What has choices may have any name."""
    reasons = (
        (not argument.flags, "it has no flag: write its value into command"),
        (argument.action in _SEVERAL or argument.nargs not in _ONE_VALUE, "it takes several values"),
        (argument.action not in _ACTIONS, f"its action is {argument.action}"),
        (argument.action == "store_true" and argument.default is True, "it is a switch that is already on"),
        (_names(_PATH, argument), "a place on the disk, which differs by machine"),
        (_names(_MACHINE, argument), "it belongs to the machine, not to the experiment"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _names(words: re.Pattern[str], argument: Argument) -> bool:
    return not argument.choices and words.search(argument.dest.lower()) is not None


def _settings(argument: Argument) -> Settings:
    settings: Settings = {}
    if argument.choices:
        settings["type"] = str(Kind.CHOICE)
        default: Literal = None if argument.default is None else str(argument.default)
        settings["choices"] = list(argument.choices)
    else:
        kind = _kind(argument)
        settings["type"] = str(kind)
        default = _default(kind, argument.default)
        if kind is Kind.BOOLEAN and (action := _action(argument)):
            settings["action"] = action
    if default is not None:
        settings["default"] = default
    elif not argument.required:
        settings["optional"] = True
    if description := _description(argument.help):
        settings["description"] = description
    return settings


def _kind(argument: Argument) -> Kind:
    default = argument.default
    if argument.action != "store" or argument.kind == "bool" or isinstance(default, bool):
        return Kind.BOOLEAN
    if argument.kind == "int":
        return Kind.INT
    if argument.kind == "float":
        return Kind.FLOAT
    if isinstance(default, int):  # no type, or a function of the repository's: the default tells
        return Kind.INT
    return Kind.FLOAT if isinstance(default, float) else Kind.STRING


def _default(kind: Kind, default: Literal) -> Literal:
    if default is None or default == "":
        return None
    try:
        match kind:
            case Kind.FLOAT:
                number = float(default)
                return number if math.isfinite(number) else None
            case Kind.INT:
                return int(default) if float(default).is_integer() else None
            case Kind.BOOLEAN:
                return default if isinstance(default, bool) else None
            case _:
                return str(default)
    except (ValueError, OverflowError):
        return None


def _action(argument: Argument) -> str:
    """The bot's word for it; "" for `--augment` and `--no-augment`, which need none."""
    if argument.action == "store":
        return "type_bool" if argument.kind == "bool" else "store"
    return "" if argument.action == "boolean_optional" else argument.action


def _name(dest: str, taken: Iterable[str]) -> str:
    name = _plain(dest)
    if name in RESERVED_OPTIONS:
        name = f"{name}_option"
    base, number = name, 2
    while name in taken:
        name, number = f"{base[:28]}_{number}", number + 1
    return name


def _plain(dest: str) -> str:
    """As a name of an option: Discord takes lower case only."""
    name = re.sub(r"[^a-z0-9_-]+", "_", dest.lower())[:32].strip("_-")
    return name if re.fullmatch(NAME, name) else f"p_{name}"[:32]


def _flag(argument: Argument, name: str) -> str:
    """Its flag, unless the bot would write it anyway."""
    usual = f"--no-{name}" if argument.action == "store_false" else f"--{name}"
    return "" if usual in argument.flags else argument.long_flags[0]


def _aliases(argument: Argument, name: str, arguments: Sequence[Argument]) -> list[str]:
    """Its other long flags, for typed text."""
    if argument.action in ("store_false", "boolean_optional"):  # --no-augment is no second name
        return []
    others = {_plain(each.dest) for each in arguments if each is not argument}
    names = [_plain(flag.lstrip("-")) for flag in argument.long_flags]
    refused = {name, name.replace("_", "-"), *others, *RESERVED_OPTIONS}
    return [each for each in dict.fromkeys(names) if each not in refused]


def _description(text: str) -> str:
    text = re.sub(r"\s*[(\[]\s*defaults?\b[^)\]]*[)\]]", "", " ".join(text.split()), flags=re.IGNORECASE).strip()
    return text if len(text) <= _MOST_DESCRIPTION else text[: _MOST_DESCRIPTION - 1].rstrip() + "…"


def _problem(settings: Mapping[str, Any]) -> str:
    """Why the config would refuse it, "" if it does not."""
    try:
        ParameterSettings.model_validate(settings)
    except ValidationError as error:
        return str(error.errors()[0].get("ctx", {}).get("error", error.errors()[0]["msg"]))
    return ""
