"""Message components: Discord's validation, and the ids that it assigns. The error texts are Discord's.

https://discord.com/developers/docs/components/reference
"""

from collections.abc import Callable, Iterator
from enum import IntEnum

from deploy.sandbox.discord.protocol.errors import MEDIA, FormErrors
from deploy.sandbox.discord.protocol.wire import Json

MAX_IN_MESSAGE = 40
MAX_ROWS = 5
MAX_TEXT = 4000


class ComponentType(IntEnum):
    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    FILE_UPLOAD = 19
    RADIO_GROUP = 21
    CHECKBOX_GROUP = 22
    CHECKBOX = 23


SELECTS = frozenset(
    {
        ComponentType.STRING_SELECT,
        ComponentType.USER_SELECT,
        ComponentType.ROLE_SELECT,
        ComponentType.MENTIONABLE_SELECT,
        ComponentType.CHANNEL_SELECT,
    }
)
LINK, PREMIUM = 5, 6


def walk(components: list[Json]) -> Iterator[Json]:
    """Iterate over all components, parents first: the order in which Discord numbers them."""
    for component in components:
        if isinstance(component, dict):
            yield component
            children = component.get("components")
            yield from walk(children if isinstance(children, list) else [])
            yield from walk([component[name] for name in ("accessory", "component") if component.get(name)])


def with_ids(components: list[Json]) -> list[Json]:
    """Copy the components, giving each without an `id` the next free number from 1."""
    taken = {component["id"] for component in walk(components) if component.get("id")}
    free = (number for number in range(1, 10_000) if number not in taken)
    return [_with_ids(component, lambda: next(free)) for component in components]


def find_by_custom_id(components: list[Json], custom_id: str) -> Json | None:
    return next((part for part in walk(components) if part.get("custom_id") == custom_id), None)


def check(components: list[Json], errors: FormErrors, *, v2: bool) -> None:
    """Add every mistake to `errors`. Without `v2`, only rows of buttons and selects are allowed."""
    everything = list(walk(components))
    if len(everything) > MAX_IN_MESSAGE:
        errors.add(
            "components",
            "COMPONENT_LAYOUT_MAX_COMPONENTS",
            f"The total number of components cannot exceed {MAX_IN_MESSAGE}",
        )
    if not v2 and len(components) > MAX_ROWS:
        errors.too_long("components", MAX_ROWS)
    for at, component in enumerate(components):
        if not v2 and _kind(component) is not ComponentType.ACTION_ROW:
            errors.choice(f"components.{at}.type", "(1,)")
        else:
            _check_one(component, f"components.{at}", errors)
    _check_custom_ids(everything, errors)
    if not all(isinstance(part.get("id") or 0, int) for part in everything):
        errors.add("components", "NUMBER_TYPE_COERCE", "A component's id is an int.")
    if sum(len(str(part.get("content") or "")) for part in everything) > MAX_TEXT:
        errors.too_long("components", MAX_TEXT)


def _with_ids(component: Json, next_id: Callable[[], int]) -> Json:
    copy = {**component, "id": component.get("id") or next_id()}
    if isinstance(copy.get("components"), list):
        copy["components"] = [_with_ids(child, next_id) for child in copy["components"]]
    for name in ("accessory", "component"):
        if copy.get(name):
            copy[name] = _with_ids(copy[name], next_id)
    return copy


def _check_one(component: Json, path: str, errors: FormErrors) -> None:
    kind = _kind(component)
    if kind is None:
        errors.choice(f"{path}.type", str(tuple(int(kind) for kind in ComponentType)))
    elif kind in _CHECKS:
        _CHECKS[kind](component, path, errors)


def _kind(component: Json) -> ComponentType | None:
    number = component.get("type")
    return ComponentType(number) if isinstance(number, int) and number in tuple(ComponentType) else None


def _check_text(component: Json, path: str, errors: FormErrors) -> None:
    errors.text(component.get("content"), f"{path}.content", maximum=MAX_TEXT, minimum=1, required=True)


def _check_gallery(component: Json, path: str, errors: FormErrors) -> None:
    items = errors.objects(component.get("items"), f"{path}.items", maximum=10, minimum=1)
    for at, item in enumerate(items):
        _check_media(item.get("media"), f"{path}.items.{at}.media", errors)


def _check_thumbnail(component: Json, path: str, errors: FormErrors) -> None:
    _check_media(component.get("media"), f"{path}.media", errors)


def _check_file(component: Json, path: str, errors: FormErrors) -> None:
    _check_media(component.get("file"), f"{path}.file", errors)


def _check_container(component: Json, path: str, errors: FormErrors) -> None:
    children = errors.objects(component.get("components"), f"{path}.components", maximum=MAX_IN_MESSAGE, minimum=1)
    for at, child in enumerate(children):
        _check_one(child, f"{path}.components.{at}", errors)


