"""`push` against the AWS stand-in: which image the stack runs, from before the first push on, and in an older stack."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.aws import push, up
from deploy.sandbox.aws.common.settings import REGION
from deploy.sandbox.aws.resources import Clients
from tests.deploy.aws.images import fake_docker
from tests.deploy.aws.old_stack import PATH as OLD_TEMPLATE
from tests.support.git import git

REPOSITORY = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/signalbox"

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

Run = Callable[..., Any]


@pytest.fixture
def clients(endpoint: str) -> Iterator[Clients]:
    """Without the stack of the test before."""
    known = Clients(endpoint)
    yield known
    known.cloudformation.delete_stack(StackName="signalbox")


@pytest.fixture
def run(config: Path, docker: Path) -> Run:
    async def command(main: Run, *arguments: str) -> int:
        return int(await asyncio.to_thread(main, ["--config", str(config), *arguments]))

    return command


def _committed(folder: Path) -> str:
    for command in (["init", "--quiet"], ["add", "config.toml"], ["commit", "--quiet", "--message", "x"]):
        git(folder, *command)
    (folder / ".git/info/exclude").write_text("bin\nsaid\n")
    return git(folder, "rev-parse", "HEAD")


def _images(clients: Clients) -> list[str]:
    """Of the active job definitions."""
    found = clients.batch.describe_job_definitions(jobDefinitionName="signalbox-mnist", status="ACTIVE")
    return [each["containerProperties"]["image"] for each in found["jobDefinitions"]]


def _tags(clients: Clients) -> set[str]:
    answer = clients.ecr.describe_images(repositoryName="signalbox")
    return {tag for image in answer["imageDetails"] for tag in image["imageTags"]}


def _put(clients: Clients, tag: str, content: str) -> str:
    """An image that somebody else pushed; its digest."""
    manifest = fake_docker.manifest(fake_docker.image_id("trainer", content))
    digest = fake_docker.digest_of(manifest)
    image = {"imageManifest": manifest, "imageManifestMediaType": fake_docker.KIND, "imageDigest": digest}
    clients.ecr.put_image(repositoryName="signalbox", imageTag=tag, **image)
    return digest


async def test_from_no_image_to_the_next_one(
    run: Run, clients: Clients, docker: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await run(up.main) == 0
    said = capfd.readouterr().out
    assert "There is no image of the trainer yet, so jobs can't start. Build and push it: `python -m deploy" in said
    assert "image of the bot" not in said  # nothing of the stack runs it
    assert _images(clients) == [f"{REPOSITORY}:not-pushed-yet"]

    commit = _committed(docker.parent)
    assert await run(push.main, "--only", "trainer") == 0
    first = fake_docker.digest("trainer")
    tag = f"trainer-{commit[:12]}-{fake_docker.image_id('trainer')[7:19]}"
    said = capfd.readouterr().out
    assert f"Pushed {REPOSITORY}:{tag}\n" in said
    assert f"The stack runs {REPOSITORY}@{first} as its trainer.\n" in said
    assert (_images(clients), _tags(clients)) == ([f"{REPOSITORY}@{first}"], {tag})

    assert await run(up.main) == 0  # keeps the image
    said = capfd.readouterr().out
    assert "Stack signalbox is up to date.\n" in said
    assert "no image" not in said

    monkeypatch.setenv("CONTENT", "changed")
    assert await run(push.main, "--only", "trainer") == 0
    second = fake_docker.digest("trainer", "changed")
    assert _images(clients) == [f"{REPOSITORY}@{second}"]  # one revision is active, whose jobs have the new image
    assert len(_tags(clients)) == 2


async def test_the_same_image_is_pushed_and_deployed_once(
    run: Run, clients: Clients, docker: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    await run(up.main)
    assert await run(push.main) == 0
    docker.unlink()
    capfd.readouterr()
    assert await run(push.main) == 0
    said = capfd.readouterr().out
    assert said.count("is already there\n") == 2
    assert "Stack signalbox is up to date.\n" in said
    assert "push " not in docker.read_text()


async def test_both_images_are_built_on_one_base_and_named_after_the_commit(
    run: Run, clients: Clients, docker: Path
) -> None:
    await run(up.main)
    commit = _committed(docker.parent)
    assert await run(push.main, "--torch-index", "https://example.org/cuda") == 0
    said = docker.read_text().splitlines()
    assert said[0] == f"login --username AWS --password-stdin {REPOSITORY.partition('/')[0]}"
    assert said[2].startswith("pull --quiet docker.io/library/python:")
    assert said[3].startswith("image inspect ")
    build, tag, pushed, bot = said[4:8]
    assert build.startswith("build --target trainer --platform linux/amd64 ")
    assert f"--build-arg REVISION={commit} --build-arg BASE_IMAGE=docker.io/library/python:" in build
    assert "--build-arg TORCH_INDEX=https://example.org/cuda" in build
    name = f"{REPOSITORY}:trainer-{commit[:12]}-{fake_docker.image_id('trainer')[7:19]}"
    assert (tag, pushed) == (f"tag {fake_docker.image_id('trainer')} {name}", f"push {name}")
    assert "--target bot" in bot
    assert "TORCH_INDEX" not in bot


async def test_uncommitted_changes_are_no_commit(
    run: Run, clients: Clients, docker: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    await run(up.main)
    _committed(docker.parent)
    (docker.parent / "new.py").write_text("")
    assert await run(push.main, "--only", "trainer") == 0
    assert "Not tagging the images with a commit: files differ from the last commit" in capfd.readouterr().out
    assert "REVISION=unknown" in docker.read_text()
    assert _tags(clients) == {f"trainer-uncommitted-{fake_docker.image_id('trainer')[7:19]}"}


async def test_another_image_under_the_tag_is_not_deployed(
    run: Run, clients: Clients, capfd: pytest.CaptureFixture[str]
) -> None:
    await run(up.main)
    foreign = _put(clients, f"trainer-uncommitted-{fake_docker.image_id('trainer')[7:19]}", "foreign")
    assert await run(push.main, "--only", "trainer") == 1
    assert f"Find out who pushed {foreign}, delete it there" in capfd.readouterr().err
    assert _images(clients) == [f"{REPOSITORY}:not-pushed-yet"]


@pytest.mark.parametrize("fails", ["login", "build", "push"])
async def test_failed_docker_command_is_reported_and_deploys_nothing(
    run: Run, clients: Clients, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], fails: str
) -> None:
    await run(up.main)
    monkeypatch.setenv("FAILS", fails)
    assert await run(push.main, "--only", "trainer") == 1
    assert f"docker {fails}" in capfd.readouterr().err
    assert _images(clients) == [f"{REPOSITORY}:not-pushed-yet"]


async def test_push_without_a_stack_is_refused(
    run: Run, config: Path, docker: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text().replace('# stack = "signalbox"', 'stack = "none"'))
    assert await run(push.main) == 1
    assert f"There is no stack none in {REGION}. Create it: `python -m deploy.aws.up`." in capfd.readouterr().err
    assert not docker.exists()


async def test_a_stack_of_an_earlier_version_keeps_its_images(
    run: Run, clients: Clients, docker: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its repository is changed in place: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repository.html"""
    clients.cloudformation.create_stack(
        StackName="signalbox", TemplateBody=OLD_TEMPLATE.read_text(), Capabilities=["CAPABILITY_IAM"]
    )
    for tag in ("trainer", "trainer-0123456789ab"):
        digest = _put(clients, tag, "old")
    bot = _put(clients, "bot", "old bot")
    assert _images(clients) == [f"{REPOSITORY}:trainer"]

    assert await run(push.main) == 1
    said = capfd.readouterr().err
    assert (
        "Stack signalbox is from an earlier version: it lacks the parameters TrainerImage, BotImage. Update it" in said
    )
    assert not docker.exists()

    assert await run(up.main) == 0
    assert f"BotImageUri = {REPOSITORY}@{bot}\n" in capfd.readouterr().out
    assert _images(clients) == [f"{REPOSITORY}@{digest}"]
    assert _tags(clients) == {"trainer", "trainer-0123456789ab", "bot"}
    with pytest.raises(ClientError, match="tag 'trainer' already exists"):
        _put(clients, "trainer", "somebody's")

    assert await run(push.main, "--only", "trainer") == 0
    assert _images(clients) == [f"{REPOSITORY}@{fake_docker.digest('trainer')}"]
    assert _tags(clients) > {"trainer", "trainer-0123456789ab", "bot"}


