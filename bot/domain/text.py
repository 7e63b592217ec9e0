"""Text helpers that every layer may use."""


def cut(text: str, length: int) -> str:
    """The text, or its beginning and an ellipsis: at most `length` characters."""
    return text if len(text) <= length else text[: length - 1] + "…"
