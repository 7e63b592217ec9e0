"""The two roles compared with the calls to AWS: on written calls, and on the whole demo on the stack."""

import asyncio
import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from bench.permissions.__main__ import PAGE, REASONS, evaluate
from bench.permissions.recorded import BOT, JOB, Recording, record_demo
from deploy.sandbox.aws.permissions.policy import statements
from deploy.sandbox.aws.permissions.roles import NOT_EVALUATED

OBJECTS = "arn:aws:s3:::signalbox-artifacts-x/jobs/*"
WRITTEN = Recording(
    calls=[
        {"caller": "sandbox-bot", "action": "s3:GetObject", "resource": OBJECTS[:-1] + "k7", "context": {}},
        {"caller": "sandbox", "action": "s3:CreateBucket", "resource": "arn:aws:s3:::b", "context": {}},
    ],
    policies={
        BOT: statements({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": OBJECTS}]}),
        JOB: [],
    },
    names={"signalbox-artifacts-x": "<artifacts>"},
)


def _with_call(**call: Any) -> Recording:
    return replace(WRITTEN, calls=[*WRITTEN.calls, {"caller": "sandbox-bot", "context": {}, **call}])


def _unexplained(recording: Recording) -> list[str]:
    """Leave out the reasons that belong to the real policies."""
    return [each for each in evaluate(recording).unexplained if not each.startswith("reason for no unused grant")]


def test_an_allowed_call_appears_on_the_page() -> None:
    found = evaluate(WRITTEN)
    assert (found.missing, _unexplained(WRITTEN)) == ([], [])
    assert "| `s3:GetObject` | the bot | bot role: `arn:aws:s3:::<artifacts>/jobs/*` |\n\n## What" in found.page()


def test_the_page_lists_what_is_not_evaluated() -> None:
    page = evaluate(WRITTEN).page()
    assert NOT_EVALUATED
    assert all(f"\n- {each}\n" in page for each in NOT_EVALUATED)


@pytest.mark.parametrize(
    ("action", "resource"),
    [("s3:PutObject", OBJECTS[:-1] + "k7"), ("s3:GetObject", "arn:aws:s3:::signalbox-artifacts-x/secret")],
)
def test_a_call_that_is_not_allowed_is_missing(action: str, resource: str) -> None:
    (missing,) = evaluate(_with_call(action=action, resource=resource)).missing
    assert missing.startswith(f"the bot: {action} on arn:aws:s3:::<artifacts>/")


def test_a_role_cannot_use_the_other_roles_permissions() -> None:
    (missing,) = evaluate(_with_call(caller="sandbox-job", action="s3:GetObject", resource=OBJECTS[:-1] + "a")).missing
    assert missing.startswith("jobs: s3:GetObject")


def test_an_unused_permission_needs_a_reason() -> None:
    two = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:DeleteObject"], "Resource": OBJECTS}
    recording = replace(WRITTEN, policies={BOT: statements({"Statement": [two]}), JOB: []})
    assert _unexplained(recording) == ["not used: bot s3:DeleteObject <artifacts>/jobs/*"]
    assert "unused in this run: **no reason**" in evaluate(recording).page()


def test_a_reason_without_an_unused_permission_is_reported() -> None:
    assert len(evaluate(WRITTEN).unexplained) == len(REASONS)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.timeout(600)
def test_the_demo_needs_exactly_the_granted_permissions() -> None:
    """The page in docs/ is up to date, too. `python -m bench.permissions` writes it."""
    found = evaluate(asyncio.run(record_demo(Console(file=io.StringIO(), width=120))))
    assert found.missing == []
    assert found.unexplained == []
    assert PAGE.read_text() == found.page()
