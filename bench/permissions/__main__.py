"""`python -m bench.permissions`: compare what the stack's roles allow with what the bot and the jobs call.

Deploys the committed template in the AWS stand-in, plays the whole demo there and runs the doctor and a restore. Each
call is recorded with its resource and conditions and checked against the two roles' policies. Writes the table to
docs/permissions.md.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from bench.permissions.recorded import BOT, JOB, TRAINING, Recording, record_demo
from deploy.sandbox.aws.common.settings import JOB_ACCESS_KEY_ID
from deploy.sandbox.aws.permissions.policy import Statement, allowing_statements
from deploy.sandbox.aws.permissions.roles import NOT_EVALUATED
from deploy.sandbox.botconfig import BOT_SESSION

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
# Who has which session or access key, and the role behind it.
CALLERS = {
    BOT_SESSION: ("the bot", BOT),
    "sandbox-doctor": ("the doctor", BOT),
    "sandbox-restore": ("the restore", BOT),
    JOB_ACCESS_KEY_ID: ("jobs", JOB),
}
# Why a role has a permission that nothing uses in this run.
REASONS = {
    (BOT, "batch:SubmitJob", "arn:aws:batch:<region>:<account>:job-definition/signalbox-mnist:*"): (
        "needed if `job_definition` names a revision; AWS doesn't document whether a bare name counts as the latest one"
    ),
    (BOT, "batch:TagResource", "arn:aws:batch:<region>:<account>:job-definition/signalbox-mnist:*"): (
        "needed if `job_definition` names a revision, as for `batch:SubmitJob`"
    ),
    (BOT, "batch:SubmitJob", "arn:aws:batch:<region>:<account>:job/*"): (
        "AWS's reference lists the job for this action, its example policies don't"
    ),
    (BOT, "batch:TagResource", "arn:aws:batch:<region>:<account>:job/*"): (
        "refusals name the job definition; AWS doesn't document whether it checks the new job, too"
    ),
    (JOB, "s3:AbortMultipartUpload", "<artifacts>/jobs/mnist/*"): (
        "needed if the upload of a file of 64 MiB or more fails halfway"
    ),
    (JOB, "sts:AssumeRole", "arn:aws:iam::<account>:role/<projecttrainingrole>"): (
        "when training code asks for credentials; the demo's doesn't"
    ),
    **{
        (TRAINING, action, f"<artifacts>{below}"): "for training code that uses AWS; the demo's doesn't"
        for action, below in (
            ("s3:GetObject", "/data/*"),
            ("s3:GetObject", "/jobs/mnist/*"),
            ("s3:PutObject", "/jobs/mnist/*/artifacts/*"),
            ("s3:AbortMultipartUpload", "/jobs/mnist/*/artifacts/*"),
            ("s3:ListBucket", ""),
        )
    },
}


@dataclass(slots=True)
class Grant:
    """One action on one resource that a role's policy allows."""

    role: str
    statement: Statement
    action: str
    resource: str
    users: set[str] = field(default_factory=set)

    def row(self, names: Mapping[str, str]) -> str:
        on = readable(self.resource, names)
        condition = ", ".join(_condition(each) for each in self.statement.conditions)
        used = ", ".join(sorted(self.users)) or f"unused in this run: {REASONS.get(self.key(names), '**no reason**')}"
        limits = f", where {readable(condition, names)}" if condition else ""
        return f"| `{self.action}` | {used} | {self.role} role: `{on}`{limits} |"

    def key(self, names: Mapping[str, str]) -> tuple[str, str, str]:
        return self.role, self.action, readable(self.resource, names).removeprefix("arn:aws:s3:::")


