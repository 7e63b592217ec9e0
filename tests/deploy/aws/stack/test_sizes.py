"""Templates built from a config: their size as CloudFormation counts it, and whether `up` gets them into a region."""

import asyncio
import json
import shutil
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.config.loading import Config
from deploy.aws import cloudformation, up
from deploy.aws.large_templates import MOST_IN_REQUEST
from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.launcher import aws_stand_in
from tests.deploy.aws.template import EXAMPLE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # jsii's
    pytest.mark.skipif(shutil.which("node") is None, reason="the AWS CDK needs node: https://nodejs.org"),
    pytest.mark.asyncio(loop_scope="module"),
]
pytest.importorskip("aws_cdk", reason="the AWS CDK is not installed: make setup-aws", exc_type=ImportError)

import tomli_w  # noqa: E402

from deploy.aws import __main__ as app  # noqa: E402


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint() -> AsyncIterator[str]:
    async with aws_stand_in(Settings()) as address:
        yield address


def _content(projects: int, **deploy: Any) -> dict[str, Any]:
    """The example's config with this many projects."""
    content = tomllib.loads(EXAMPLE.read_text())
    content["deploy"] |= {"alarm_email": "me@example.org", **deploy}
    [project] = content["projects"].values()
    named = {f"project-{number}": project | {"channels": [number]} for number in range(1, projects + 1)}
    content["projects"] = {"mnist": project} if projects == 1 else named
    return content


@pytest.mark.parametrize(
    ("projects", "deploy"),
    [(1, {"host": "t4g.small"}), (3, {}), (3, {"host": "t4g.small", "zones": 3})],
    ids=["with a host", "three projects", "three projects with a host and a third zone"],
)
async def test_templates_are_sent_compact_and_fit(
    projects: int, deploy: dict[str, Any], endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = _content(projects, **deploy)
    (tmp_path / "config.toml").write_text(tomli_w.dumps(content))
    text = app.template(Config.model_validate(content))
    if projects == 1 or not deploy:  # otherwise a bucket takes what doesn't fit: test_large_templates.py
        assert len(text.encode()) <= MOST_IN_REQUEST
    spread = json.dumps(json.loads(text), indent=4)
    assert len(spread.encode()) > MOST_IN_REQUEST  # an editor may have written it so
    (tmp_path / "mine.json").write_text(spread)
    for name, value in {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cloudformation, "POLL_SECONDS", 0.1)
    arguments = ["--config", str(tmp_path / "config.toml"), "--template", str(tmp_path / "mine.json")]
    assert await asyncio.to_thread(up.main, arguments) == 0
    client = cloudformation.clients(Config.model_validate(content))
    client("cloudformation").delete_stack(StackName="signalbox")
