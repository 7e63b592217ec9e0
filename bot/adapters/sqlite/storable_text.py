"""Texts that SQLite, and every file after it, can hold."""


def storable(text: str) -> str:
    """The text, with U+FFFD in place of half a surrogate pair: JSON can carry one, UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
