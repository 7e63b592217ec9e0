"""The file with the ids that the config's role names meant when they were first matched.

Without it, whoever may manage roles could rename the role "trainer", name one of their own so, and wait for a restart.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from bot.errors import StoreError


class RememberedRoles:
    """`roles.json` in the bot's data folder, readable by its user alone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, int]:
        """Raises `StoreError` for a damaged file: to ignore it would trust whatever role has the name now."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(name): int(role_id) for name, role_id in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise StoreError(f"{self._path} can't be read ({error}). Delete it to match the roles anew.") from error

    def add(self, ids: Mapping[str, int]) -> None:
        """Keep these, too. Does nothing if they are there already."""
        before = self.read()
        if (after := {**before, **ids}) == before:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(after, indent=2), encoding="utf-8")
        new.replace(self._path)
