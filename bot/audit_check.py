"""Wiring of `signalbox audit`: verify the chain of the store, a snapshot or an export, and export it."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console

from bot.adapters.sqlite.audit.audit_file import read_links
from bot.domain.audit.chain import Anchor, Link, anchor, problems
from bot.errors import ConfigError

MOST_SHOWN = 20


def verify(path: Path, anchors: Sequence[str], console: Console) -> bool:
    """Print what is wrong with the chain in this file, or that it is whole. True if nothing is wrong."""
    seen = _Seen(read_links(path))
    found = list(problems(seen, [_anchor(text) for text in anchors]))
    for problem in found[:MOST_SHOWN]:
        _say(console, problem)
    if found:
        _say(console, f"{path}: {len(found):,} problems in {seen.count:,} entries. This audit was tampered with.")
    elif seen.first is None or seen.last is None:
        _say(console, f"{path} has no entries.")
    else:
        _say(console, f"{path}: {seen.count:,} entries, {seen.first} to {seen.last.number}, nothing wrong.")
        _say(console, f"The newest: {seen.last}")
    return not found


def export(store: Path, target: Path, console: Console) -> None:
    """Write the whole chain as JSON lines, for its owner alone. Raises `StoreError`."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        seen = _Seen(read_links(store))
        file.writelines(f"{link.line}\n" for link in seen)
    _say(console, f"{seen.count:,} entries in {target}. The newest: {seen.last}")


class _Seen:
    """The links, and what there was of them."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._links = links
        self.count = 0
        self.last: Anchor | None = None
        self.first: int | None = None

    def __iter__(self) -> Iterator[Link]:
        for link in self._links:
            self.count += 1
            if link.content:
                self.last = Anchor(link.number, link.hash)
                self.first = self.first or link.number
            yield link


def _anchor(text: str) -> Anchor:
    try:
        return anchor(text)
    except ValueError as error:
        raise ConfigError("--anchor", [str(error)]) from error


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
