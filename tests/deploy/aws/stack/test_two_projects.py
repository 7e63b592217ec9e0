"""The stack for two projects that the tests of permissions deploy. This runs the CDK."""

import shutil

import pytest

from tests.deploy.aws.two_projects import PATH, config

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # jsii's
    pytest.mark.skipif(shutil.which("node") is None, reason="the AWS CDK needs node: https://nodejs.org"),
]
pytest.importorskip("aws_cdk", reason="the AWS CDK is not installed: make setup-aws", exc_type=ImportError)

from deploy.aws import __main__ as app  # noqa: E402


def test_it_is_current() -> None:
    assert app.template(config()) == PATH.read_text(), f"write it again: {PATH}"
