"""Redact a log that arrives in pieces: private keys over many lines, and lines that are cut at any place."""

import re
from collections.abc import Sequence

from trainer.redaction import known
from trainer.redaction.cloud_rules import PRIVATE_KEY
from trainer.redaction.redact import mark, redact, secret_spans

KEY_MARK = "PRIVATE KEY"
"""In the line before a key, whatever its kind."""
LONGEST_KEY = 400
"""Lines. A key of 16,384 bits has about 200."""
APART = 5
"""Lines in a row that do not belong to a key before it counts as ended: another thread may print in between."""
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
# RFC 7468 has lines of 64 characters; OpenSSH writes 70, PGP 64 with a checksum, and the headers are RFC 1421's.
# https://www.rfc-editor.org/rfc/rfc7468#section-3, https://www.rfc-editor.org/rfc/rfc1421#section-4.6
_BODY = re.compile(
    r"(?P<before>.*?)(?P<body>(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/]{24,}={0,2}|=[A-Za-z0-9+/]{4}))(?P<after>[^A-Za-z0-9+/=]{0,8})"
)
_LAST = re.compile(r"[A-Za-z0-9+/]{1,76}={0,2}")
_HEADER = re.compile(r"(?:Proc-Type|DEK-Info|Version|Comment|Hash):.*")
_LONGEST_WORD = 4096
_WORD_AT_END = re.compile(rf"\S{{1,{_LONGEST_WORD}}}\Z")


class LineRedactor:
    """Redacts the lines of one stream in their order. It remembers whether a private key has begun."""

    def __init__(self) -> None:
        self._left, self._apart = 0, 0

    @property
    def in_key(self) -> bool:
        """True if the next line may belong to a private key."""
        return self._left > 0

    def redact(self, text: str) -> str:
        """Redact whole lines. The text may have several, and need not end with a line break."""
        if not self._left and KEY_MARK not in text:
            return redact(text)
        return "".join(map(self._line, text.splitlines(keepends=True)))

    def redact_all(self, texts: Sequence[str]) -> list[str]:
        """Redact several texts in their order, at little more than the cost of one if there is no secret in them."""
        together = "\n".join(texts)
        if self._left or KEY_MARK in together or redact(together) != together:
            return [self.redact(text) for text in texts]
        return list(texts)

    def _line(self, line: str) -> str:
        if self._left:
            line = self._key_line(line)
        self.look_for_key(line)
        return redact(line)

    def look_for_key(self, line: str) -> None:
        """Expect the lines of a key if this one begins it, and no more if it ends one."""
        begun, ended = list(_BEGIN.finditer(line)), list(_END.finditer(line))
        if begun and not (ended and ended[-1].start() > begun[-1].start()):
            self._left, self._apart = LONGEST_KEY, 0
        elif ended:
            self._left = 0

    def _key_line(self, line: str) -> str:
        self._left -= 1
        if end := _END.search(line):
            self._left = 0
            return _without_key(line[: end.start()]) + line[end.start() :]
        content = line.rstrip("\r\n")
        hidden = _without_key(content)
        belongs = (
            hidden != content or not content.strip() or _HEADER.fullmatch(content) or content.startswith("[redacted")
        )
        self._apart = 0 if belongs else self._apart + 1
        if self._apart >= APART:
            self._left = 0
        return hidden + line[len(content) :]


def redacted(text: str) -> str:
    """A whole text of any number of lines, which nothing follows."""
    return LineRedactor().redact(text)


def _without_key(content: str) -> str:
    """A line of a key, also behind the time and level of a logger."""
    if _LAST.fullmatch(content.strip()):
        return mark(PRIVATE_KEY)
    if match := _BODY.fullmatch(content):
        return match["before"] + mark(PRIVATE_KEY) + match["after"]
    return content


class ChunkRedactor:
    """Redacts output that is forwarded before its last line is complete.

    What of a line is already forwarded is looked at again with what follows it; and a word at the end, which may be
    the first half of a secret, is held back until more has arrived.
    """

    def __init__(self) -> None:
        self._lines = LineRedactor()
        self._before = ""
        """The end of what was forwarded of the line that is not complete yet."""

    def held_back(self, text: str) -> int:
        """Count the characters at the end that must not be forwarded yet."""
        word = _WORD_AT_END.search(text[-_LONGEST_WORD:])
        held = len(word[0]) if word and any(map(str.isalnum, word[0])) else 0
        return max(known.begun(text), held)

    def redact(self, text: str) -> str:
        """Redact what is forwarded now."""
        shown = ""
        if self._before:
            end = next((index + 1 for index, character in enumerate(text) if character in "\r\n"), len(text))
            begun, rest = _continued(self._before, text[:end])
            shown = begun + self._lines.redact(rest)
            self._lines.look_for_key(self._before + text[:end])
            self._before = self._before + text[:end] if end == len(text) and text[-1] not in "\r\n" else ""
            text = text[end:]
        begin = max(text.rfind("\n"), text.rfind("\r")) + 1
        whole, last = text[:begin], text[begin:]
        shown += self._lines.redact(whole) + (self._lines.redact(last) if last else "")
        self._before = (self._before + last)[-_LONGEST_WORD:]
        return shown


def _continued(before: str, text: str) -> tuple[str, str]:
    """What continues a line: the part up to its last secret, redacted, and the rest, which is still to do."""
    line = before + text
    parts, at = [], len(before)
    for begin, until, kind in secret_spans(line):
        if until > at:
            parts += [line[at : max(at, begin)], mark(kind)]
            at = until
    return "".join(parts), line[at:]