def _check_section(component: Json, path: str, errors: FormErrors) -> None:
    texts = errors.objects(component.get("components"), f"{path}.components", maximum=3, minimum=1)
    for at, child in enumerate(texts):
        _check_one(child, f"{path}.components.{at}", errors)
    _check_accessory(component.get("accessory"), f"{path}.accessory", errors)


def _check_accessory(accessory: object, path: str, errors: FormErrors) -> None:
    if not isinstance(accessory, dict):
        errors.required(path)
    elif _kind(accessory) not in (ComponentType.BUTTON, ComponentType.THUMBNAIL):
        errors.choice(f"{path}.type", "(2, 11)")
    else:
        _check_one(accessory, path, errors)


def _check_media(value: object, path: str, errors: FormErrors) -> None:
    media = errors.mapping(value, path)
    errors.url(media.get("url"), f"{path}.url", schemes=MEDIA, required=True)


def _check_row(row: Json, path: str, errors: FormErrors) -> None:
    children = errors.objects(row.get("components"), f"{path}.components", maximum=5, minimum=1)
    if len(children) > 1 and any(_kind(child) in SELECTS for child in children):
        errors.add(
            f"{path}.components",
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The total width of the components in a row cannot exceed 5",
        )
    for at, child in enumerate(children):
        place = f"{path}.components.{at}"
        if _kind(child) not in SELECTS | {ComponentType.BUTTON, ComponentType.TEXT_INPUT}:
            errors.choice(f"{place}.type", "(2, 3, 5, 6, 7, 8)")
        else:
            _check_one(child, place, errors)


def _check_button(button: Json, path: str, errors: FormErrors) -> None:
    style = button.get("style")
    if not isinstance(style, int) or style not in range(1, 7):
        errors.choice(f"{path}.style", "(1, 2, 3, 4, 5, 6)")
    errors.text(button.get("label"), f"{path}.label", maximum=80)
    if not button.get("label") and not button.get("emoji") and style != PREMIUM:
        errors.add(path, "BUTTON_COMPONENT_INVALID_LABEL", "A button must have one of: a label, an emoji, or both.")
    if style == LINK:
        if button.get("custom_id"):
            errors.add(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A link has no custom id")
        errors.text(button.get("url"), f"{path}.url", maximum=512, minimum=1, required=True)
    elif style != PREMIUM:
        errors.text(button.get("custom_id"), f"{path}.custom_id", maximum=100, minimum=1, required=True)


def _check_select(select: Json, path: str, errors: FormErrors) -> None:
    errors.text(select.get("custom_id"), f"{path}.custom_id", maximum=100, minimum=1, required=True)
    errors.text(select.get("placeholder"), f"{path}.placeholder", maximum=150)
    for name in ("min_values", "max_values"):
        value = select.get(name, 1)
        if not isinstance(value, int) or not 0 <= value <= 25:
            errors.add(f"{path}.{name}", "NUMBER_TYPE_MAX", "int value should be between 0 and 25.")
    if _kind(select) is not ComponentType.STRING_SELECT:
        return
    options = errors.objects(select.get("options"), f"{path}.options", maximum=25, minimum=1)
    seen: set[str] = set()
    for at, option in enumerate(options):
        place = f"{path}.options.{at}"
        errors.text(option.get("label"), f"{place}.label", maximum=100, minimum=1, required=True)
        value = errors.text(option.get("value"), f"{place}.value", maximum=100, minimum=1, required=True)
        errors.text(option.get("description"), f"{place}.description", maximum=100)
        if value in seen:
            errors.add(
                f"{place}.value",
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            )
        seen.add(value)


def _check_custom_ids(everything: list[Json], errors: FormErrors) -> None:
    seen: set[str] = set()
    for part in everything:
        custom_id = part.get("custom_id")
        if isinstance(custom_id, str):
            if custom_id in seen:
                errors.add(
                    "components",
                    "COMPONENT_CUSTOM_ID_DUPLICATED",
                    f"Component custom id cannot be duplicated: {custom_id}",
                )
            seen.add(custom_id)


_CHECKS: dict[ComponentType, Callable[[Json, str, FormErrors], None]] = {
    ComponentType.ACTION_ROW: _check_row,
    ComponentType.BUTTON: _check_button,
    ComponentType.SECTION: _check_section,
    ComponentType.TEXT_DISPLAY: _check_text,
    ComponentType.THUMBNAIL: _check_thumbnail,
    ComponentType.MEDIA_GALLERY: _check_gallery,
    ComponentType.FILE: _check_file,
    ComponentType.CONTAINER: _check_container,
    **dict.fromkeys(SELECTS, _check_select),
}
