"""`python -m bench.permissions`: what the roles of the stack allow, held against what is asked of AWS.

The stack is made in the AWS stand-in from the committed template. There the whole demo is played, and the doctor and
a restoration are run; what each calls is recorded with its resource and its conditions, and the two roles' policies
are asked for leave. The table is written to docs/permissions.md.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from bench.permissions.iam import Statement, granting
from bench.permissions.recorded import BOT, JOB, Played, played
from deploy.sandbox.aws.common.settings import JOB_ACCESS_KEY_ID

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
# Who signs with which key, and the role that it has.
CALLERS = {
    "sandbox-bot": ("the bot", BOT),
    "sandbox-doctor": ("the doctor", BOT),
    "sandbox-restore": ("a restoration", BOT),
    JOB_ACCESS_KEY_ID: ("jobs", JOB),
}
# Why a permission is there that nothing of this asks for.
REASONS = {
    (BOT, "batch:SubmitJob", "arn:aws:batch:<region>:<account>:job-definition/signalbox-mnist:*"): (
        "a config that names a revision; nor does AWS say whether it takes a bare name for its newest one"
    ),
    (JOB, "s3:AbortMultipartUpload", "<artifacts>/jobs/*"): "a file of 64 MiB or more whose upload fails in its middle",
    (JOB, "s3:GetObject", "<artifacts>/data/*"): "training code reads its data itself, and that of the demo needs none",
}


@dataclass(slots=True)
class Grant:
    """One action on one resource, as a role's policy allows it."""

    role: str
    statement: Statement
    action: str
    resource: str
    users: set[str] = field(default_factory=set)

    def row(self, names: Mapping[str, str]) -> str:
        on, condition = named(self.resource, names), ", ".join(_condition(each) for each in self.statement.conditions)
        used = ", ".join(sorted(self.users)) or f"nobody here: {REASONS.get(self.key(names), '**no reason**')}"
        limits = f", where {named(condition, names)}" if condition else ""
        return f"| `{self.action}` | {used} | {self.role} role: `{on}`{limits} |"

    def key(self, names: Mapping[str, str]) -> tuple[str, str, str]:
        return self.role, self.action, named(self.resource, names).removeprefix("arn:aws:s3:::")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`names` are words for what is called differently each time the stack is made."""

    grants: Sequence[Grant]
    missing: Sequence[str]
    names: Mapping[str, str]

    @property
    def unexplained(self) -> list[str]:
        """Grants that nobody used, without a reason; and reasons without such a grant."""
        unused = {grant.key(self.names) for grant in self.grants if not grant.users}
        return [f"not used: {' '.join(key)}" for key in sorted(unused - REASONS.keys())] + [
            f"a reason for nothing: {' '.join(key)}" for key in sorted(REASONS.keys() - unused)
        ]

    def page(self) -> str:
        order = sorted(self.grants, key=lambda grant: (grant.role, grant.action, named(grant.resource, self.names)))
        return _HEAD + "\n".join(grant.row(self.names) for grant in order) + "\n"


_HEAD = """# Who may do what

The stack has two roles that our code runs with: the bot's, and the jobs'. Each line is one action on one resource that
a policy allows, with who asked for it while the demo was played on the stack and the doctor and a restoration were run.
Written by `python -m bench.permissions`; a test plays it again and fails where an action was asked for that is not
allowed, or allowed and not asked for without a reason.

| action | used by | granted by |
|---|---|---|
"""


def judged(given: Played) -> Verdict:
    """Each call against the policy of its caller's role. Calls of nobody that is ours are left out."""
    grants = [
        Grant(role, statement, action, resource)
        for role, policy in given.policies.items()
        for statement in policy
        for action in statement.actions
        for resource in statement.resources
    ]
    missing = []
    for call in given.calls:
        if call["caller"] not in CALLERS:
            continue
        user, role = CALLERS[call["caller"]]
        allowing = granting(given.policies[role], call["action"], call["resource"], call["context"])
        if not allowing:
            missing.append(
                f"{user}: {call['action']} on {named(call['resource'], given.names)} {dict(call['context'])}"
            )
        for grant in grants:
            one = Statement("Allow", (grant.action,), (grant.resource,), grant.statement.conditions)
            if grant.statement in allowing and one.fits(call["action"], call["resource"], call["context"]):
                grant.users.add(user)
    return Verdict(grants, missing, given.names)


def named(text: str, names: Mapping[str, str]) -> str:
    for physical, word in names.items():
        text = text.replace(physical, word)
    return text


def _condition(condition: tuple[str, str, tuple[str, ...]]) -> str:
    operator, key, values = condition
    words = {"StringEquals": "is", "StringLikeIfExists": "if there is one, is like"}
    return f"`{key}` {words.get(operator, operator)} {' or '.join(f'`{value}`' for value in values)}"


def main() -> int:
    console = Console(highlight=False, width=120)
    found = judged(asyncio.run(played(console)))
    for wrong in (*(f"missing: {each}" for each in found.missing), *found.unexplained):
        console.print(f"[red]{wrong}[/]")
    PAGE.write_text(found.page())
    used = sum(bool(grant.users) for grant in found.grants)
    console.print(f"{len(found.grants)} permissions, {used} of them used; the table is in {PAGE.name}.")
    return 1 if found.missing or found.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