async def test_old_images_go_but_not_those_in_use(
    run: Run, clients: Clients, capfd: pytest.CaptureFixture[str]
) -> None:
    """The oldest five of fifteen: one runs in a job, two in job definitions, by digest and by tag."""
    await run(up.main)
    digests = [_put(clients, f"trainer-{number}", f"content {number}") for number in range(15)]
    _define(clients, "pinned", f"{REPOSITORY}@{digests[0]}")
    _define(clients, "tagged", f"{REPOSITORY}:trainer-1")
    arn = _define(clients, "waiting", f"{REPOSITORY}@{digests[2]}")
    clients.batch.submit_job(jobName="waits", jobQueue="signalbox-spot", jobDefinition=arn)
    clients.batch.deregister_job_definition(jobDefinition=arn)
    ended = _define(clients, "ended", f"{REPOSITORY}@{digests[3]}")
    clients.batch.deregister_job_definition(jobDefinition=ended)

    assert await run(push.main, "--only", "trainer") == 0  # one more, so six are too many
    assert "Deleted 3 old images that nothing runs.\n" in capfd.readouterr().out
    left = {int(tag.partition("-")[2]) for tag in _tags(clients) if "uncommitted" not in tag}
    assert left == {0, 1, 2, *range(6, 15)}


def _define(clients: Clients, name: str, image: str) -> str:
    arn: str = clients.batch.register_job_definition(
        jobDefinitionName=name,
        type="container",
        containerProperties={
            "image": image,
            "resourceRequirements": [{"type": "VCPU", "value": "4"}, {"type": "MEMORY", "value": "12000"}],
        },
    )["jobDefinitionArn"]
    return arn
