"""Discord's errors, each with its code, HTTP status and message. The texts are Discord's own, word for word.

https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from collections.abc import Mapping
from enum import Enum

from deploy.sandbox.discord.protocol.wire import Json


class Code(Enum):
    """(code, HTTP status, message)."""

    NOT_FOUND = (0, 404, "404: Not Found")
    METHOD_NOT_ALLOWED = (0, 405, "405: Method Not Allowed")
    UNAUTHORIZED = (0, 401, "401: Unauthorized")
    INTERNAL = (0, 500, "500: Internal Server Error")
    UNKNOWN_APPLICATION = (10002, 404, "Unknown Application")
    UNKNOWN_CHANNEL = (10003, 404, "Unknown Channel")
    UNKNOWN_GUILD = (10004, 404, "Unknown Guild")
    UNKNOWN_MEMBER = (10007, 404, "Unknown Member")
    UNKNOWN_MESSAGE = (10008, 404, "Unknown Message")
    UNKNOWN_ROLE = (10011, 404, "Unknown Role")
    UNKNOWN_USER = (10013, 404, "Unknown User")
    UNKNOWN_EMOJI = (10014, 400, "Unknown Emoji")
    UNKNOWN_WEBHOOK = (10015, 404, "Unknown Webhook")
    UNKNOWN_INTERACTION = (10062, 404, "Unknown interaction")
    UNKNOWN_COMMAND = (10063, 404, "Unknown application command")
    TOO_MANY_COMMANDS = (30032, 400, "Maximum number of application commands reached (100)")
    TOO_MANY_OLD_EDITS = (
        30046,
        429,
        "Maximum number of edits to messages older than 1 hour reached. Try again later.",
    )
    TOO_LARGE = (40005, 413, "Request entity too large")
    ALREADY_ACKNOWLEDGED = (40060, 400, "Interaction has already been acknowledged.")
    MISSING_ACCESS = (50001, 403, "Missing Access")
    NOT_AUTHOR = (50005, 403, "Cannot edit a message authored by another user")
    EMPTY_MESSAGE = (50006, 400, "Cannot send an empty message")
    CANNOT_MESSAGE_USER = (50007, 403, "Cannot send messages to this user")
    NON_TEXT_CHANNEL = (50008, 400, "Cannot send messages in a non-text channel")
    MISSING_PERMISSIONS = (50013, 403, "Missing Permissions")
    WRONG_BULK_DELETE = (
        50016,
        400,
        "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100.",
    )
    SYSTEM_MESSAGE = (50021, 403, "Cannot execute action on a system message")
    WRONG_CHANNEL_TYPE = (50024, 400, "Cannot execute action on this channel type")
    INVALID_WEBHOOK_TOKEN = (50027, 401, "Invalid Webhook Token")
    INVALID_FORM = (50035, 400, "Invalid Form Body")
    ARCHIVED_THREAD = (50083, 400, "Thread is archived")
    INVALID_JSON = (50109, 400, "The request body contains invalid JSON.")
    NO_MUTUAL_GUILDS = (50278, 403, "Cannot send messages to this user due to having no mutual guilds")
    NO_HISTORY_FOR_REPLY = (160002, 400, "Cannot reply without permission to read message history")
    THREAD_EXISTS = (160004, 400, "A thread has already been created for this message")
    THREAD_LOCKED = (160005, 400, "Thread is locked")
    TOO_MANY_THREADS = (160006, 400, "Maximum number of active threads reached")


WEB = ("http", "https")
MEDIA = (*WEB, "attachment")


class ApiError(Exception):
    """A failed request, as Discord would answer it."""

    def __init__(self, code: Code, *, errors: Json | None = None, extra: Mapping[str, object] | None = None) -> None:
        self.code, self.errors, self.extra = code, errors, dict(extra or {})
        super().__init__(f"{code.value[0]} {code.value[2]}" + (f": {errors}" if errors else ""))

    @property
    def status(self) -> int:
        return self.code.value[1]

    def body(self) -> Json:
        code, _, message = self.code.value
        body: Json = {"message": message, "code": code, **self.extra}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


class FormErrors:
    """Collects the mistakes in one body into Discord's nested `errors` object.

    >>> mistakes = FormErrors()
    >>> mistakes.add("embeds.0.title", "BASE_TYPE_MAX_LENGTH", "Must be 256 or fewer in length.")
    """

    def __init__(self) -> None:
        self._errors: Json = {}

    def add(self, path: str, code: str, message: str) -> None:
        place = self._errors
        for step in path.split(".") if path else ():
            place = place.setdefault(step, {})
        place.setdefault("_errors", []).append({"code": code, "message": message})

    def too_long(self, path: str, maximum: int) -> None:
        self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {maximum} or fewer in length.")

    def required(self, path: str) -> None:
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required")

    def choice(self, path: str, choices: str) -> None:
        self.add(path, "BASE_TYPE_CHOICES", f"Value must be one of {choices}.")

    def text(self, value: object, path: str, *, maximum: int, minimum: int = 0, required: bool = False) -> str:
        """Return `value` as a string of `minimum` to `maximum` characters; record anything else as a mistake."""
        if value is None:
            if required:
                self.required(path)
            return ""
        if not isinstance(value, str):
            self.add(path, "STRING_TYPE_CONVERT", f"Could not interpret {value!r} as string.")
            return ""
        if not minimum <= len(value) <= maximum:
            if minimum:
                self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {minimum} and {maximum} in length.")
            else:
                self.too_long(path, maximum)
        return value

    def objects(self, value: object, path: str, *, maximum: int, minimum: int = 0) -> list[Json]:
        """Return `value` as a list of `minimum` to `maximum` objects; record anything else as a mistake."""
        if value is None:
            value = []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.add(path, "MODEL_TYPE_CONVERT", "Only lists of dictionaries may be used here.")
            return []
        if not minimum <= len(value) <= maximum:
            if minimum:
                self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {minimum} and {maximum} in length.")
            else:
                self.too_long(path, maximum)
        return value

    def url(self, value: object, path: str, *, schemes: tuple[str, ...], required: bool = False) -> None:
        text = self.text(value, path, maximum=2048, minimum=int(required), required=required)
        scheme = text.partition("://")[0]
        if text and scheme not in schemes:
            self.add(path, "URL_TYPE_INVALID_SCHEME", f'Scheme "{scheme}" must be one of {schemes}.')

    def mapping(self, value: object, path: str) -> Json:
        """Return `value` as an object, {} if it is None; record anything else as a mistake."""
        if value is None or isinstance(value, dict):
            return value or {}
        self.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return {}

    def texts(self, value: object, path: str, *, maximum: int) -> list[str]:
        """Return `value` as a list of strings; record anything else as a mistake."""
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.add(path, "LIST_TYPE_CONVERT", "Only lists of strings may be used here.")
            return []
        if len(value) > maximum:
            self.too_long(path, maximum)
        return value

    def to_error(self) -> ApiError:
        return ApiError(Code.INVALID_FORM, errors=self._errors)

    def raise_if_any(self) -> None:
        if self._errors:
            raise self.to_error()


def invalid(path: str, code: str, message: str) -> ApiError:
    """Make a 50035 with one mistake."""
    errors = FormErrors()
    errors.add(path, code, message)
    return errors.to_error()
