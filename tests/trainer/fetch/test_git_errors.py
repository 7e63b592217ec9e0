import subprocess
import sys

import pytest

from trainer.fetch.git_errors import PHRASES, GitProblem, decisive_line, find_problem

SSH = """git@example.org: Permission denied (publickey).
fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
"""


@pytest.mark.parametrize(
    ("stderr", "problem"),
    [
        ("fatal: remote error: upload-pack: not our ref ffff", GitProblem.NO_COMMIT),
        ("fatal: Authentication failed for 'https://example.org/x.git/'", GitProblem.NO_CREDENTIALS),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", GitProblem.NO_CREDENTIALS),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403", GitProblem.FORBIDDEN),
        (SSH, GitProblem.NO_KEY),
        ("Host key verification failed.\nfatal: Could not read from remote repository.", GitProblem.UNKNOWN_HOST_KEY),
        ("fatal: could not create work tree dir 'code': Permission denied", GitProblem.NO_PERMISSION),
        ("fatal: detected dubious ownership in repository at '/srv/x'", GitProblem.FOREIGN_FOLDER),
        ("fatal: '/nowhere' does not appear to be a git repository", GitProblem.NO_REPOSITORY),
        ("remote: Repository not found.", GitProblem.NO_REPOSITORY),
        ("fatal: transport 'ext' not allowed", GitProblem.BAD_PROTOCOL),
        ("error: unable to write file: No space left on device", GitProblem.DISK_FULL),
        ("fatal: unable to access 'http://127.0.0.1:1/': Failed to connect", None),
        ("", None),
    ],
)
def test_message_is_classified(stderr: str, problem: GitProblem | None) -> None:
    assert find_problem(stderr) is problem
    assert find_problem(stderr.upper()) is problem


def test_every_phrase_is_reached() -> None:
    for phrase, problem in PHRASES:
        assert find_problem(f"fatal: {phrase}") is problem, "an earlier phrase hides it"


@pytest.mark.parametrize(
    ("stderr", "line"),
    [
        ("warning: x\nerror: RPC failed\nfatal: early EOF\n", "error: RPC failed"),
        (SSH, "git@example.org: Permission denied (publickey)."),
        ("usage: git\n  clone\n\n", "clone"),
        ("fatal: Could not read from remote repository.\n", ""),
        ("", ""),
    ],
)
def test_decisive_line_has_the_reason(stderr: str, line: str) -> None:
    assert decisive_line(stderr) == line


def test_import_is_cheap_for_the_bot() -> None:
    code = (
        "import sys, trainer.fetch.git_errors; print({'botocore', 'torch', 'trainer.process.tools'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
