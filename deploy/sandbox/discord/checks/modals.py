"""Modals: check one that the bot opens, and fill one in for a person.

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
    """Raise 50035 with every mistake."""
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
    """Return the fields that a person can fill in, by custom id."""
    return {part["custom_id"]: part for part in walk(modal["components"]) if part.get("type") in _INPUTS}


def submitted_components(modal: Json, fields: Mapping[str, object]) -> list[Json]:
    """Return the components of the modal submit interaction.

    Raises ValueError if Discord's client would not send it, with the reason and the valid choices.
    """
    known = inputs(modal)
    if unknown := sorted(set(fields) - set(known)):
        raise ValueError(f"this modal has no field {comma_list(unknown)}; its fields are {comma_list(known)}")
    return [_submitted_component(part, fields) for part in modal["components"]]


def _submitted_component(part: Json, fields: Mapping[str, object]) -> Json:
    copy: Json = {"type": part["type"], "id": part["id"]}
    if "components" in part:
        copy["components"] = [_submitted_component(child, fields) for child in part["components"]]
    if "component" in part:
        copy["component"] = _submitted_component(part["component"], fields)
    if part.get("type") in _INPUTS:
        copy |= _filled_field(part, fields.get(part["custom_id"]))
    return copy


def _filled_field(part: Json, given: object) -> Json:
    name = part["custom_id"]
    if part["type"] == ComponentType.TEXT_INPUT:
        return {"custom_id": name, "value": _text(part, name, given)}
    if part["type"] == ComponentType.CHECKBOX:
        return {"custom_id": name, "value": bool(given)}
    values = given if isinstance(given, list) else [given] if given is not None else []
    minimum, maximum = part.get("min_values", 1) if part.get("required", True) else 0, part.get("max_values", 1)
    if not minimum <= len(values) <= maximum:
        raise ValueError(f"`{name}` takes {minimum} to {maximum} values (got {values})")
    options = [option["value"] for option in part.get("options", [])]
    if options and (wrong := [value for value in values if value not in options]):
        raise ValueError(f"`{name}` has no option {comma_list(wrong)}; its options are {comma_list(options)}")
    return {"custom_id": name, "values": values}


def _text(part: Json, name: str, given: object) -> str:
    text = part.get("value") or "" if given is None else str(given)
    minimum, maximum = part.get("min_length") or 0, part.get("max_length") or 4000
    if part.get("required", True):
        minimum = max(minimum, 1)
    if not text and not part.get("required", True):
        return text
    if not minimum <= len(text) <= maximum:
        raise ValueError(f"`{name}` takes {minimum} to {maximum} characters (got {len(text)})")
    return text


def _check_input(part: Json, errors: FormErrors) -> None:
    path = f"data.components.{part.get('custom_id')}"
    errors.text(part.get("custom_id"), f"{path}.custom_id", maximum=100, minimum=1, required=True)
    errors.text(part.get("label"), f"{path}.label", maximum=45)
    errors.text(part.get("placeholder"), f"{path}.placeholder", maximum=100)
    errors.text(part.get("value"), f"{path}.value", maximum=4000)
    if part.get("style") not in (1, 2):
        errors.choice(f"{path}.style", "(1, 2)")
