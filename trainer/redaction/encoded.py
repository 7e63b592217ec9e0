"""Words in base64 that decode to a text with a secret, as in Kubernetes' secrets and Docker's `config.json`."""

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Callable, Iterator, Sequence

from trainer.redaction.views import Span

SHORTEST = 24
"""Characters: those of 18."""
_WORD = re.compile(rf"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{{{SHORTEST},8192}}={{0,2}}")
_LOOK = 16
"""Characters that are decoded first: few words are text."""
_URLSAFE = str.maketrans("+/", "-_")
_TEXT = frozenset(range(0x20, 0x7F)) | {9, 10, 13}


def encoded_spans(text: str, spans: Callable[[str], Sequence[Span]]) -> Iterator[Span]:
    """Yield each word that hides a secret; `spans` finds those of a decoded text."""
    for match in _WORD.finditer(text):
        decoded = _decoded(match[0])
        if decoded and (found := spans(decoded)):
            yield (*match.span(), found[0][2])


def _decoded(word: str) -> str:
    """The text in a word, or nothing if it has none."""
    word = word.rstrip("=").translate(_URLSAFE)
    try:
        if not _TEXT.issuperset(urlsafe_b64decode(word[:_LOOK])):
            return ""
        data = urlsafe_b64decode(word[: len(word) - (len(word) % 4 == 1)] + "==")
    except Error:
        return ""
    return data.decode("latin-1").replace("\r", " ").replace("\n", " ") if _TEXT.issuperset(data) else ""
