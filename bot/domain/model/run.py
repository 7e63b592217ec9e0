"""What is run: one commit of a project with one set of parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.money.quote import Quote
from bot.domain.parameters import Value
from bot.domain.remedy import Remedied, ResumeFrom


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit on a branch. `sha` is the full id."""

    sha: str
    branch: str
    subject: str = ""

    @property
    def short(self) -> str:
        return self.sha[:7]


@dataclass(frozen=True, slots=True)
class Run:
    """`parameters` of a sweep are the fixed ones; each trial adds its point. `timeout_seconds` is for one attempt."""

    project: str
    commit: Commit
    parameters: Mapping[str, Value]
    timeout_seconds: int
    key: str = field(default="", repr=False)
    """With it the entrypoint seals what a later attempt relies on. Empty if an earlier version recorded the job."""
    results: str = ""
    """Above the folder of its files: `s3://bucket/jobs/mnist`. Empty if an earlier version recorded the job."""
    quote: Quote | None = None
    """What it was said to cost. None if nobody knew, or an earlier version recorded the job."""
    machine: str = ""
    """Which of the project's machines it runs on; empty for its own queue."""
    memory_mib: int = 0
    """What it asks for in place of what the job definition says; 0 leaves that as it is."""
    remedied: Remedied | None = None
    """What was changed of it because an earlier run failed."""
    resume_from: ResumeFrom | None = None
    """Where it goes on; None if it starts from the beginning."""
