"""Records every effect in order. Tests count the entries, and the demo saves them."""

from dataclasses import dataclass, field

from deploy.sandbox.discord.protocol.wire import Clock, Json, timestamp


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    n: int
    at: float
    kind: str
    by: str
    details: Json = field(default_factory=dict)

    def wire(self) -> Json:
        return {"n": self.n, "at": timestamp(self.at), "kind": self.kind, "by": self.by, **self.details}


class Ledger:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.entries: list[LedgerEntry] = []

    def add(self, kind: str, by: str, **details: object) -> None:
        self.entries.append(LedgerEntry(len(self.entries) + 1, self._clock(), kind, by, details))

    def of(self, kind: str) -> list[LedgerEntry]:
        return [entry for entry in self.entries if entry.kind == kind]
