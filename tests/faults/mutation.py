"""One protection taken out, and the test that must turn red."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutation:
    """`before`, which stands in the file once, becomes `after`."""

    protection: str
    path: str
    before: str
    after: str
    test: str

    def applied(self, tree: Path) -> str:
        """The file's text after it; ValueError unless it fits exactly once."""
        text = (tree / self.path).read_text()
        if (count := text.count(self.before)) != 1:
            raise ValueError(f"{self.protection}: {self.before!r} stands {count} times in {self.path}, expected: once")
        return text.replace(self.before, self.after)
