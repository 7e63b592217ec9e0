"""config.toml as a file: read it, and set values in it, keeping its comments and its order."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from bot.domain.stack import Key
from bot.errors import ConfigError


def read(path: Path, if_missing: str) -> tuple[str, Mapping[str, Any]]:
    """The text and what it says. Raises ConfigError; of a missing file with the advice `if_missing`."""
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigError(str(path), [f"the file does not exist. {if_missing}"]) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), [f"not valid TOML: {error}"]) from error


def value_at(document: Mapping[str, Any], key: Key) -> Any:
    """The value of the key, None if it is not set."""
    value: Any = document
    for name in key:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def written(text: str, changes: Mapping[Key, Any]) -> str:
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


def line(key: str, value: Any) -> str:
    """A setting as one line of TOML."""
    return f"{key} = {tomlkit.item(value).as_string()}"


def replace(path: Path, text: str) -> None:
    """Replace the file atomically, keeping its permissions."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(path.stat().st_mode)
    draft.replace(path)


def _uncommented(text: str, key: Key) -> str:
    """Uncomment `# key = …` in the setting's own section, unless the setting is already set."""
    *sections, last = key
    lines, inside, found = text.split("\n"), False, -1
    for number, line in enumerate(lines):
        if header := re.match(r"(?:# )?\[([^\[\]]+)\]", line):
            inside = header[1].replace('"', "").replace(" ", "").split(".") == sections and not line.startswith("#")
        elif inside and re.match(rf"{re.escape(last)}\s*=", line):
            return text
        elif inside and found < 0 and re.match(rf"#\s*{re.escape(last)}\s*=", line):
            found = number
    if found >= 0:
        lines[found] = lines[found].lstrip("# ")
    return "\n".join(lines)
