"""Write a stack's outputs into config.toml, keeping its comments and order."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from rich.console import Console
from tomlkit.exceptions import TOMLKitError

from bot.adapters.aws.clients import aws_client
from bot.adapters.aws.stack_outputs import stack_outputs
from bot.domain.stack import Key, settings
from bot.errors import ConfigError

DEFAULT_STACK = "signalbox"


async def run(path: Path, stack: str, console: Console) -> None:
    """Update the file; `stack` "" means `deploy.stack`. On a ConfigError or an adapter's error nothing is changed."""
    text, document = _read(path)
    stack = stack or str(_at(document, ("deploy", "stack")) or DEFAULT_STACK)
    region, endpoint = _at(document, ("aws", "region")), _at(document, ("aws", "endpoint_url"))
    if not region:
        raise ConfigError(str(path), ["aws.region is missing. Set it to the region of the stack"])
    async with aws_client("cloudformation", str(region), str(endpoint) if endpoint else None) as cloudformation:
        outputs = await stack_outputs(cloudformation, stack)
    projects = [str(name) for name in document.get("projects", {})]
    wanted = settings(stack, outputs, projects)
    changed = {key: value for key, value in wanted.items() if _at(document, key) != value}
    for key, value in changed.items():
        was = _at(document, key)
        before = f'"{was}"' if was is not None else "(not set)"
        console.print(f'{".".join(key)}: {before} → "{value}"', markup=False, highlight=False, soft_wrap=True)
    if changed:
        _write(path, written(text, changed))
    console.print(
        f"{len(changed)} of {len(wanted)} settings changed in {path}.", markup=False, highlight=False, soft_wrap=True
    )


def written(text: str, changes: Mapping[Key, str]) -> str:
    """The TOML text with these values. A setting that is commented out is uncommented in place."""
    for key in changes:
        text = _uncommented(text, key)
    document = tomlkit.parse(text)
    for (*sections, last), value in changes.items():
        section: Any = document
        for name in sections:
            section = section.setdefault(name, tomlkit.table())
        section[last] = value
    return tomlkit.dumps(document)


def _uncommented(text: str, key: Key) -> str:
    """Uncomment `# key = …` in the setting's own section, unless the setting is already set."""
    *sections, last = key
    lines, inside, found = text.split("\n"), False, -1
    for number, line in enumerate(lines):
        if header := re.match(r"(?:# )?\[([^\[\]]+)\]", line):
            inside = header[1].replace('"', "").replace(" ", "").split(".") == sections and not line.startswith("#")
        elif inside and re.match(rf"{last}\s*=", line):
            return text
        elif inside and found < 0 and re.match(rf"#\s*{last}\s*=", line):
            found = number
    if found >= 0:
        lines[found] = lines[found].lstrip("# ")
    return "\n".join(lines)


def _read(path: Path) -> tuple[str, tomlkit.TOMLDocument]:
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomlkit.parse(text)
    except FileNotFoundError:
        raise ConfigError(
            str(path), ["the file does not exist. Copy config.example.toml, and name your project in it"]
        ) from None
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise ConfigError(str(path), [f"not valid TOML: {error}"]) from error


def _at(document: Mapping[str, Any], key: Key) -> Any:
    """The value of the key, None if it is not set."""
    value: Any = document
    for name in key:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _write(path: Path, text: str) -> None:
    """Replace the file atomically, keeping its permissions."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(path.stat().st_mode)
    draft.replace(path)
