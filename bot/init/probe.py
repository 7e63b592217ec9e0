"""Runs a script until it parses its arguments, writes what its parser takes, and ends.

The repository's own Python runs this file, so it uses the standard library alone. As `--help` does, it runs whatever
the script does before it parses.
"""

import argparse
import json
import os
import runpy
import sys
from typing import Any

TARGET = "SIGNALBOX_ARGUMENTS_FILE"
_ACTIONS = {
    "_StoreAction": "store",
    "_StoreTrueAction": "store_true",
    "_StoreFalseAction": "store_false",
    "BooleanOptionalAction": "boolean_optional",
    "_AppendAction": "append",
    "_ExtendAction": "extend",
    "_CountAction": "count",
    "_StoreConstAction": "store_const",
}
_SILENT = ("_HelpAction", "_VersionAction", "_SubParsersAction")


def described(parser: argparse.ArgumentParser) -> list[dict[str, Any]]:
    """The parser's arguments, as `bot.init.argument.load` reads them."""
    return [
        _described(parser, action)
        for action in parser._actions
        if type(action).__name__ not in _SILENT and action.help is not argparse.SUPPRESS
    ]


def _described(parser: argparse.ArgumentParser, action: argparse.Action) -> dict[str, Any]:
    default = parser._defaults.get(action.dest, action.default)
    plain = default is None or isinstance(default, bool | int | float | str)
    name = type(action).__name__
    return {
        "flags": list(action.option_strings),
        "dest": action.dest,
        "action": _ACTIONS.get(name, name),
        "kind": getattr(action.type, "__name__", "str" if action.type is None else "other"),
        "default": default if plain and default is not argparse.SUPPRESS else None,
        "default_is_known": plain,
        "choices": [str(choice) for choice in action.choices or ()],
        "nargs": "" if action.nargs in (None, 0) else str(action.nargs),
        "required": action.required,
        "help": _help(parser, action),
    }


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    try:
        return parser._get_formatter()._expand_help(action) if action.help else ""
    except (KeyError, ValueError, TypeError):  # a percent sign that is no format
        return action.help or ""


def _write_and_end(parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
    with open(os.environ[TARGET], "w", encoding="utf-8") as file:  # noqa: PTH123  scripts may change pathlib
        json.dump(described(parser), file)
    os._exit(0)


def main() -> None:
    """Run `sys.argv[1]`, a script, or `-m` and a module."""
    argparse.ArgumentParser.parse_known_args = _write_and_end  # type: ignore[assignment]
    argparse.ArgumentParser.parse_known_intermixed_args = _write_and_end  # type: ignore[assignment]
    if sys.argv[1] == "-m":
        sys.argv = sys.argv[2:]
        sys.path[0] = os.getcwd()  # noqa: PTH109
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = sys.argv[1:]
        sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))  # noqa: PTH100, PTH120
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
