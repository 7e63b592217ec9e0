"""Replace secrets in a text by what they were: `[redacted: GitHub token]`.

Most texts hold none, so the words of a text are looked at first; only then do the rules search it. Everything is linear
in the text's length. Colours in the middle of a secret do not hide it; nor do escapes of JSON,
addresses and HTML, nor base64.
"""

import re
from collections.abc import Iterable, Sequence

from trainer.redaction import known
from trainer.redaction.assignments import PASSWORD, SECRET, assigned_spans
from trainer.redaction.cloud_rules import CLOUD_RULES
from trainer.redaction.context_rules import COOKIE, HEADER, URL, context_spans
from trainer.redaction.developer_rules import DEVELOPER_RULES
from trainer.redaction.encoded import encoded_spans
from trainer.redaction.rule import LONG, Hint, Rule
from trainer.redaction.service_rules import SERVICE_RULES
from trainer.redaction.views import Span, unescaped, unhidden

RULES: Sequence[Rule] = (*SERVICE_RULES, *CLOUD_RULES, *DEVELOPER_RULES)
KINDS = frozenset({rule.kind for rule in RULES} | {PASSWORD, SECRET, HEADER, URL, COOKIE, known.KIND})

_SHORTEST = 6
"""Characters. A text this short has no secret with a shape."""
_MARK = re.compile(r"\[redacted: ([^\]\n]{1,40})\]")
_WORDS = (
    bytes(ord(chr(code).lower()) if chr(code).isalnum() or chr(code) in "_-.~" else 0x20 for code in range(128))
    + b" " * 128
)


def _by_hint(rules: Iterable[Rule]) -> dict[Hint, list[Rule]]:
    found: dict[Hint, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.hint, []).append(rule)
    return found


_NAMED = _by_hint(rule for rule in RULES if rule.anywhere)
_PREFIXED = _by_hint(rule for rule in RULES if not rule.anywhere)


def redact(text: str) -> str:
    """Replace what looks like a secret, and the secrets that this process knows."""
    text = known.redact(text)
    return _replaced(text, secret_spans(text)) if len(text) >= _SHORTEST else text


def redacted_kinds(text: str) -> list[str]:
    """Name what was replaced in a text, each kind once."""
    return [kind for kind in dict.fromkeys(_MARK.findall(text)) if kind in KINDS] if "[redacted: " in text else []


def secret_spans(text: str) -> list[Span]:
    """Find the secrets of a text in order and apart from each other, also those that colours or escapes hide."""
    hidden = unhidden(text)
    plain = hidden.text if hidden else text
    found = [*_found(plain), *encoded_spans(plain, _found)]
    if hidden:
        found += known.spans(plain)
    if written := unescaped(plain):
        found += written.original([*_found(written.text), *known.spans(written.text)])
    found = hidden.original(found) if hidden else found
    return _apart([span for span in found if not text.startswith("[redacted", span[0])]) if found else []


def _found(text: str) -> list[Span]:
    words = set(text.encode("ascii", "replace").translate(_WORDS).split())
    unique = b" ".join(words).decode()
    long = " ".join(word.decode() for word in words if len(word) >= LONG)
    found: list[Span] = []
    for rule in _candidates(unique, long):
        for match in rule.pattern.finditer(text):
            group = "secret" if rule.pattern.groupindex else 0
            if rule.check is None or rule.check(match[group]):
                found.append((*match.span(group), rule.kind))
    return [*found, *context_spans(text, unique), *assigned_spans(text, text.lower(), unique)]


def mark(kind: str) -> str:
    return f"[redacted: {kind}]"


def _candidates(unique: str, long: str) -> Iterable[Rule]:
    """The rules whose hints occur."""
    for hints, words in ((_NAMED, unique), (_PREFIXED, long)):
        if words:
            for hint, rules in hints.items():
                if hint in words if isinstance(hint, str) else hint.search(words):
                    yield from rules


def _apart(found: list[Span]) -> list[Span]:
    """Join those that overlap, under the kind of the first rule that found one of them."""
    joined: list[Span] = []
    rank = {id(span): number for number, span in enumerate(found)}
    best = 0
    for span in sorted(found, key=lambda each: each[0]):
        begin, end, kind = span
        if joined and begin < joined[-1][1]:
            first, last, earlier = joined[-1]
            better = rank[id(span)] < best
            best = min(best, rank[id(span)])
            joined[-1] = (first, max(last, end), kind if better else earlier)
        else:
            best = rank[id(span)]
            joined.append(span)
    return joined


def _replaced(text: str, spans: Sequence[Span]) -> str:
    if not spans:
        return text
    parts, end = [], 0
    for begin, until, kind in spans:
        parts += [text[end:begin], mark(kind)]
        end = until
    return "".join([*parts, text[end:]])