@dataclass(frozen=True, slots=True)
class PermissionReport:
    """`names`: placeholders for names that differ from one deployment to the next."""

    grants: Sequence[Grant]
    missing: Sequence[str]
    names: Mapping[str, str]

    @property
    def unexplained(self) -> list[str]:
        """Unused grants without a reason, and reasons without an unused grant."""
        unused = {grant.key(self.names) for grant in self.grants if not grant.users}
        return [f"not used: {' '.join(key)}" for key in sorted(unused - REASONS.keys())] + [
            f"reason for no unused grant: {' '.join(key)}" for key in sorted(REASONS.keys() - unused)
        ]

    def page(self) -> str:
        order = sorted(self.grants, key=lambda grant: (grant.role, grant.action, readable(grant.resource, self.names)))
        limits = "".join(f"\n- {each}" for each in NOT_EVALUATED)
        return _HEAD + "\n".join(grant.row(self.names) for grant in order) + f"\n\n{_LIMITS}{limits}\n"


_HEAD = """# Permissions

Signalbox runs with roles of the stack: the bot's, and for each project the jobs' and the training code's. Each job
leaves itself only its own part of the latter ([Who your code is](training-code.md#who-your-code-is)). Each row is one
action on one resource that a policy allows, and who used it while the demo, the doctor and a restore ran on the stack.
A test repeats the run and fails if something is used but not allowed, or allowed but unused without a reason.
`python -m bench.permissions` writes this page. With `prices.cost_explorer = true`, the bot's role also has
`ce:GetCostAndUsage` on `*`.

| action | used by | granted by |
|---|---|---|
"""
_LIMITS = """## What the sandbox enforces

The demo, `make sandbox` and the walk of [getting-started.md](getting-started.md) refuse each call that the caller's
role may not make, in AWS's words. The bot and its doctor have the bot's role, and a job has the jobs' role. The
execution role pulls the job's image, reads its secrets and creates its log stream. All of them have the policies of the
deployed template, and their credentials expire. Whoever deploys may do everything. `signalbox doctor` asks IAM's policy
simulator whether the bot may submit, tag and end jobs, which it cannot try; where it may not ask, it says so in a note.
The sandbox doesn't evaluate:
"""


def evaluate(recording: Recording) -> PermissionReport:
    """Check each call against the policy of its caller's role. Ignores callers that aren't ours."""
    grants = [
        Grant(role, statement, action, resource)
        for role, policy in recording.policies.items()
        for statement in policy
        for action in statement.actions
        for resource in statement.resources
    ]
    missing = []
    for call in recording.calls:
        if call["caller"] not in CALLERS:
            continue
        user, role = CALLERS[call["caller"]]
        allowing = allowing_statements(recording.policies[role], call["action"], call["resource"], call["context"])
        if not allowing:
            resource = readable(call["resource"], recording.names)
            missing.append(f"{user}: {call['action']} on {resource} {dict(call['context'])}")
        for grant in grants:
            one = Statement("Allow", (grant.action,), (grant.resource,), grant.statement.conditions)
            if grant.statement in allowing and one.fits(call["action"], call["resource"], call["context"]):
                grant.users.add(user)
    return PermissionReport(grants, missing, recording.names)


def readable(text: str, names: Mapping[str, str]) -> str:
    """Replace the names of this deployment by their placeholders."""
    for physical, word in names.items():
        text = text.replace(physical, word)
    return text


def _condition(condition: tuple[str, str, tuple[str, ...]]) -> str:
    operator, key, values = condition
    words = {"StringEquals": "is", "StringLikeIfExists": "if present, matches"}
    return f"`{key}` {words.get(operator, operator)} {' or '.join(f'`{value}`' for value in values)}"


def main() -> int:
    console = Console(highlight=False, width=120)
    found = evaluate(asyncio.run(record_demo(console)))
    for wrong in (*(f"missing: {each}" for each in found.missing), *found.unexplained):
        console.print(f"[red]{wrong}[/]")
    PAGE.write_text(found.page())
    used = sum(bool(grant.users) for grant in found.grants)
    console.print(f"{len(found.grants)} permissions, {used} of them used; the table is in {PAGE.name}.")
    return 1 if found.missing or found.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
