"""The four programs that the walk of docs/getting-started.md replaces: what each does is at its beginning there."""

import os
import sys
from pathlib import Path

from tests.deploy.aws.images import fake_docker

AWS = """
import sys
import boto3
service, operation, *options = sys.argv[1:]
given = dict(zip(options[::2], options[1::2]))
client = boto3.client(service, region_name=given.pop("--region", None))
name = "".join(part.title() for part in operation.split("-"))
members = client.meta.service_model.operation_model(name).input_shape.members
asked = {"".join(part.title() for part in key.strip("-").split("-")): value for key, value in given.items()}
typed = {key: float(value) if members[key].type_name == "double" else value for key, value in asked.items()}
print(getattr(client, operation.replace("-", "_"))(**typed))
"""
PYTHON3 = """
import os, pathlib, sys
assert sys.argv[1:3] == ["-m", "venv"]
(folder := pathlib.Path(sys.argv[3], "bin")).mkdir(parents=True)
programs = pathlib.Path(sys.argv[0]).parent
(folder / "activate").write_text(f'PATH="{programs}:{sys.prefix}/bin:$PATH"')
"""
PIP = """
import pathlib, sys
assert sys.argv[1:] == ["install", "-c", "constraints.txt", "."]
assert pathlib.Path("pyproject.toml").exists()
"""


def path(folder: Path) -> str:
    """The PATH, with the four in front."""
    folder.mkdir()
    fake_docker.write(folder / "docker")
    for name, program in (("aws", AWS), ("python3", PYTHON3), ("pip", PIP)):
        (folder / name).write_text(f"#!{sys.executable}{program}")
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
