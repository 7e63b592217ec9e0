"""What the environment of the container gives to whom: the role, the token and the secrets are not for everybody."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from trainer.contract import Env
from trainer.process.users import close_memory

ROLE = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "ECS_CONTAINER_METADATA_URI",
        "ECS_CONTAINER_METADATA_URI_V4",
        "ECS_AGENT_URI",
    }
)
"""Where SDKs find the credentials of the container's role, and what ECS tells about its task.

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
"""
OWN = frozenset({Env.GIT_TOKEN.value, Env.JOB_KEY.value, Env.RESUME_FROM.value})
"""For the entrypoint alone."""
_HANDED_OVER = "SIGNALBOX_HANDED_OVER"
"""The number of the open file with what the environment must not show."""


def harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for code that gets no credentials: git without a token, pip and what it builds."""
    return {name: value for name, value in environment.items() if name not in ROLE and name not in OWN}


def forget_the_folder() -> None:
    """Import nothing more from the folder that this process was started in, where training code may write.

    `-m` makes it the first place to look in: https://docs.python.org/3/library/sys.html#sys.path
    """
    here = Path.cwd()
    sys.path[:] = [place for place in sys.path if place and Path(place).resolve() != here]


def conceal(arguments: Sequence[str]) -> None:
    """Take the secrets out of `/proc/<pid>/environ`, where other processes of this user would read them.

    What a process was started with stays there, so this one starts itself again without them, and gets them through a
    file that has no name. https://man7.org/linux/man-pages/man5/proc_pid_environ.5.html
    """
    if handed := os.environ.pop(_HANDED_OVER, ""):
        with os.fdopen(int(handed), encoding="utf-8") as file:
            os.environ.update(json.load(file))
    else:
        names = ROLE | OWN | set(os.environ.get(Env.SECRETS, "").split(","))
        secret = {name: value for name, value in os.environ.items() if name in names}
        if secret:
            _start_again(arguments, secret)
    close_memory()


def _start_again(arguments: Sequence[str], secret: Mapping[str, str]) -> None:
    handed = os.memfd_create("environment", 0)
    os.write(handed, json.dumps(secret).encode())
    os.lseek(handed, 0, os.SEEK_SET)
    rest = {name: value for name, value in os.environ.items() if name not in secret}
    environment = {**rest, _HANDED_OVER: str(handed)}
    os.execve(sys.executable, [sys.executable, *arguments], environment)  # noqa: S606  no shell is wanted
