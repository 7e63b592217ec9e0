"""Redact a log that arrives in pieces: private keys over many lines, and lines that are cut at any place."""

import re
from collections.abc import Sequence

from trainer.redaction import known
from trainer.redaction.assignments import begins_pair
from trainer.redaction.cloud_rules import PRIVATE_KEY
from trainer.redaction.redact import mark, redact, secret_spans
from trainer.redaction.rule import changes
from trainer.redaction.views import unhidden

LONGEST_KEY = 400
"""Lines. A key of 16,384 bits has about 200."""
APART = 5
"""Lines in a row that do not belong to a key before it counts as ended: another thread may print in between."""
_KEY_MARKS = ("PRIVATE KEY", "Private-Lines:")
# RFC 7468 has five dashes, SSH's own files (RFC 4716) four and a space; PuTTY has neither:
# https://www.rfc-editor.org/rfc/rfc4716#section-3, https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html
_BEGIN = re.compile(r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-Lines: \d")
_END = re.compile(r"-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-MAC:")
# RFC 7468 has lines of 64 characters; OpenSSH writes 70, PGP 64 with a checksum, and the headers are RFC 1421's.
# https://www.rfc-editor.org/rfc/rfc7468#section-3, https://www.rfc-editor.org/rfc/rfc1421#section-4.6
_BODY = re.compile(
    r"[A-Za-z0-9+/]{24,}={0,2}|[A-Za-z0-9+/]{4,23}={1,2}(?![\w=])|(?<![A-Za-z0-9+/=])=[A-Za-z0-9+/]{4}(?=\W{0,8}\Z)"
)
_LAST = re.compile(r"[A-Za-z0-9+/]{1,76}={0,2}")
_HEADER = re.compile(r"(?:Proc-Type|DEK-Info|Version|Comment|Hash):.*")
_LONGEST_WORD = 4096
_WORD_AT_END = re.compile(rf"\S{{1,{_LONGEST_WORD}}}\Z")


def begins_secret(text: str) -> bool:
    """True if a line of the text may begin a secret that goes on in the next one."""
    return any(mark in text for mark in _KEY_MARKS) or begins_pair(text)


class LineRedactor:
    """Redacts the lines of one stream in their order. It remembers whether a line has begun a secret."""

    def __init__(self) -> None:
        self._left, self._apart = 0, 0
        self._name = ""
        """The line before, if it names a secret whose value is next."""

    @property
    def in_secret(self) -> bool:
        """True if the next line may hold the rest of a secret."""
        return self._left > 0 or bool(self._name)

    def redact(self, text: str) -> str:
        """Redact whole lines. The text may have several, and need not end with a line break."""
        before, self._name = self._name, ""
        value, text = continued(f"{before}\n", text) if before else ("", text)
        last = text.rstrip("\n").rpartition("\n")[2]
        if begins_pair(last):
            self._name = last
        if not self._left and not any(mark in text for mark in _KEY_MARKS):
            return value + redact(text)
        return value + "".join(map(self._line, text.splitlines(keepends=True)))

    def redact_all(self, texts: Sequence[str]) -> list[str]:
        """Redact several texts in their order, at little more than the cost of one if there is no secret in them."""
        together = "\n".join(texts)
        if self.in_secret or any(map(begins_secret, texts)) or redact(together) != together:
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
    """A line of a key, also behind the time and level of a logger, in quotes, and in colour."""
    view = unhidden(content)
    plain = view.text if view else content
    if _LAST.fullmatch(plain.strip()):
        return mark(PRIVATE_KEY)
    hidden = _BODY.sub(lambda run: mark(PRIVATE_KEY) if _is_body(run[0]) else run[0], plain)
    return content if hidden == plain else hidden


def _is_body(run: str) -> bool:
    """Not a path or an assignment in a line of another thread, whose letters seldom change between the cases."""
    return run[0] == "=" or changes(run) > len(run) // 5


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
            begun, rest = continued(self._before, text[:end])
            shown = begun + self._lines.redact(rest)
            self._lines.look_for_key(self._before + text[:end])
            self._before = self._before + text[:end] if end == len(text) and text[-1] not in "\r\n" else ""
            text = text[end:]
        begin = max(text.rfind("\n"), text.rfind("\r")) + 1
        whole, last = text[:begin], text[begin:]
        shown += self._lines.redact(whole) + (self._lines.redact(last) if last else "")
        self._before = (self._before + last)[-_LONGEST_WORD:]
        return shown


def continued(before: str, text: str) -> tuple[str, str]:
    """What continues a line: the part up to its last secret, redacted, and the rest, which is still to do."""
    line = before + text
    parts, at = [], len(before)
    for begin, until, kind in secret_spans(line):
        if until > at:
            parts += [line[at : max(at, begin)], mark(kind)]
            at = until
    return "".join(parts), line[at:]
