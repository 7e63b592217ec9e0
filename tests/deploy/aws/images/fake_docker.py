"""A program in place of docker: it builds nothing and pushes an image without layers to the registry's API.

The image's id follows from its target and `$CONTENT` alone. `$SAID` is a file for the arguments of each call, and
`$FAILS` the command that fails.
"""

import hashlib
import json
import sys
from pathlib import Path

KIND = "application/vnd.oci.image.manifest.v1+json"
_PROGRAM = """
import os, sys
from pathlib import Path
from tests.deploy.aws.images.fake_docker import KIND, digest_of, image_id, manifest
command, *arguments = sys.argv[1:]
if "SAID" in os.environ:
    with open(os.environ["SAID"], "a") as said:
        print(command, *arguments, file=said)
        if command == "login":
            print(sys.stdin.read(), file=said)
if command == os.environ.get("FAILS"):
    sys.exit(1)
tags = Path(sys.argv[0] + ".tags")
if command == "build":
    target = arguments[arguments.index("--target") + 1]
    Path(arguments[arguments.index("--iidfile") + 1]).write_text(image_id(target, os.environ.get("CONTENT", "")))
if command == "tag":
    tags.mkdir(exist_ok=True)
    (tags / arguments[1].rpartition("/")[2]).write_text(arguments[0])
if command == "push":
    import boto3
    name = arguments[0].rpartition("/")[2]
    pushed = manifest((tags / name).read_text())
    repository, tag = name.split(":")
    image = {"imageTag": tag, "imageDigest": digest_of(pushed), "imageManifest": pushed, "imageManifestMediaType": KIND}
    boto3.client("ecr").put_image(repositoryName=repository, **image)
"""


def write(path: Path) -> None:
    path.write_text(f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(Path(__file__).parents[4])!r}){_PROGRAM}")
    path.chmod(0o755)


def image_id(target: str, content: str = "") -> str:
    return f"sha256:{hashlib.sha256(f'{target} {content}'.encode()).hexdigest()}"


def manifest(image_id: str) -> str:
    """https://github.com/opencontainers/image-spec/blob/main/manifest.md, as podman writes it, without layers"""
    return json.dumps({"schemaVersion": 2, "mediaType": KIND, "config": {"digest": image_id}, "layers": []})


def digest_of(manifest: str) -> str:
    """https://github.com/opencontainers/distribution-spec/blob/main/spec.md"""
    return f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"


def digest(target: str, content: str = "") -> str:
    return digest_of(manifest(image_id(target, content)))
