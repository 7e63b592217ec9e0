"""Ids in request bodies. Some libraries send them as integers; Discord accepts those, its OpenAPI document does not.

"The API will always return snowflakes as strings, but accepts both":
https://docs.discord.com/developers/reference#id-serialization
"""

from deploy.sandbox.discord.protocol.wire import Json

_LISTS = ("users", "roles")
_NOT_SNOWFLAKES = frozenset({"custom_id"})


def ids_to_strings(body: object) -> object:
    """Copy a JSON body with every id turned into a string."""
    if isinstance(body, list):
        return [ids_to_strings(entry) for entry in body]
    if not isinstance(body, dict):
        return body
    return {name: _read(name, value) for name, value in body.items()}


def _read(name: str, value: object) -> object:
    if name.endswith("_id") and name not in _NOT_SNOWFLAKES:
        return _text(value)
    if name == "attachments" and isinstance(value, list):
        return [_with_text(entry, "id") for entry in value]
    if name == "allowed_mentions" and isinstance(value, dict):
        return value | {kind: [_text(one) for one in value[kind]] for kind in _LISTS if value.get(kind)}
    return ids_to_strings(value)


def _with_text(entry: object, name: str) -> object:
    if not isinstance(entry, dict) or name not in entry:
        return entry
    fixed: Json = entry | {name: _text(entry[name])}
    return fixed


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
