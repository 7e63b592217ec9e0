"""A project's section as TOML, with a line about each thing that is to be decided."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.config.config_file import line
from bot.init.parameters import LeftOut

_PLACEHOLDERS = (
    ("queue", "signalbox-spot"),
    ("job_definition", "signalbox-{name}"),
    ("bucket", "your-signalbox-artifacts"),
)


def section(
    name: str,
    project: Mapping[str, Any],
    parameters: Mapping[str, Mapping[str, Any]],
    left_out: Sequence[LeftOut],
) -> str:
    """The text; `project` has the settings that the repository tells."""
    lines = [f"[projects.{name}]", *(line(key, value) for key, value in project.items())]
    for key, value in _PLACEHOLDERS:
        lines.append(f"{line(key, value.format(name=name)):<42}# `signalbox config from-stack` fills this in")
    lines += [
        "# channels = []                           # IDs of the channels whose commands mean this project",
        "# Who may use it: [[grants]] in config.example.toml",
    ]
    if "metric" not in project:
        lines += ['# metric = "val_loss"                     # Decides which result is best, with its goal']
    for parameter, settings in parameters.items():
        lines += ["", f"[projects.{name}.parameters.{parameter}]"]
        lines += [line(key, value) for key, value in settings.items()]
    if left_out:
        width = max(len(each.name) for each in left_out)
        lines += ["", "# Not offered in Discord:"]
        lines += [f"#   {each.name:<{width}}  {each.reason}{_needed(each)}" for each in left_out]
    return "\n".join(lines) + "\n"


def _needed(left_out: LeftOut) -> str:
    needed = left_out.argument.required and left_out.argument.flags
    return ". Your script requires it: write it into command" if needed else ""
