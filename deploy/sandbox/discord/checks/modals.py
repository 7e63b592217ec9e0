"""Modals: what the bot may open, and how a person fills one.

https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal
"""

from collections.abc import Mapping

from deploy.sandbox.discord.checks.components import SELECTS, ComponentType, walk, with_ids
from deploy.sandbox.discord.protocol.errors import FormErrors
from deploy.sandbox.discord.protocol.wire import Json, comma_list

_INPUTS = SELECTS | {
    ComponentType.TEXT_INPUT,
    ComponentType.RADIO_GROUP,
    ComponentType.CHECKBOX_GROUP,
    ComponentType.CHECKBOX,
}


def check(data: Json) -> None:
    """Raises 50035 with every mistake."""
    errors = FormErrors()
    errors.text(data.get("custom_id"), "data.custom_id", maximum=100, minimum=1, required=True)
    errors.text(data.get("title"), "data.title", maximum=45, minimum=1, required=True)
    rows = errors.objects(data.get("components"), "data.components", maximum=5, minimum=1)
    for at, row in enumerate(rows):
        if row.get("type") not in (ComponentType.ACTION_ROW, ComponentType.LABEL, ComponentType.TEXT_DISPLAY):
            errors.choice(f"data.components.{at}.type", "(1, 10, 18)")
    for part in walk(rows):
        if part.get("type") == ComponentType.TEXT_INPUT:
            _check_input(part, errors)
    errors.raise_if_any()


def wire(data: Json) -> Json:
    return {
        "custom_id": data["custom_id"],
        "title": data["title"],
        "components": with_ids(data["components"]),
    }


def inputs(modal: Json) -> dict[str, Json]:
    """The fields that a person can fill, by custom id."""
    return {part["custom_id"]: part for part in walk(modal["components"]) if part.get("type") in _INPUTS}


def submitted_components(modal: Json, fields: Mapping[str, object]) -> list[Json]:
    """The components of the modal submit interaction.

    Raises ValueError with what was given, expected and valid, as the client refuses to send.
    """
    known = inputs(modal)
    if unknown := sorted(set(fields) - set(known)):
        raise ValueError(f"the modal has no field {comma_list(unknown)}; its fields are {comma_list(known)}")
    return [_submitted(part, fields) for part in modal["components"]]


def _submitted(part: Json, fields: Mapping[str, object]) -> Json:
    copy: Json = {"type": part["type"], "id": part["id"]}
    if "components" in part:
        copy["components"] = [_submitted(child, fields) for child in part["components"]]
    if "component" in part:
        copy["component"] = _submitted(part["component"], fields)
    if part.get("type") in _INPUTS:
        copy |= _filled(part, fields.get(part["custom_id"]))
    return copy


def _filled(part: Json, given: object) -> Json:
    name = part["custom_id"]
    if part["type"] == ComponentType.TEXT_INPUT:
        return {"custom_id": name, "value": _text(part, name, given)}
    if part["type"] == ComponentType.CHECKBOX:
        return {"custom_id": name, "value": bool(given)}
    values = given if isinstance(given, list) else [given] if given is not None else []
    least = part.get("min_values", 1) if part.get("required", True) else 0
    if not least <= len(values) <= part.get("max_values", 1):
        most = part.get("max_values", 1)
        raise ValueError(f"{name}: {values} was given, from {least} to {most} values are expected")
    options = [option["value"] for option in part.get("options", [])]
    if options and (wrong := [value for value in values if value not in options]):
        raise ValueError(f"{name}: {comma_list(wrong)} was given; the options are {comma_list(options)}")
    return {"custom_id": name, "values": values}


def _text(part: Json, name: str, given: object) -> str:
    text = part.get("value") or "" if given is None else str(given)
    least, most = part.get("min_length") or 0, part.get("max_length") or 4000
    if part.get("required", True):
        least = max(least, 1)
    if not text and not part.get("required", True):
        return text
    if not least <= len(text) <= most:
        raise ValueError(f"{name}: {len(text)} characters were given, from {least} to {most} are expected")
    return text


def _check_input(part: Json, errors: FormErrors) -> None:
    path = f"data.components.{part.get('custom_id')}"
    errors.text(part.get("custom_id"), f"{path}.custom_id", maximum=100, minimum=1, required=True)
    errors.text(part.get("label"), f"{path}.label", maximum=45)
    errors.text(part.get("placeholder"), f"{path}.placeholder", maximum=100)
    errors.text(part.get("value"), f"{path}.value", maximum=4000)
    if part.get("style") not in (1, 2):
        errors.choice(f"{path}.style", "(1, 2)")
