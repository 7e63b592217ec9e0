"""Check request bodies against Discord's official OpenAPI document, if the file is present.

The document is published at https://github.com/discord/discord-api-spec and is not part of this project. Put its path
in SIGNALBOX_DISCORD_OPENAPI, or save it as `discord-openapi.json` in a folder `shared` beside the repository.
"""

import os
import re
from pathlib import Path

import jsonschema_rs
import orjson

from deploy.sandbox.discord.protocol.errors import FormErrors
from deploy.sandbox.discord.protocol.wire import Json

VARIABLE = "SIGNALBOX_DISCORD_OPENAPI"
_MAX_ERRORS, _MAX_TEXT = 5, 300
_PARAMETER = re.compile(r"\{[^}]+\}")


def find_document() -> Path | None:
    """Return the document's path, or None if there is no such file."""
    named = os.environ.get(VARIABLE)
    root = Path(__file__).resolve().parents[4]
    path = Path(named) if named else root.parent / "shared" / "discord-openapi.json"
    return path if path.is_file() else None


class OpenApi:
    """Compiles one validator per operation, at its first use."""

    def __init__(self, document: Path | None) -> None:
        self._path = document
        self._document: Json | None = None
        self._operations: dict[tuple[str, str], Json] = {}
        self._validators: dict[tuple[str, str], jsonschema_rs.Validator | None] = {}

    @property
    def present(self) -> bool:
        return self._path is not None

    def check(self, method: str, path: str, body: object) -> None:
        """Raise 50035 if the body does not match the document. Operations that the document does not have pass."""
        if body is None or self._path is None:
            return
        validator = self._validator(method, path)
        if validator is None:
            return
        if not validator.is_valid(body):
            _raise_mismatches(validator, body)

    def _validator(self, method: str, path: str) -> jsonschema_rs.Validator | None:
        key = (method.lower(), _PARAMETER.sub("{}", path))
        if key not in self._validators:
            self._validators[key] = self._compile(key)
        return self._validators[key]

    def _compile(self, key: tuple[str, str]) -> jsonschema_rs.Validator | None:
        operation = self._load().get(key)
        content = (operation or {}).get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None or self._document is None:
            return None
        whole = {"allOf": [schema], "components": self._document["components"]}
        return jsonschema_rs.Draft202012Validator(whole)

    def _load(self) -> dict[tuple[str, str], Json]:
        if self._document is None and self._path is not None:
            self._document = orjson.loads(self._path.read_bytes())
            self._operations = {
                (method, _PARAMETER.sub("{}", path)): operation
                for path, methods in self._document["paths"].items()
                for method, operation in methods.items()
                if isinstance(operation, dict)
            }
        return self._operations


def _raise_mismatches(validator: jsonschema_rs.Validator, body: object) -> None:
    errors = FormErrors()
    for count, error in enumerate(validator.iter_errors(body)):
        if count == _MAX_ERRORS:
            break
        path = ".".join(str(step) for step in error.instance_path)
        errors.add(path, "OPENAPI_MISMATCH", error.message[:_MAX_TEXT])
    errors.raise_if_any()
