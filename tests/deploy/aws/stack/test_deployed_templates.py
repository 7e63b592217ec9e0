"""The templates that the tests of permissions deploy: for two projects, and for two bots. This runs the CDK."""

import shutil
from pathlib import Path

import pytest

from bot.config.loading import Config
from tests.deploy.aws import two_bots, two_projects

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # jsii's
    pytest.mark.skipif(shutil.which("node") is None, reason="the AWS CDK needs node: https://nodejs.org"),
]
pytest.importorskip("aws_cdk", reason="the AWS CDK is not installed: make setup-aws", exc_type=ImportError)

from deploy.aws import __main__ as app  # noqa: E402

BUILT = [(two_projects.PATH, two_projects.config())]
BUILT += [(path, two_bots.config(name)) for name, path in two_bots.PATHS.items()]


@pytest.mark.parametrize(("path", "config"), BUILT, ids=[path.stem for path, _ in BUILT])
def test_it_is_current(path: Path, config: Config) -> None:
    assert app.template(config) == path.read_text(), f"write it again: {path}"
