"""cfn-lint on the committed template: types, values, references, IAM."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.aws.template import CPU_PATH, PATH

pytestmark = pytest.mark.slow
pytest.importorskip("cfnlint", reason="cfn-lint is not installed: make setup", exc_type=ImportError)


def _lint(path: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("cfn-lint"), "--", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", [PATH, CPU_PATH], ids=lambda path: path.stem)
def test_template_has_no_lint_errors(path: Path) -> None:
    found = _lint(path)
    assert (found.returncode, found.stdout) == (0, "")


def test_lint_finds_a_mistake(tmp_path: Path) -> None:
    content = json.loads(PATH.read_text())
    queue = next(each for each in content["Resources"].values() if each["Type"] == "AWS::Batch::JobQueue")
    queue["Properties"]["JobStateTimeLimitActions"][0]["MaxTimeSeconds"] = 60
    path = tmp_path / "template.json"
    path.write_text(json.dumps(content))
    assert "60" in _lint(path).stdout
